#include "local/answer.h"

#include "base/chance.h"
#include "base/emit.h"
#include "local/member.h"

#include <stdio.h>

#define UUID_DIGITS 32

/* A random UUID: version 4, variant 10. */
static void add_request_id(struct server_response *response)
{
    static const char variants[] = "89ab";
    char hex[UUID_DIGITS + 1];
    char uuid[UUID_DIGITS + 5];
    chance_hex(hex, UUID_DIGITS);
    hex[12] = '4';
    hex[16] = variants[chance_below(4)];
    snprintf(uuid, sizeof uuid, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
             hex + 20);
    server_response_header(response, "x-amzn-RequestId", str_of(uuid));
}

void answer_done(struct server_response *response)
{
    response->status = 200;
    add_request_id(response);
}

static const char *message_of(enum fault fault, const struct why *why)
{
    if (fault == FAULT_INTERNAL_FAILURE)
        return "An unexpected error has occurred.";
    if (fault == FAULT_SERVICE_UNAVAILABLE)
        return "The service is temporarily unavailable.";
    return why->text;
}

static void start_fault(struct server_response *response, enum fault fault, struct emit *emit,
                        const struct why *why)
{
    response->status = fault_http_status(fault);
    server_response_header(response, "x-amzn-ErrorType", str_of(fault_name(fault)));
    add_request_id(response);
    buf_clear(&response->body);
    *emit = emit_to(&response->body);
    emit_object(emit, NULL);
    emit_text(emit, "message", message_of(fault, why));
}

void answer_fault(struct server_response *response, enum fault fault, const struct why *why)
{
    struct emit emit;
    start_fault(response, fault, &emit, why);
    emit_object_end(&emit);
}

void answer_exists(struct server_response *response, const struct why *why, const char *region,
                   struct str job)
{
    struct emit emit;
    start_fault(response, FAULT_RESOURCE_ALREADY_EXISTS, &emit, why);
    emit_str(&emit, "resourceId", job);
    member_job_arn(&emit, "resourceArn", region, job);
    emit_object_end(&emit);
}
