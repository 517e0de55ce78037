/*
 * Replays every dialogue of tests/vectors/endpoint, each against an endpoint of its own:
 *
 *   # a comment
 *   @ 5000                    it is now 5000 ms after the epoch (1000 at the start)
 *   > METHOD /target body     a request; the body is the rest of the line
 *   < 404 Type                its status and its x-amzn-ErrorType, or "-" for none
 *   = text                    its body is this
 *   ~ text                    its body has this in it
 *   ! text                    its body has this nowhere
 *   * job thing STATUS        the device moves its execution to that state
 *   %name=text                from here on %name% stands for the text
 *   + n c                     in the next request %fill% is n times the character c
 */
#include "local/dispatch.h"
#include "store/job_schema.h"
#include "tests/check.h"
#include "tests/local/scratch.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_BYTES 8192
#define TEXT_BYTES (512 * 1024)
#define WORDS      16

struct dialogue {
    const char *file;
    int line;
    struct dispatch dispatch;
    struct server_response response;
    int64_t now_ms;
    struct {
        char name[32];
        char *text;
    } words[WORDS];
    size_t word_count;
};

static void wrong(const struct dialogue *dialogue, const char *what)
{
    print_error("%s:%d: %s; the answer was %d %.*s\n", dialogue->file, dialogue->line, what,
                dialogue->response.status, STR_ARG(buf_str(&dialogue->response.body)));
    fail();
}

static const char *header(const struct dialogue *dialogue, const char *name)
{
    const struct server_response *response = &dialogue->response;
    for (size_t i = 0; i < response->header_count; i++)
        if (strcmp(response->headers[i].name, name) == 0)
            return response->headers[i].value;
    return "-";
}

/* The text of %name% at p, and where it ends; NULL if there is no such word. */
static const char *word_at(const struct dialogue *dialogue, const char *p, const char **ret_end)
{
    for (size_t i = 0; i < dialogue->word_count; i++) {
        size_t n = strlen(dialogue->words[i].name);
        if (strncmp(p + 1, dialogue->words[i].name, n) == 0 && p[n + 1] == '%') {
            *ret_end = p + n + 2;
            return dialogue->words[i].text;
        }
    }
    return NULL;
}

static void expand(const struct dialogue *dialogue, const char *line, struct buf *out)
{
    while (*line != '\0') {
        const char *end = NULL;
        const char *text = *line == '%' ? word_at(dialogue, line, &end) : NULL;
        if (text != NULL) {
            buf_add_text(out, text);
            line = end;
        } else {
            buf_add_byte(out, *line++);
        }
    }
}

static void define(struct dialogue *dialogue, const char *name, size_t name_n, char *text)
{
    size_t at = 0;
    while (at < dialogue->word_count &&
           !str_eq_text((struct str){name, name_n}, dialogue->words[at].name))
        at++;
    assert_true(at < WORDS && name_n < sizeof dialogue->words[0].name);
    if (at == dialogue->word_count)
        dialogue->word_count++;
    else
        free(dialogue->words[at].text);
    snprintf(dialogue->words[at].name, sizeof dialogue->words[at].name, "%.*s", (int)name_n, name);
    dialogue->words[at].text = text;
}

static void fill(struct dialogue *dialogue, const char *args)
{
    char *end;
    size_t n = strtoul(args, &end, 10);
    char *text = malloc(n + 1);
    assert_non_null(text);
    assert_true(*end == ' ');
    memset(text, end[1], n);
    text[n] = '\0';
    define(dialogue, "fill", 4, text);
}

static void assign(struct dialogue *dialogue, const char *args)
{
    const char *equals = strchr(args, '=');
    assert_non_null(equals);
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    expand(dialogue, equals + 1, &text);
    define(dialogue, args, (size_t)(equals - args), str_dup(str_of(buf_text(&text))));
    buf_fini(&text);
}

static void ask(struct dialogue *dialogue, struct str rest)
{
    char method[16];
    struct str word = str_cut(&rest, ' ');
    snprintf(method, sizeof method, "%.*s", STR_ARG(word));
    struct str query = str_cut(&rest, ' ');
    struct str path = str_cut(&query, '?');
    const struct server_request request = {
        .method = method,
        .path = path,
        .query = query,
        .body = rest,
    };
    buf_fini(&dialogue->response.body);
    dialogue->response = (struct server_response){.status = 0};
    buf_init(&dialogue->response.body, SERVER_ANSWER_BYTES);
    dispatch_request(&dialogue->dispatch, dialogue->now_ms, &request, &dialogue->response);
    assert_int_equal(strlen(header(dialogue, "x-amzn-RequestId")), 36);
}

