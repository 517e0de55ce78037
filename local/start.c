#include "local/start.h"

#include "base/limits.h"
#include "local/target.h"

#include <time.h>

#define STARTS_PER_REQUEST 16

/* Exactly n digits at the front of *rest, cut off. */
static bool cut_digits(struct str *rest, size_t n, int min, int max, int *ret)
{
    int64_t value;
    if (rest->n < n || rest->p[0] == '-' || !str_to_int((struct str){rest->p, n}, min, max, &value))
        return false;
    *rest = (struct str){rest->p + n, rest->n - n};
    *ret = (int)value;
    return true;
}

static bool cut_byte(struct str *rest, const char *one_of)
{
    if (rest->n == 0 || rest->p[0] == '\0' || strchr(one_of, rest->p[0]) == NULL)
        return false;
    *rest = (struct str){rest->p + 1, rest->n - 1};
    return true;
}

static bool cut_clock(struct str *rest, int *ret_hour, int *ret_minute)
{
    bool is_hour = cut_digits(rest, 2, 0, 23, ret_hour);
    (void)cut_byte(rest, ":");
    return is_hour && cut_digits(rest, 2, 0, 59, ret_minute);
}

/* What is left: nothing, Z, +01:00 or +0100. */
static bool parse_offset(struct str rest, int *ret_minutes)
{
    int hour = 0;
    int minute = 0;
    bool is_west = rest.n > 0 && rest.p[0] == '-';
    if (!cut_byte(&rest, "Z") && cut_byte(&rest, "+-") && !cut_clock(&rest, &hour, &minute))
        return false;
    *ret_minutes = (hour * 60 + minute) * (is_west ? -1 : 1);
    return rest.n == 0;
}

bool start_parse_time(struct str text, int64_t *ret_ms)
{
    struct tm tm = {0};
    int offset = 0;
    if (!cut_digits(&text, 4, 1970, 9999, &tm.tm_year) || !cut_byte(&text, "-") ||
        !cut_digits(&text, 2, 1, 12, &tm.tm_mon) || !cut_byte(&text, "-") ||
        !cut_digits(&text, 2, 1, 31, &tm.tm_mday) || !cut_byte(&text, "T ") ||
        !cut_clock(&text, &tm.tm_hour, &tm.tm_min))
        return false;
    if (cut_byte(&text, ":") && !cut_digits(&text, 2, 0, 59, &tm.tm_sec))
        return false;
    if (!parse_offset(text, &offset))
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    int day = tm.tm_mday;
    time_t seconds = timegm(&tm);
    if (tm.tm_mday != day) /* timegm makes March of a 30 February */
        return false;
    *ret_ms = ((int64_t)seconds - (int64_t)offset * 60) * 1000;
    return true;
}

bool start_has_due(struct ask *ask)
{
    struct job_record job;
    return job_store_find_due(ask->jobs, ask->now_ms, &job, NULL) == ERR_NONE;
}

static enum err queue_targets(struct ask *ask, const struct job_record *job, struct why *why)
{
    struct job_definition definition;
    struct doc *targets = NULL;
    enum err err = job_store_find_definition(ask->jobs, job->key, &definition, why);
    if (err == ERR_NONE)
        err = doc_parse(definition.targets, LIMITS_REQUEST_BYTES, &targets, why);
    if (err == ERR_NONE)
        err = target_queue(ask, job->key, job->namespace, doc_root(targets), why);
    doc_free(targets);
    return err;
}

static enum err start_job(struct ask *ask, struct job_record *job, struct why *why)
{
    job->status = JOB_IN_PROGRESS;
    job->updated_ms = ask->now_ms;
    enum err err = queue_targets(ask, job, why);
    return err == ERR_NONE ? job_store_set_state(ask->jobs, job, why) : err;
}

enum err start_all_due(struct ask *ask, struct why *why)
{
    enum err err = ERR_NONE;
    for (int i = 0; i < STARTS_PER_REQUEST && err == ERR_NONE; i++) {
        struct job_record job;
        err = job_store_find_due(ask->jobs, ask->now_ms, &job, why);
        if (err == ERR_NONE)
            err = start_job(ask, &job, why);
    }
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}
