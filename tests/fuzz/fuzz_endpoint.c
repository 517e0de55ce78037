/*
 * Requests to the embedded endpoint, behind its signature check, a month after each other: a line
 * with method and target, and a line that is the body. "$" in a target is the nextToken of the
 * listing before.
 *
 *   PUT /jobs/job-1
 *   {"targets":["arn:aws:iot:us-east-1:123456789012:thing/t"],"document":"d"}
 *   GET /jobs?maxResults=1
 *
 * No request makes it fail inside, every answer is whole, and in the end the listings show each job
 * and each execution once.
 */
#include "jobs/effect.h"
#include "local/dispatch.h"
#include "store/job_schema.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>

#define START_MS     INT64_C(1700000000000) /* in November 2023 */
#define MONTH_MS     INT64_C(2592000000)
#define REQUESTS_MAX 16
#define TARGET_MAX   4096
#define TOKEN_MAX    1024

static struct dispatch dispatch = {.region = "us-east-1"};
static int64_t now_ms;

/* An answer, and what of it is asked again. */
struct answer {
    struct server_response response;
    struct doc *doc; /* NULL: it has no body */
};

static void set_up(void)
{
    const struct store_options options = {
        .path = scratch_file(fuzz_folder(), "jobs.db"),
        .sync = STORE_SYNC_NORMAL,
        .access = STORE_WRITE,
        .migrations = job_schema_migrations,
        .migration_count = job_schema_migration_count,
    };
    assert(store_open(&options, &dispatch.store, NULL) == ERR_NONE);
    assert(job_store_new(dispatch.store, &dispatch.jobs, NULL) == ERR_NONE);
    assert(execution_store_new(dispatch.store, &dispatch.executions, NULL) == ERR_NONE);
}

static int64_t count(const char *table)
{
    char sql[64];
    struct sqlite3_stmt *answer = NULL;
    sqlite3_snprintf(sizeof sql, sql, "SELECT count(*) FROM %s", table);
    assert(sqlite3_prepare_v2(store_handle(dispatch.store), sql, -1, &answer, NULL) == SQLITE_OK);
    assert(sqlite3_step(answer) == SQLITE_ROW);
    int64_t n = sqlite3_column_int64(answer, 0);
    sqlite3_finalize(answer);
    return n;
}

static const char *header_of(const struct server_response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++)
        if (strcmp(response->headers[i].name, name) == 0)
            return response->headers[i].value;
    return NULL;
}

/* The type of a fault is one that this endpoint has, and fits the status. */
static void check_fault(const struct answer *answer)
{
    const char *type = header_of(&answer->response, "x-amzn-ErrorType");
    assert(type != NULL && answer->doc != NULL);
    enum fault fault = fault_parse(str_of(type));
    assert(fault != FAULT_UNKNOWN && fault_class_of(fault) == FAULT_PERMANENT);
    assert(fault_http_status(fault) == answer->response.status);
    fuzz_check_line(doc_str(doc_member(doc_root(answer->doc), "message")));
}

static void check_answer(const struct answer *answer)
{
    const struct server_response *response = &answer->response;
    assert(header_of(response, "x-amzn-RequestId") != NULL);
    if (answer->doc != NULL)
        assert(doc_kind_of(doc_root(answer->doc)) == DOC_OBJECT);
    if (response->status == 200)
        assert(header_of(response, "x-amzn-ErrorType") == NULL);
    else
        check_fault(answer);
}

/* Ends with let_go. */
static void ask(const char *method, struct str target, struct str body, struct answer *ret)
{
    struct str query = target;
    struct str path = str_cut(&query, '?');
    const struct server_request request = {
        .method = method, .path = path, .query = query, .body = body};
    *ret = (struct answer){.response = {.status = 200}};
    buf_init(&ret->response.body, SERVER_ANSWER_BYTES);
    dispatch_request(&dispatch, now_ms, &request, &ret->response);
    struct str text = buf_str(&ret->response.body);
    assert(buf_err(&ret->response.body) == ERR_NONE);
    if (text.n > 0)
        assert(doc_parse(text, SERVER_ANSWER_BYTES, &ret->doc, NULL) == ERR_NONE);
    check_answer(ret);
}

static void let_go(struct answer *answer)
{
    doc_free(answer->doc);
    buf_fini(&answer->response.body);
}

