/* DescribeJob and GetJobDocument. beforeSubstitution is checked and makes no difference: nothing
 * is ever substituted here. A job made from a document source has no document to get. */
#include "local/member.h"
#include "local/operation.h"

static void write_counts(struct emit *emit, const int64_t counts[static EXECUTION_STATUS_COUNT])
{
    static const char *const names[EXECUTION_STATUS_COUNT] = {
        [EXECUTION_QUEUED] = "numberOfQueuedThings",
        [EXECUTION_IN_PROGRESS] = "numberOfInProgressThings",
        [EXECUTION_SUCCEEDED] = "numberOfSucceededThings",
        [EXECUTION_FAILED] = "numberOfFailedThings",
        [EXECUTION_TIMED_OUT] = "numberOfTimedOutThings",
        [EXECUTION_REJECTED] = "numberOfRejectedThings",
        [EXECUTION_REMOVED] = "numberOfRemovedThings",
        [EXECUTION_CANCELED] = "numberOfCanceledThings",
    };
    emit_object(emit, "jobProcessDetails");
    for (int i = 0; i < EXECUTION_STATUS_COUNT; i++)
        emit_int(emit, names[i], counts[i]);
    emit_object_end(emit);
}

static void write_record(struct emit *emit, const char *region, const struct job_record *job)
{
    member_job_arn(emit, "jobArn", region, job->id);
    emit_str(emit, "jobId", job->id);
    emit_str(emit, "namespaceId", job->namespace);
    emit_text(emit, "targetSelection", job->is_continuous ? "CONTINUOUS" : "SNAPSHOT");
    emit_text(emit, "status", status_job_name(job->status));
    if (job->is_force_canceled)
        emit_bool(emit, "forceCanceled", true);
    emit_str(emit, "reasonCode", job->reason_code);
    emit_str(emit, "comment", job->comment);
    for (int i = 0; i < UPDATE_MEMBER_COUNT; i++)
        emit_raw(emit, update_member_name((enum update_member)i), job->member[i]);
    member_time(emit, "createdAt", job->created_ms);
    member_time(emit, "lastUpdatedAt", job->updated_ms);
    member_time(emit, "completedAt", job->completed_ms);
    emit_bool(emit, "isConcurrent", false);
}

static void write_answer(struct ask *ask, const struct job_record *job,
                         const struct job_definition *definition,
                         const int64_t counts[static EXECUTION_STATUS_COUNT])
{
    struct emit emit = emit_to(ask->out);
    emit_object(&emit, NULL);
    emit_str(&emit, "documentSource", definition->document_source);
    emit_object(&emit, "job");
    write_record(&emit, ask->region, job);
    emit_raw(&emit, "targets", definition->targets);
    emit_raw(&emit, "documentParameters", definition->document_parameters);
    emit_raw(&emit, "schedulingConfig", definition->scheduling_config);
    emit_raw(&emit, "destinationPackageVersions", definition->destination_package_versions);
    write_counts(&emit, counts);
    emit_object_end(&emit);
    emit_object_end(&emit);
}

static enum fault find(struct ask *ask, struct job_record *ret, struct job_definition *definition,
                       struct why *why)
{
    bool is_before_substitution;
    enum fault fault =
        ask_fault(query_bool(&ask->query, "beforeSubstitution", &is_before_substitution, why));
    if (fault == FAULT_OK)
        fault = ask_find_job(ask, ret, why);
    if (fault == FAULT_OK)
        fault = ask_fault(job_store_find_definition(ask->jobs, ret->key, definition, why));
    return fault;
}

enum fault describe_job_run(struct ask *ask, struct why *why)
{
    struct job_record job;
    struct job_definition definition;
    int64_t counts[EXECUTION_STATUS_COUNT];
    enum fault fault = find(ask, &job, &definition, why);
    if (fault == FAULT_OK)
        fault = ask_fault(execution_store_count(ask->executions, job.key, counts, why));
    if (fault == FAULT_OK)
        write_answer(ask, &job, &definition, counts);
    return fault;
}

enum fault describe_job_document(struct ask *ask, struct why *why)
{
    struct job_record job;
    struct job_definition definition;
    enum fault fault = find(ask, &job, &definition, why);
    if (fault != FAULT_OK)
        return fault;
    struct emit emit = emit_to(ask->out);
    emit_object(&emit, NULL);
    emit_str(&emit, "document", definition.document);
    emit_object_end(&emit);
    return FAULT_OK;
}
