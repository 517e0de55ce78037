#include "jobs/update.h"

#include "base/emit.h"
#include "base/limits.h"
#include "jobs/model.h"

#include <stdlib.h>

static const char *const names[UPDATE_MEMBER_COUNT] = {
    [UPDATE_ABORT_CONFIG] = "abortConfig",
    [UPDATE_DESCRIPTION] = "description",
    [UPDATE_JOB_EXECUTIONS_RETRY_CONFIG] = "jobExecutionsRetryConfig",
    [UPDATE_JOB_EXECUTIONS_ROLLOUT_CONFIG] = "jobExecutionsRolloutConfig",
    [UPDATE_PRESIGNED_URL_CONFIG] = "presignedUrlConfig",
    [UPDATE_TIMEOUT_CONFIG] = "timeoutConfig",
};

const char *update_member_name(enum update_member member)
{
    return names[member];
}

bool update_has_member_named(struct str name)
{
    return shape_find(&model_update_job, name) != NULL;
}

/* Copies the members' texts, which may lie anywhere, into one allocation. */
static enum err own(const struct str member[static UPDATE_MEMBER_COUNT], struct update *ret)
{
    size_t n = 0;
    for (int i = 0; i < UPDATE_MEMBER_COUNT; i++)
        n += member[i].n;
    struct update update = {.text = malloc(n > 0 ? n : 1)};
    if (update.text == NULL)
        return ERR_NO_MEMORY;
    char *at = update.text;
    for (int i = 0; i < UPDATE_MEMBER_COUNT; i++) {
        if (str_is_absent(member[i]))
            continue;
        memcpy(at, member[i].p, member[i].n);
        update.member[i] = (struct str){at, member[i].n};
        at += member[i].n;
    }
    *ret = update;
    return ERR_NONE;
}

enum err update_take(struct doc_node object, struct update *ret, struct why *why)
{
    struct buf text;
    buf_init(&text, LIMITS_REQUEST_BYTES);
    size_t ends[UPDATE_MEMBER_COUNT];
    for (int i = 0; i < UPDATE_MEMBER_COUNT; i++) {
        doc_write(doc_member(object, names[i]), &text);
        ends[i] = text.n;
    }
    enum err err = buf_err(&text);
    if (err == ERR_FULL)
        err = why_set(why, ERR_INVALID, NULL, "the update is longer than %d bytes",
                      LIMITS_REQUEST_BYTES);
    struct str member[UPDATE_MEMBER_COUNT] = {0};
    for (size_t i = 0, start = 0; i < UPDATE_MEMBER_COUNT; start = ends[i++])
        if (ends[i] > start)
            member[i] = (struct str){text.p + start, ends[i] - start};
    if (err == ERR_NONE)
        err = own(member, ret);
    buf_fini(&text);
    return err;
}

enum err update_decode(struct doc_node object, struct update *ret, struct why *why)
{
    enum err err = shape_check_known(&model_update_job, object, why);
    return err != ERR_NONE ? err : update_take(object, ret, why);
}

void update_free(struct update *update)
{
    free(update->text);
    *update = (struct update){0};
}

bool update_is_empty(const struct update *update)
{
    for (int i = 0; i < UPDATE_MEMBER_COUNT; i++)
        if (!str_is_absent(update->member[i]))
            return false;
    return true;
}

enum err update_merge(struct update *into, const struct update *later)
{
    struct str member[UPDATE_MEMBER_COUNT];
    for (int i = 0; i < UPDATE_MEMBER_COUNT; i++)
        member[i] = str_is_absent(later->member[i]) ? into->member[i] : later->member[i];
    struct update merged;
    enum err err = own(member, &merged);
    if (err != ERR_NONE)
        return err;
    update_free(into);
    *into = merged;
    return ERR_NONE;
}

void update_lay_over(struct update *view, const struct update *later)
{
    for (int i = 0; i < UPDATE_MEMBER_COUNT; i++)
        if (!str_is_absent(later->member[i]))
            view->member[i] = later->member[i];
}

bool update_is_judged_by_value(enum update_member member)
{
    return member == UPDATE_JOB_EXECUTIONS_RETRY_CONFIG || member == UPDATE_PRESIGNED_URL_CONFIG;
}

size_t update_bytes(const struct update *update)
{
    size_t n = 0;
    for (int i = 0; i < UPDATE_MEMBER_COUNT; i++)
        n += update->member[i].n;
    return n;
}

void update_write(const struct update *update, struct buf *out)
{
    struct emit emit = emit_to(out);
    emit_object(&emit, NULL);
    for (int i = 0; i < UPDATE_MEMBER_COUNT; i++)
        emit_raw(&emit, names[i], update->member[i]);
    emit_object_end(&emit);
}