static void expect_status(const struct dialogue *dialogue, struct str rest)
{
    int64_t status = 0;
    assert_true(str_to_int(str_cut(&rest, ' '), 100, 599, &status));
    if (status != dialogue->response.status ||
        !str_eq_text(rest, header(dialogue, "x-amzn-ErrorType")))
        wrong(dialogue, "not this status and type");
}

static void expect_body(struct dialogue *dialogue, char kind, const char *text)
{
    const char *body = buf_text(&dialogue->response.body);
    bool is_there = strstr(body, text) != NULL;
    if ((kind == '=' && strcmp(body, text) != 0) || (kind == '~' && !is_there) ||
        (kind == '!' && is_there))
        wrong(dialogue, text);
}

static void move_execution(struct dialogue *dialogue, struct str rest)
{
    struct store *store = dialogue->dispatch.store;
    struct execution_record execution;
    struct str job = str_cut(&rest, ' ');
    struct str thing = str_cut(&rest, ' ');
    assert_int_equal(store_begin(store, STORE_WRITE, NULL), ERR_NONE);
    assert_int_equal(
        execution_store_find(dialogue->dispatch.executions, job, thing, &execution, NULL),
        ERR_NONE);
    assert_true(status_execution_parse(rest, &execution.status));
    execution.version++;
    assert_int_equal(execution_store_set_state(dialogue->dispatch.executions, &execution, NULL),
                     ERR_NONE);
    assert_int_equal(store_commit(store, NULL), ERR_NONE);
}

static void obey(struct dialogue *dialogue, const char *line)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    expand(dialogue, line[0] != '\0' && line[1] == ' ' ? line + 2 : line + 1, &text);
    assert_int_equal(buf_err(&text), ERR_NONE);
    const char *args = buf_text(&text);
    if (line[0] == '@')
        assert_true(str_to_int(str_of(args), 0, INT64_MAX, &dialogue->now_ms));
    else if (line[0] == '>')
        ask(dialogue, buf_str(&text));
    else if (line[0] == '<')
        expect_status(dialogue, buf_str(&text));
    else if (line[0] == '*')
        move_execution(dialogue, buf_str(&text));
    else if (line[0] == '+')
        fill(dialogue, args);
    else if (line[0] == '%')
        assign(dialogue, line + 1);
    else if (line[0] == '=' || line[0] == '~' || line[0] == '!')
        expect_body(dialogue, line[0], args);
    else
        wrong(dialogue, "no line of a dialogue");
    buf_fini(&text);
}

static void open_endpoint(struct dialogue *dialogue, const char *path)
{
    const struct store_options options = {
        .path = path,
        .sync = STORE_SYNC_NORMAL,
        .access = STORE_WRITE,
        .migrations = job_schema_migrations,
        .migration_count = job_schema_migration_count,
    };
    struct dispatch *dispatch = &dialogue->dispatch;
    dispatch->region = "eu-west-1";
    assert_int_equal(store_open(&options, &dispatch->store, NULL), ERR_NONE);
    assert_int_equal(job_store_new(dispatch->store, &dispatch->jobs, NULL), ERR_NONE);
    assert_int_equal(execution_store_new(dispatch->store, &dispatch->executions, NULL), ERR_NONE);
}

static void close_endpoint(struct dialogue *dialogue)
{
    execution_store_free(dialogue->dispatch.executions);
    job_store_free(dialogue->dispatch.jobs);
    store_close(dialogue->dispatch.store);
    buf_fini(&dialogue->response.body);
    for (size_t i = 0; i < dialogue->word_count; i++)
        free(dialogue->words[i].text);
}

static void replay(const char *path)
{
    static char line[LINE_BYTES];
    struct scratch scratch;
    struct dialogue dialogue = {.file = path, .now_ms = 1000};
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    scratch_init(&scratch);
    open_endpoint(&dialogue, scratch_file(&scratch, "jobs.db"));
    while (fgets(line, sizeof line, file) != NULL) {
        dialogue.line++;
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '\0' && line[0] != '#')
            obey(&dialogue, line);
    }
    fclose(file);
    close_endpoint(&dialogue);
    scratch_fini(&scratch);
}

static void every_dialogue_goes_as_written(void **state)
{
    (void)state;
    glob_t found;
    assert_int_equal(glob(VECTORS_DIR "/endpoint/*.txt", 0, NULL, &found), 0);
    assert_true(found.gl_pathc > 10);
    for (size_t i = 0; i < found.gl_pathc; i++)
        replay(found.gl_pathv[i]);
    globfree(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_dialogue_goes_as_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
