#include "local/member.h"

#include "base/limits.h"

#include <stdio.h>

#define ARN_MAX 512 /* region and account are short, names have LIMITS_THING_NAME at most */

void member_time(struct emit *emit, const char *key, int64_t ms)
{
    if (ms < 0)
        return;
    char text[32];
    int n =
        snprintf(text, sizeof text, "%lld.%03lld", (long long)(ms / 1000), (long long)(ms % 1000));
    emit_raw(emit, key, (struct str){text, (size_t)n});
}

static void arn(struct emit *emit, const char *key, const char *region, const char *kind,
                struct str name)
{
    char text[ARN_MAX];
    snprintf(text, sizeof text, "arn:aws:iot:%s:" MEMBER_ACCOUNT ":%s/%.*s", region, kind,
             STR_ARG(name));
    emit_text(emit, key, text);
}

void member_job_arn(struct emit *emit, const char *key, const char *region, struct str job)
{
    arn(emit, key, region, "job", job);
}

void member_thing_arn(struct emit *emit, const char *key, const char *region, struct str thing)
{
    arn(emit, key, region, "thing", thing);
}

void member_job(struct buf *out, const char *region, struct str job, struct str description)
{
    struct emit emit = emit_to(out);
    emit_object(&emit, NULL);
    member_job_arn(&emit, "jobArn", region, job);
    emit_str(&emit, "jobId", job);
    emit_raw(&emit, "description", description);
    emit_object_end(&emit);
}

void member_execution_summary(struct emit *emit, const struct execution_record *execution)
{
    emit_object(emit, "jobExecutionSummary");
    emit_text(emit, "status", status_execution_name(execution->status));
    member_time(emit, "queuedAt", execution->queued_ms);
    member_time(emit, "startedAt", execution->started_ms);
    member_time(emit, "lastUpdatedAt", execution->updated_ms);
    emit_int(emit, "executionNumber", execution->number);
    emit_object_end(emit);
}
