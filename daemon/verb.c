#include "daemon/verb.h"

#include "daemon/config_all.h"
#include "daemon/config_file.h"
#include "daemon/config_value.h"
#include "daemon/shown.h"
#include "jobs/doc.h"

#include <argp.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static void tell_mistakes(struct mistakes *mistakes, const char *file)
{
    struct buf text;
    buf_init(&text, CONFIG_ALL_PROBLEMS_MAX);
    mistakes_write(mistakes, file != NULL ? file : "built-in defaults", &text);
    fputs(buf_text(&text), stderr);
    buf_fini(&text);
}

struct config *verb_config(const char *file, const char **ret_file)
{
    struct config *config = NULL;
    struct mistakes mistakes;
    mistakes_init(&mistakes);
    file = config_file_find(file);
    enum err err = config_file_load(file, &config, &mistakes);
    if (mistakes.total > 0)
        tell_mistakes(&mistakes, file);
    else if (err != ERR_NONE)
        verb_complain("the configuration: %s", err_name(err));
    mistakes_fini(&mistakes);
    if (ret_file != NULL)
        *ret_file = file;
    return config;
}

struct config *verb_config_with_policy(const char *file, const char **ret_file)
{
    struct config *config = NULL;
    struct buf problems;
    buf_init(&problems, CONFIG_ALL_PROBLEMS_MAX);
    file = config_file_find(file);
    if (config_all_load(file, &config, &problems) != ERR_NONE)
        fputs(buf_text(&problems), stderr);
    buf_fini(&problems);
    if (ret_file != NULL)
        *ret_file = file;
    return config;
}

void verb_complain(const char *format, ...)
{
    char text[2 * WHY_TEXT_MAX];
    struct buf shown;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buf_init(&shown, 2 * sizeof text);
    shown_line(&shown, str_of(text));
    fprintf(stderr, "jobs-bridge: %s\n", buf_text(&shown));
    buf_fini(&shown);
}

static enum err read_input(size_t bytes_max, struct buf *ret, struct why *why)
{
    char *to = buf_reserve(ret, bytes_max);
    if (to == NULL)
        return why_set(why, buf_err(ret), NULL, "%s", err_name(buf_err(ret)));
    errno = 0;
    buf_added(ret, fread(to, 1, bytes_max, stdin));
    if (ferror(stdin))
        return why_errno(why, "standard input");
    if (getchar() != EOF)
        return why_set(why, ERR_FULL, NULL, "standard input has more than %zu bytes", bytes_max);
    return ERR_NONE;
}

static void trim(struct buf *text)
{
    static const char blanks[] = " \t\r\n";
    size_t front = 0;
    while (text->n > 0 && memchr(blanks, text->p[text->n - 1], sizeof blanks - 1) != NULL)
        text->n--;
    while (front < text->n && memchr(blanks, text->p[front], sizeof blanks - 1) != NULL)
        front++;
    if (front > 0)
        buf_drop_front(text, front);
}

enum err verb_read_json(const char *word, size_t bytes_max, struct buf *ret, struct why *why)
{
    struct doc *doc = NULL;
    enum err err = ERR_NONE;
    if (strcmp(word, "-") == 0)
        err = read_input(bytes_max, ret, why);
    else
        buf_add_text(ret, word);
    if (err != ERR_NONE)
        return err;
    trim(ret);
    if (ret->n == 0)
        return why_set(why, ERR_INVALID, NULL, "nothing is there, a JSON object is expected");
    err = doc_parse(buf_str(ret), bytes_max, &doc, why);
    if (err != ERR_NONE)
        return err;
    bool is_object = doc_kind_of(doc_root(doc)) == DOC_OBJECT;
    doc_free(doc);
    if (!is_object)
        return why_set(why, ERR_INVALID, NULL, "it is no JSON object");
    return ERR_NONE;
}

struct str verb_read_identifier(struct argp_state *state, enum identifier what, const char *arg)
{
    struct why why;
    if (identifier_check(what, str_of(arg), &why) != ERR_NONE)
        argp_error(state, "%s", why.text);
    return str_of(arg);
}

int64_t verb_read_timeout(struct argp_state *state, const char *arg)
{
    static const struct config_key timeout = {
        .kind = CONFIG_DURATION, .min = 100, .max = INT64_C(24) * 3600 * 1000};
    struct why why;
    int64_t timeout_ms = 0;
    if (config_value_number(&timeout, str_of(arg), &timeout_ms, &why) != ERR_NONE)
        argp_error(state, "--timeout: %s (expected 100ms to 24h)", why.text);
    return timeout_ms;
}

int64_t verb_read_count(struct argp_state *state, const char *option, const char *arg, int64_t max)
{
    int64_t count = 0;
    if (!str_to_int(str_of(arg), 1, max, &count))
        argp_error(state, "%s: '%s' is no whole number from 1 to %lld", option, arg,
                   (long long)max);
    return count;
}
