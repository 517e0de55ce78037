/* ListJobs, youngest first. No job has a thing group that is known here, so filters that name one
 * match nothing. */
#include "local/member.h"
#include "local/operation.h"
#include "local/page.h"

struct filters {
    struct job_filter filter;
    enum job_status status;
    bool is_continuous;
    bool matches_nothing;
};

static enum fault read_status(struct ask *ask, struct filters *filters, struct why *why)
{
    struct str word = query_get(&ask->query, "status");
    if (str_is_absent(word))
        return FAULT_OK;
    if (!status_job_parse(word, &filters->status))
        return ask_fault(query_refuse(why, "status", word,
                                      "satisfy enum value set: [IN_PROGRESS, CANCELED, COMPLETED, "
                                      "DELETION_IN_PROGRESS, SCHEDULED]"));
    filters->filter.status = &filters->status;
    return FAULT_OK;
}

static enum fault read_selection(struct ask *ask, struct filters *filters, struct why *why)
{
    struct str word = query_get(&ask->query, "targetSelection");
    if (str_is_absent(word))
        return FAULT_OK;
    filters->is_continuous = str_eq_text(word, "CONTINUOUS");
    if (!filters->is_continuous && !str_eq_text(word, "SNAPSHOT"))
        return ask_fault(query_refuse(why, "targetSelection", word,
                                      "satisfy enum value set: [CONTINUOUS, SNAPSHOT]"));
    filters->filter.is_continuous = &filters->is_continuous;
    return FAULT_OK;
}

static enum fault read_group(struct ask *ask, const char *name, struct filters *filters,
                             struct why *why)
{
    struct str group = query_get(&ask->query, name);
    if (str_is_absent(group))
        return FAULT_OK;
    filters->matches_nothing = true;
    return ask_fault(query_check_id(name, group, LIMITS_THING_NAME, &pattern_thing_name, why));
}

static enum fault read_filters(struct ask *ask, struct filters *ret, struct why *why)
{
    enum fault fault = read_status(ask, ret, why);
    if (fault == FAULT_OK)
        fault = read_selection(ask, ret, why);
    if (fault == FAULT_OK)
        fault = read_group(ask, "thingGroupName", ret, why);
    if (fault == FAULT_OK)
        fault = read_group(ask, "thingGroupId", ret, why);
    if (fault == FAULT_OK)
        fault = ask_namespace(ask, &ret->filter.namespace, why);
    return fault;
}

static void write_summary(struct emit *emit, const char *region, const struct job_record *job)
{
    emit_object(emit, NULL);
    member_job_arn(emit, "jobArn", region, job->id);
    emit_str(emit, "jobId", job->id);
    emit_text(emit, "targetSelection", job->is_continuous ? "CONTINUOUS" : "SNAPSHOT");
    emit_text(emit, "status", status_job_name(job->status));
    member_time(emit, "createdAt", job->created_ms);
    member_time(emit, "lastUpdatedAt", job->updated_ms);
    member_time(emit, "completedAt", job->completed_ms);
    emit_bool(emit, "isConcurrent", false);
    emit_object_end(emit);
}

/* One row more than the page tells whether there is another page. */
static enum err write_page(struct ask *ask, const struct filters *filters, const struct page *page,
                           int64_t before, struct why *why)
{
    struct emit emit = emit_to(ask->out);
    int64_t room = filters->matches_nothing ? 0 : page->size;
    int64_t last_key = 0;
    struct job_record job;
    job_store_list(ask->jobs, &filters->filter, before, room > 0 ? room + 1 : 0);
    emit_object(&emit, NULL);
    emit_array(&emit, "jobs");
    enum err err = job_store_next(ask->jobs, &job, why);
    for (; err == ERR_NONE && room > 0; room--) {
        write_summary(&emit, ask->region, &job);
        last_key = job.key;
        err = job_store_next(ask->jobs, &job, why);
    }
    emit_array_end(&emit);
    if (err == ERR_NONE)
        page_write_token_int(&emit, page, last_key);
    emit_object_end(&emit);
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

enum fault list_jobs_run(struct ask *ask, struct why *why)
{
    struct filters filters = {0};
    struct page page;
    int64_t before;
    enum fault fault = read_filters(ask, &filters, why);
    if (fault == FAULT_OK)
        fault = ask_fault(page_read_int(&ask->query, "jobs", &page, &before, why));
    if (fault == FAULT_OK)
        fault = ask_fault(write_page(ask, &filters, &page, before, why));
    return fault;
}
