#include "daemon/jobs_action.h"

#include "base/emit.h"
#include "daemon/jobs_print.h"
#include "daemon/verb.h"
#include "http/canonical.h"
#include "topics/identifier.h"

#define PAGE_SIZE "250" /* service model: the most that maxResults allows */

/* The account that stands in the ARN of a thing without one: the embedded endpoint takes any. */
#define ANY_ACCOUNT "123456789012"

static enum err finish(const struct jobs_request *request, struct why *why)
{
    enum err err = buf_err(&request->path);
    if (err == ERR_NONE)
        err = buf_err(&request->query);
    if (err == ERR_NONE)
        err = buf_err(&request->body);
    return err == ERR_NONE ? err : why_set(why, err, NULL, "the request: %s", err_name(err));
}

static void begin(struct jobs_request *request, const char *method, struct str job,
                  const char *rest)
{
    request->method = method;
    buf_add_text(&request->path, "/jobs/");
    canonical_encode(job, &request->path);
    buf_add_text(&request->path, rest);
}

void jobs_action_add_query(struct jobs_request *request, const char *name, struct str value)
{
    if (str_is_absent(value))
        return;
    buf_format(&request->query, "%s%s=", request->query.n > 0 ? "&" : "", name);
    canonical_encode(value, &request->query);
}

static void add_force(const struct jobs_words *words, struct jobs_request *request)
{
    jobs_action_add_query(request, "force", words->is_forced ? STR("true") : STR_NONE);
}

static enum err add_target(struct emit *emit, struct str thing, const char *region, struct why *why)
{
    struct buf arn;
    if (str_starts(thing, STR("arn:"))) {
        emit_str(emit, NULL, thing);
        return ERR_NONE;
    }
    if (identifier_check(IDENTIFIER_THING, thing, why) != ERR_NONE)
        return ERR_INVALID;
    if (region == NULL)
        return why_set(why, ERR_INVALID, NULL,
                       "AWS knows the thing by its ARN only: arn:aws:iot:<region>:<account>:thing/"
                       "%.*s",
                       STR_ARG(thing));
    buf_init(&arn, 512);
    buf_format(&arn, "arn:aws:iot:%s:" ANY_ACCOUNT ":thing/%.*s", region, STR_ARG(thing));
    emit_str(emit, NULL, buf_str(&arn));
    buf_fini(&arn);
    return ERR_NONE;
}

static enum err build_create(const struct jobs_words *words, struct jobs_request *request,
                             struct why *why)
{
    enum err err = ERR_NONE;
    struct emit emit = emit_to(&request->body);
    if (words->thing_count == 0)
        return why_set(why, ERR_INVALID, NULL, "--thing is needed");
    begin(request, "PUT", words->job, "");
    emit_object(&emit, NULL);
    emit_array(&emit, "targets");
    for (size_t i = 0; err == ERR_NONE && i < words->thing_count; i++)
        err = add_target(&emit, words->things[i], words->region, why);
    emit_array_end(&emit);
    emit_text(&emit, "document", words->document != NULL ? words->document : "{}");
    emit_text(&emit, "description", words->description);
    emit_str(&emit, "namespaceId", words->namespace);
    emit_object_end(&emit);
    return err != ERR_NONE ? err : finish(request, why);
}

static enum err build_describe(const struct jobs_words *words, struct jobs_request *request,
                               struct why *why)
{
    begin(request, "GET", words->job, "");
    return finish(request, why);
}

static enum err build_list(const struct jobs_words *words, struct jobs_request *request,
                           struct why *why)
{
    request->method = "GET";
    buf_add_text(&request->path, "/jobs");
    jobs_action_add_query(request, "maxResults", STR(PAGE_SIZE));
    jobs_action_add_query(request, "namespaceId", words->namespace);
    jobs_action_add_query(request, "status", str_of(words->status));
    return finish(request, why);
}

static enum err build_document(const struct jobs_words *words, struct jobs_request *request,
                               struct why *why)
{
    begin(request, "GET", words->job, "/job-document");
    return finish(request, why);
}

static enum err build_update(const struct jobs_words *words, struct jobs_request *request,
                             struct why *why)
{
    if (words->update == NULL)
        return why_set(why, ERR_INVALID, NULL, "the update is needed, as JSON or - ");
    begin(request, "PATCH", words->job, "");
    jobs_action_add_query(request, "namespaceId", words->namespace);
    enum err err = verb_read_json(words->update, LIMITS_COMMAND_BYTES, &request->body, why);
    return err != ERR_NONE ? err : finish(request, why);
}

static enum err build_cancel(const struct jobs_words *words, struct jobs_request *request,
                             struct why *why)
{
    struct emit emit = emit_to(&request->body);
    begin(request, "PUT", words->job, "/cancel");
    add_force(words, request);
    emit_object(&emit, NULL);
    emit_text(&emit, "comment", words->comment);
    emit_object_end(&emit);
    return finish(request, why);
}

static enum err build_delete(const struct jobs_words *words, struct jobs_request *request,
                             struct why *why)
{
    begin(request, "DELETE", words->job, "");
    add_force(words, request);
    jobs_action_add_query(request, "namespaceId", words->namespace);
    return finish(request, why);
}

/* Of one job, or of one thing. */
static enum err build_executions(const struct jobs_words *words, struct jobs_request *request,
                                 struct why *why)
{
    bool is_of_job = !str_is_absent(words->job);
    if (is_of_job == (words->thing_count > 0) || words->thing_count > 1)
        return why_set(why, ERR_INVALID, NULL, "a job or one --thing is needed");
    if (is_of_job) {
        begin(request, "GET", words->job, "/things");
    } else {
        request->method = "GET";
        buf_add_text(&request->path, "/things/");
        canonical_encode(words->things[0], &request->path);
        buf_add_text(&request->path, "/jobs");
    }
    jobs_action_add_query(request, "maxResults", STR(PAGE_SIZE));
    if (!is_of_job)
        jobs_action_add_query(request, "namespaceId", words->namespace);
    jobs_action_add_query(request, "status", str_of(words->status));
    return finish(request, why);
}

static const struct jobs_action actions[] = {
    {"create", "tnDd", true, "JOB --thing THING...", build_create, jobs_print_created},
    {"describe", "", true, "JOB", build_describe, jobs_print_job},
    {"list", "ns", false, "", build_list, jobs_print_jobs},
    {"document", "", true, "JOB", build_document, jobs_print_document},
    {"update", "n", true, "JOB UPDATE", build_update, jobs_print_updated},
    {"cancel", "fm", true, "JOB", build_cancel, jobs_print_cancelled},
    {"delete", "fn", true, "JOB", build_delete, jobs_print_deleted},
    {"executions", "tns", false, "JOB | --thing THING", build_executions, jobs_print_executions},
};

const struct jobs_action *jobs_action_at(size_t index)
{
    return index < COUNT_OF(actions) ? &actions[index] : NULL;
}

const struct jobs_action *jobs_action_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(actions); i++) {
        if (strcmp(name, actions[i].name) == 0)
            return &actions[i];
    }
    return NULL;
}
