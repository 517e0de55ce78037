#include "local/target.h"

#include "base/limits.h"

#include <ctype.h>
#include <stdio.h>

#define ACCOUNT_DIGITS 12

struct target {
    struct str name;
    bool is_thing; /* otherwise a thing group */
};

static bool is_word(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!islower((unsigned char)s.p[i]) && !isdigit((unsigned char)s.p[i]) && s.p[i] != '-')
            return false;
    return s.n > 0;
}

static bool is_account(struct str s)
{
    int64_t number;
    return s.n == ACCOUNT_DIGITS && s.p[0] != '-' && str_to_int(s, 0, INT64_MAX, &number);
}

static bool parse(struct str rest, struct target *ret)
{
    bool is_arn = str_eq_text(str_cut(&rest, ':'), "arn") && str_starts(rest, STR("aws")) &&
                  is_word(str_cut(&rest, ':')) && str_eq_text(str_cut(&rest, ':'), "iot") &&
                  is_word(str_cut(&rest, ':')) && is_account(str_cut(&rest, ':'));
    struct str kind = str_cut(&rest, '/');
    bool is_thing = str_eq_text(kind, "thing");
    if (!is_arn || (!is_thing && !str_eq_text(kind, "thinggroup")))
        return false;
    if (rest.n == 0 || rest.n > LIMITS_THING_NAME || !pattern_thing_name.matches(rest))
        return false;
    *ret = (struct target){.name = rest, .is_thing = is_thing};
    return true;
}

enum err target_check(struct doc_node targets, struct why *why)
{
    for (size_t i = 0; i < doc_count(targets); i++) {
        struct target target;
        struct str arn = doc_str(doc_item(targets, i));
        char path[32];
        snprintf(path, sizeof path, "targets[%zu]", i);
        if (!parse(arn, &target))
            return query_refuse(why, path, arn, "be the ARN of a thing or a thing group");
    }
    return ERR_NONE;
}

static enum err queue_one(struct ask *ask, int64_t job_key, struct str namespace, struct str thing,
                          struct why *why)
{
    const struct execution_record execution = {
        .job_key = job_key,
        .thing = thing,
        .namespace = namespace,
        .status = EXECUTION_QUEUED,
        .number = 1,
        .version = 1,
        .queued_ms = ask->now_ms,
        .started_ms = EXECUTION_STORE_NEVER,
        .updated_ms = ask->now_ms,
    };
    enum err err = execution_store_insert(ask->executions, &execution, why);
    return err == ERR_EXISTS ? ERR_NONE : err; /* the same thing twice is one target */
}

enum err target_queue(struct ask *ask, int64_t job_key, struct str namespace,
                      struct doc_node targets, struct why *why)
{
    for (size_t i = 0; i < doc_count(targets); i++) {
        struct target target;
        if (!parse(doc_str(doc_item(targets, i)), &target) || !target.is_thing)
            continue;
        enum err err = queue_one(ask, job_key, namespace, target.name, why);
        if (err != ERR_NONE)
            return err;
    }
    return ERR_NONE;
}