/* Copies nextToken, "" where there is none. */
static void keep_token(const struct answer *answer, char token[TOKEN_MAX])
{
    struct str found = doc_str(doc_member(doc_root(answer->doc), "nextToken"));
    assert(found.n < TOKEN_MAX);
    snprintf(token, TOKEN_MAX, "%.*s", STR_ARG(found));
}

/* What is read again is what was written: the job is there after PUT, as PATCH wanted it, and gone
 * after DELETE. */
static void check_effect(const char *method, struct str path, struct str body)
{
    struct answer answer;
    struct str rest = path;
    bool is_job = str_cut(&rest, '/').n == 0 && str_eq_text(str_cut(&rest, '/'), "jobs") &&
                  rest.n > 0 && !str_has(rest, '/');
    if (!is_job)
        return;
    ask("GET", path, STR(""), &answer);
    assert(answer.response.status == (strcmp(method, "DELETE") == 0 ? 404 : 200));
    if (strcmp(method, "PATCH") == 0 && body.n > 0)
        assert(effect_is_seen(body, buf_str(&answer.response.body)));
    let_go(&answer);
}

static void play_one(struct str line, struct str body, char token[TOKEN_MAX])
{
    char method[16];
    struct buf target;
    struct answer answer;
    struct str name = str_cut(&line, ' ');
    if (name.n >= sizeof method || str_has(name, '\0'))
        return;
    snprintf(method, sizeof method, "%.*s", STR_ARG(name));
    buf_init(&target, TARGET_MAX);
    while (!str_is_absent(line)) {
        buf_add(&target, str_cut(&line, '$'));
        if (!str_is_absent(line))
            buf_add_text(&target, token);
    }
    if (buf_err(&target) == ERR_NONE) {
        struct str path = buf_str(&target);
        int64_t changes = sqlite3_total_changes64(store_handle(dispatch.store));
        int64_t scheduled = count("jobs WHERE status = 'SCHEDULED'");
        ask(method, path, body, &answer);
        if (answer.response.status != 200)
            assert(count("jobs") == count("definitions"));
        else if (strcmp(method, "GET") != 0)
            check_effect(method, str_cut(&path, '?'), body);
        else if (scheduled == count("jobs WHERE status = 'SCHEDULED'")) /* none has started */
            assert(changes == sqlite3_total_changes64(store_handle(dispatch.store)));
        keep_token(&answer, token);
        let_go(&answer);
    }
    buf_fini(&target);
}

/* Walks a listing page by page, with the smallest pages; returns its length. */
static int64_t walk(const char *path, const char *list)
{
    char token[TOKEN_MAX] = "";
    int64_t n = 0;
    do {
        char target[TARGET_MAX];
        struct answer answer;
        snprintf(target, sizeof target, "%s?maxResults=1%s%s", path,
                 token[0] != '\0' ? "&nextToken=" : "", token);
        ask("GET", str_of(target), STR(""), &answer);
        assert(answer.response.status == 200);
        size_t items = doc_count(doc_member(doc_root(answer.doc), list));
        keep_token(&answer, token);
        assert(items <= 1 && (items == 1 || token[0] == '\0'));
        n += (int64_t)items;
        let_go(&answer);
    } while (token[0] != '\0');
    return n;
}

/* The executions of every job, found through the listing of jobs. */
static int64_t walk_executions(void)
{
    struct answer answer;
    int64_t n = 0;
    ask("GET", STR("/jobs?maxResults=250"), STR(""), &answer);
    struct doc_node jobs = doc_member(doc_root(answer.doc), "jobs");
    for (size_t i = 0; i < doc_count(jobs); i++) {
        char path[256];
        struct str id = doc_str(doc_member(doc_item(jobs, i), "jobId"));
        snprintf(path, sizeof path, "/jobs/%.*s/things", STR_ARG(id));
        n += walk(path, "executionSummaries");
    }
    let_go(&answer);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct str rest = {(const char *)bytes, n};
    char token[TOKEN_MAX] = "";
    if (dispatch.store == NULL)
        set_up();
    now_ms = START_MS;
    for (int requests = 0; !str_is_absent(rest) && requests < REQUESTS_MAX; requests++) {
        struct str line = str_cut(&rest, '\n');
        struct str body = str_cut(&rest, '\n');
        play_one(line, body, token);
        now_ms += MONTH_MS;
    }
    assert(walk("/jobs", "jobs") == count("jobs"));
    assert(walk_executions() == count("executions"));
    assert(sqlite3_exec(store_handle(dispatch.store), "DELETE FROM jobs", NULL, NULL, NULL) ==
           SQLITE_OK);
    return 0;
}
