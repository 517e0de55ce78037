#include "jobs/notice.h"

#include "base/emit.h"
#include "base/limits.h"
#include "jobs/doc.h"
#include "jobs/pattern.h"

#include <stdlib.h>

/* Of the events of one notice: what AWS sent, divided, and the bridge's members in front of each.
 */
#define EVENTS_BYTES_MAX ((size_t)2 * LIMITS_COMMAND_BYTES)

struct notice_reader {
    const struct notice_place *place;
    struct doc_node root;
    struct doc_node jobs; /* absent: of another form */
    size_t count;         /* jobs, each once */
    struct str names[LIMITS_NOTICE_JOBS];
    size_t ends[LIMITS_NOTICE_JOBS]; /* of their events, in text */
    struct buf text;
};

static const char *const own_members[] = {"timestamp", "thingName", "jobId", "namespaceId",
                                          "event"};

static bool is_own_member(struct str key)
{
    for (size_t i = 0; i < COUNT_OF(own_members); i++)
        if (str_eq_text(key, own_members[i]))
            return true;
    return false;
}

static enum reject refuse(struct why *why, const char *field, const char *constraint)
{
    why_set(why, ERR_INVALID, field, "no notice of a known form: Value at '%s' must %s", field,
            constraint);
    return REJECT_INVALID_REQUEST;
}

static bool is_text(struct doc_node object, const char *name, struct str text)
{
    return str_eq(doc_str(doc_member(object, name)), text);
}

static bool is_job(struct str job)
{
    return job.n <= LIMITS_JOB_ID && pattern_id.matches(job);
}

/* Whether it is what a bridge publishes, and about what its topic says. */
static bool is_event(const struct notice_reader *reader)
{
    const struct notice_place *place = reader->place;
    struct doc_node root = reader->root;
    struct str job = doc_str(doc_member(root, "jobId"));
    bool is_of_place = is_text(root, "thingName", place->thing) &&
                       is_text(root, "namespaceId", place->namespace) &&
                       (str_is_absent(place->job) ? is_job(job) : str_eq(job, place->job));
    return is_of_place && doc_kind_of(doc_member(root, "event")) == DOC_STRING;
}

/* Takes a summary's or an execution's job, if it is another one than before. */
static enum reject take_job(struct notice_reader *reader, struct doc_node described,
                            const char *field, struct why *why)
{
    struct str job = doc_str(doc_member(described, "jobId"));
    if (!is_job(job))
        return refuse(why, field, "have a jobId of [a-zA-Z0-9_-]{1,64}");
    if (!str_is_absent(reader->place->job) && !str_eq(job, reader->place->job))
        return refuse(why, field, "have the jobId of the topic");
    for (size_t i = 0; i < reader->count; i++)
        if (str_eq(reader->names[i], job))
            return REJECT_NONE;
    if (reader->count == LIMITS_NOTICE_JOBS)
        return refuse(why, "jobs", "name no more jobs than a notice may");
    reader->names[reader->count++] = job;
    return REJECT_NONE;
}

static enum reject take_jobs(struct notice_reader *reader, struct why *why)
{
    enum reject code = REJECT_NONE;
    struct doc_walk status = doc_walk_start(reader->jobs);
    for (; status.p != NULL && code == REJECT_NONE; doc_walk_next(reader->jobs, &status)) {
        if (doc_kind_of(status.value) != DOC_ARRAY)
            return refuse(why, "jobs", "be arrays of summaries, by status");
        for (size_t i = 0; i < doc_count(status.value) && code == REJECT_NONE; i++)
            code = take_job(reader, doc_item(status.value, i), "jobs", why);
    }
    return code;
}

static enum reject take_all(struct notice_reader *reader, struct why *why)
{
    struct doc_node execution = doc_member(reader->root, "execution");
    reader->jobs = doc_member(reader->root, "jobs");
    enum doc_kind jobs_kind = doc_kind_of(reader->jobs);
    enum doc_kind execution_kind = doc_kind_of(execution);
    if (jobs_kind == DOC_ABSENT && execution_kind == DOC_ABSENT)
        return doc_count(reader->root) == 1 ? REJECT_NONE
                                            : refuse(why, "jobs", "be present, or 'execution'");
    if (jobs_kind != DOC_ABSENT && execution_kind != DOC_ABSENT)
        return refuse(why, "execution", "be absent where there are 'jobs'");
    if (jobs_kind == DOC_OBJECT)
        return take_jobs(reader, why);
    if (jobs_kind != DOC_ABSENT)
        return refuse(why, "jobs", "be an object");
    if (execution_kind != DOC_OBJECT)
        return refuse(why, "execution", "be an object");
    return doc_count(execution) == 0 ? REJECT_NONE : take_job(reader, execution, "execution", why);
}

