#include "local/ask.h"

#include "base/limits.h"

enum fault ask_fault(enum err err)
{
    switch (err) {
    case ERR_NONE:
        return FAULT_OK;
    case ERR_INVALID:
        return FAULT_INVALID_REQUEST;
    case ERR_FULL:
    case ERR_NO_MEMORY:
    case ERR_DOWN:
        return FAULT_SERVICE_UNAVAILABLE;
    default:
        return FAULT_INTERNAL_FAILURE;
    }
}

static enum fault no_such_job(const struct ask *ask, struct why *why)
{
    (void)why_set(why, ERR_NOT_FOUND, "jobId", "Job %.*s cannot be found.", STR_ARG(ask->job));
    return FAULT_RESOURCE_NOT_FOUND;
}

enum fault ask_find_job(struct ask *ask, struct job_record *ret, struct why *why)
{
    enum err err = job_store_find(ask->jobs, ask->job, ret, why);
    return err == ERR_NOT_FOUND ? no_such_job(ask, why) : ask_fault(err);
}

enum fault ask_namespace(struct ask *ask, struct str *ret, struct why *why)
{
    struct str namespace = query_get(&ask->query, "namespaceId");
    if (!str_is_absent(namespace)) {
        enum err err =
            query_check_id("namespaceId", namespace, LIMITS_NAMESPACE_ID, &pattern_id, why);
        if (err != ERR_NONE)
            return ask_fault(err);
    }
    *ret = namespace;
    return FAULT_OK;
}

enum fault ask_find_job_in_namespace(struct ask *ask, struct job_record *ret, struct why *why)
{
    struct str namespace;
    struct job_record job;
    enum fault fault = ask_namespace(ask, &namespace, why);
    if (fault == FAULT_OK)
        fault = ask_find_job(ask, &job, why);
    if (fault != FAULT_OK)
        return fault;
    if (!str_is_absent(namespace) && !str_is_absent(job.namespace) &&
        !str_eq(namespace, job.namespace))
        return no_such_job(ask, why);
    *ret = job;
    return FAULT_OK;
}

enum fault ask_find_execution(struct ask *ask, struct execution_record *ret, struct why *why)
{
    struct execution_record execution;
    enum err err = execution_store_find(ask->executions, ask->job, ask->thing, &execution, why);
    if (err == ERR_NONE && ask->number >= 0 && ask->number != execution.number)
        err = ERR_NOT_FOUND;
    if (err == ERR_NOT_FOUND) {
        (void)why_set(why, err, "jobId", "No execution of job %.*s for thing %.*s can be found.",
                      STR_ARG(ask->job), STR_ARG(ask->thing));
        return FAULT_RESOURCE_NOT_FOUND;
    }
    if (err == ERR_NONE)
        *ret = execution;
    return ask_fault(err);
}

enum fault ask_body(struct ask *ask, const struct shape *shape, struct doc **ret, struct why *why)
{
    struct doc *doc = NULL;
    struct str body = ask->body.n > 0 ? ask->body : STR("{}");
    enum err err = doc_parse(body, LIMITS_REQUEST_BYTES, &doc, why);
    if (err == ERR_NONE)
        err = shape_check(shape, doc_root(doc), why);
    if (err == ERR_NONE)
        *ret = doc;
    else
        doc_free(doc);
    return ask_fault(err);
}

enum fault ask_execution_status(struct ask *ask, enum execution_status *room,
                                const enum execution_status **ret, struct why *why)
{
    struct str word = query_get(&ask->query, "status");
    if (!str_is_absent(word) && !status_execution_parse(word, room))
        return ask_fault(query_refuse(why, "status", word,
                                      "satisfy enum value set: [QUEUED, IN_PROGRESS, SUCCEEDED, "
                                      "FAILED, TIMED_OUT, REJECTED, REMOVED, CANCELED]"));
    *ret = str_is_absent(word) ? NULL : room;
    return FAULT_OK;
}
