/*
 * CreateJob. Templates are not supported; tags are checked and dropped, since nothing here lists
 * them; a document source is kept as text and never fetched.
 */
#include "base/limits.h"
#include "jobs/model.h"
#include "local/member.h"
#include "local/operation.h"
#include "local/start.h"
#include "local/target.h"

static enum err refuse(struct why *why, const char *field, const char *text)
{
    return why_set(why, ERR_INVALID, field, "%s", text);
}

static enum err check_document(struct doc_node job, struct why *why)
{
    bool has_document = doc_kind_of(doc_member(job, "document")) != DOC_ABSENT;
    bool has_source = doc_kind_of(doc_member(job, "documentSource")) != DOC_ABSENT;
    if (doc_kind_of(doc_member(job, "jobTemplateArn")) != DOC_ABSENT)
        return refuse(why, "jobTemplateArn", "Job templates are not supported by this endpoint.");
    if (has_document == has_source)
        return refuse(why, "document", "Exactly one of document and documentSource is required.");
    return ERR_NONE;
}

static enum err read_time(struct doc_node config, const char *name, int64_t *ret_ms,
                          struct why *why)
{
    struct str text = doc_str(doc_member(config, name));
    if (str_is_absent(text) || start_parse_time(text, ret_ms))
        return ERR_NONE;
    return query_refuse(why, name, text, "be a time such as 2030-01-31T08:00");
}

static enum err check_schedule(struct doc_node job, int64_t *ret_start_ms, struct why *why)
{
    int64_t start_ms = JOB_STORE_NEVER;
    int64_t end_ms = INT64_MAX;
    struct doc_node config = doc_member(job, "schedulingConfig");
    enum err err = read_time(config, "startTime", &start_ms, why);
    if (err == ERR_NONE)
        err = read_time(config, "endTime", &end_ms, why);
    if (err == ERR_NONE && end_ms <= start_ms)
        err = refuse(why, "schedulingConfig", "The endTime must be after the startTime.");
    if (err == ERR_NONE)
        *ret_start_ms = start_ms;
    return err;
}

/* The JSON of a member, appended to text, which must not move: it has room for the whole body. */
static struct str copy(struct doc_node job, const char *name, struct buf *text)
{
    size_t start = text->n;
    doc_write(doc_member(job, name), text);
    return text->n > start ? (struct str){text->p + start, text->n - start} : STR_NONE;
}

static struct job_definition define(struct doc_node job, struct buf *text)
{
    return (struct job_definition){
        .targets = copy(job, "targets", text),
        .document = doc_str(doc_member(job, "document")),
        .document_source = doc_str(doc_member(job, "documentSource")),
        .document_parameters = copy(job, "documentParameters", text),
        .scheduling_config = copy(job, "schedulingConfig", text),
        .destination_package_versions = copy(job, "destinationPackageVersions", text),
    };
}

static enum err insert(struct ask *ask, struct doc_node job, struct job_record *record,
                       struct why *why)
{
    struct buf text;
    buf_init(&text, LIMITS_REQUEST_BYTES);
    struct job_definition definition = {0};
    /* Compact JSON is no longer than the body it came from, but for escapes made plain. */
    if (buf_reserve(&text, LIMITS_REQUEST_BYTES) != NULL)
        definition = define(job, &text);
    enum err err = buf_err(&text);
    if (err == ERR_NONE)
        err = job_store_insert(ask->jobs, record, &definition, &record->key, why);
    buf_fini(&text);
    return err;
}

static enum fault store(struct ask *ask, struct doc_node job, struct job_record *record,
                        struct why *why)
{
    enum err err = insert(ask, job, record, why);
    if (err == ERR_EXISTS) {
        (void)why_set(why, err, "jobId", "Job %.*s already exists.", STR_ARG(ask->job));
        return FAULT_RESOURCE_ALREADY_EXISTS;
    }
    if (err == ERR_NONE && record->status == JOB_IN_PROGRESS)
        err = target_queue(ask, record->key, record->namespace, doc_member(job, "targets"), why);
    if (err == ERR_NONE)
        member_job(ask->out, ask->region, ask->job, record->member[UPDATE_DESCRIPTION]);
    return ask_fault(err);
}

static enum fault create(struct ask *ask, struct doc_node job, struct why *why)
{
    int64_t starts_ms;
    struct update update = {0};
    enum err err = check_document(job, why);
    if (err == ERR_NONE)
        err = target_check(doc_member(job, "targets"), why);
    if (err == ERR_NONE)
        err = check_schedule(job, &starts_ms, why);
    if (err == ERR_NONE)
        err = update_take(job, &update, why);
    if (err != ERR_NONE)
        return ask_fault(err);
    struct job_record record = {
        .id = ask->job,
        .namespace = doc_str(doc_member(job, "namespaceId")),
        .status = starts_ms > ask->now_ms ? JOB_SCHEDULED : JOB_IN_PROGRESS,
        .is_continuous = str_eq_text(doc_str(doc_member(job, "targetSelection")), "CONTINUOUS"),
        .starts_ms = starts_ms,
        .created_ms = ask->now_ms,
        .updated_ms = ask->now_ms,
        .completed_ms = JOB_STORE_NEVER,
    };
    memcpy(record.member, update.member, sizeof record.member);
    enum fault fault = store(ask, job, &record, why);
    update_free(&update);
    return fault;
}

enum fault create_job_run(struct ask *ask, struct why *why)
{
    struct doc *doc = NULL;
    enum fault fault = ask_body(ask, &model_create_job, &doc, why);
    if (fault == FAULT_OK)
        fault = create(ask, doc_root(doc), why);
    doc_free(doc);
    return fault;
}