/* Of one status what is about the job; nothing where there is nothing. */
static void write_status(struct emit *emit, const struct doc_walk *status, struct str job)
{
    bool has_some = false;
    for (size_t i = 0; i < doc_count(status->value); i++) {
        struct doc_node summary = doc_item(status->value, i);
        if (!is_text(summary, "jobId", job))
            continue;
        if (!has_some)
            emit_array(emit, status->key.p);
        has_some = true;
        doc_emit(emit, NULL, summary);
    }
    if (has_some)
        emit_array_end(emit);
}

static void write_jobs(struct emit *emit, struct doc_node jobs, struct str job)
{
    emit_object(emit, "jobs");
    struct doc_walk status = doc_walk_start(jobs);
    for (; status.p != NULL; doc_walk_next(jobs, &status))
        write_status(emit, &status, job);
    emit_object_end(emit);
}

static void write_event(struct notice_reader *reader, struct str job)
{
    struct emit emit = emit_to(&reader->text);
    emit_object(&emit, NULL);
    emit_int(&emit, "timestamp", doc_int(doc_member(reader->root, "timestamp")));
    emit_str(&emit, "thingName", reader->place->thing);
    emit_str(&emit, "jobId", job);
    emit_str(&emit, "namespaceId", reader->place->namespace);
    emit_text(&emit, "event", "NOTIFIED");
    struct doc_walk member = doc_walk_start(reader->root);
    for (; member.p != NULL; doc_walk_next(reader->root, &member)) {
        if (str_eq_text(member.key, "jobs"))
            write_jobs(&emit, member.value, job);
        else if (!is_own_member(member.key))
            doc_emit(&emit, member.key.p, member.value);
    }
    emit_object_end(&emit);
}

/* The texts are in the buffer, one behind the other: moves them to where they stay. */
static enum reject keep(struct notice_reader *reader, struct notice *ret, struct why *why)
{
    size_t names = 0;
    for (size_t i = 0; i < reader->count; i++)
        names += reader->names[i].n;
    enum err err = buf_err(&reader->text);
    if (err == ERR_FULL)
        return refuse(why, "jobs", "be fewer or smaller: their events have too many bytes");
    char *at = NULL;
    ret->bytes = reader->count * sizeof *ret->events + names + reader->text.n;
    if (err == ERR_NONE)
        ret->events = malloc(ret->bytes);
    if (ret->events == NULL) {
        why_set(why, ERR_NO_MEMORY, NULL, "%s", err_name(ERR_NO_MEMORY));
        return REJECT_INTERNAL_ERROR;
    }
    ret->count = reader->count;
    at = (char *)(ret->events + reader->count);
    memcpy(at, reader->text.p, reader->text.n);
    size_t start = 0;
    for (size_t i = 0; i < reader->count; i++) {
        ret->events[i].payload = (struct str){at + start, reader->ends[i] - start};
        start = reader->ends[i];
    }
    at += reader->text.n;
    for (size_t i = 0; i < reader->count; i++) {
        memcpy(at, reader->names[i].p, reader->names[i].n);
        ret->events[i].job = (struct str){at, reader->names[i].n};
        at += reader->names[i].n;
    }
    return REJECT_NONE;
}

static enum reject read_root(struct notice_reader *reader, struct str payload, struct why *why)
{
    struct doc_node timestamp = doc_member(reader->root, "timestamp");
    if (doc_kind_of(timestamp) != DOC_INTEGER || doc_int(timestamp) < 0)
        return refuse(why, "timestamp", "be whole seconds since the epoch");
    if (is_event(reader)) {
        reader->names[reader->count++] = doc_str(doc_member(reader->root, "jobId"));
        buf_add(&reader->text, payload);
        reader->ends[0] = reader->text.n;
        return REJECT_NONE;
    }
    enum reject code = take_all(reader, why);
    for (size_t i = 0; i < reader->count && code == REJECT_NONE; i++) {
        write_event(reader, reader->names[i]);
        reader->ends[i] = reader->text.n;
    }
    return code;
}

enum reject notice_decode(struct str payload, const struct notice_place *place, struct notice *ret,
                          struct why *why)
{
    struct doc *doc = NULL;
    struct notice_reader reader = {.place = place};
    *ret = (struct notice){0};
    enum err err = doc_parse(payload, LIMITS_COMMAND_BYTES, &doc, why);
    if (err != ERR_NONE)
        return err == ERR_NO_MEMORY ? REJECT_INTERNAL_ERROR : REJECT_INVALID_JSON;
    buf_init(&reader.text, EVENTS_BYTES_MAX);
    reader.root = doc_root(doc);
    enum reject code = read_root(&reader, payload, why);
    if (code == REJECT_NONE && reader.count > 0)
        code = keep(&reader, ret, why);
    buf_fini(&reader.text);
    doc_free(doc);
    return code;
}

void notice_free(struct notice *notice)
{
    free(notice->events);
    *notice = (struct notice){0};
}
