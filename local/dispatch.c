#include "local/dispatch.h"

#include "base/limits.h"
#include "base/log.h"
#include "local/answer.h"
#include "local/percent.h"
#include "local/route.h"
#include "local/start.h"

#define NAMES_BYTES_MAX 1024

/* Where the identifiers of a path are decoded to. */
struct names {
    char text[NAMES_BYTES_MAX];
    size_t used;
};

/* Decodes and checks an identifier; one that the path doesn't have stays absent. */
static enum err read_name(const char *name, struct str raw, const struct pattern *pattern,
                          size_t length_max, struct names *names, struct str *ret, struct why *why)
{
    if (str_is_absent(raw))
        return ERR_NONE;
    struct str decoded;
    if (!percent_decode(raw, names->text + names->used, sizeof names->text - names->used, &decoded))
        return query_refuse(why, name, raw, "satisfy regular expression pattern: %s",
                            pattern->text);
    names->used += decoded.n;
    enum err err = query_check_id(name, decoded, length_max, pattern, why);
    if (err == ERR_NONE)
        *ret = decoded;
    return err;
}

static enum err read_number(struct str raw, int64_t *ret, struct why *why)
{
    if (str_is_absent(raw) || str_to_int(raw, 0, INT64_MAX, ret))
        return ERR_NONE;
    return query_refuse(why, "executionNumber", raw, "be an integer of at least 0");
}

static enum err read_params(const struct route_match *match, const struct server_request *request,
                            struct names *names, struct ask *ask, struct why *why)
{
    enum err err = read_name("thingName", match->thing, &pattern_thing_name, LIMITS_THING_NAME,
                             names, &ask->thing, why);
    if (err == ERR_NONE)
        err = read_name("jobId", match->job, &pattern_id, LIMITS_JOB_ID, names, &ask->job, why);
    if (err == ERR_NONE)
        err = read_number(match->number, &ask->number, why);
    if (err == ERR_NONE)
        err = query_parse(request->query, match->route->params, &ask->query, why);
    return err;
}

/* Opens the transaction of a request, for writing also when a scheduled job has to start. */
static enum err begin(const struct dispatch *dispatch, enum store_access access, struct ask *ask,
                      struct why *why)
{
    enum err err = store_begin(dispatch->store, access, why);
    if (err != ERR_NONE || !start_has_due(ask))
        return err;
    if (access == STORE_READ) {
        store_rollback(dispatch->store);
        err = store_begin(dispatch->store, STORE_WRITE, why);
    }
    return err == ERR_NONE ? start_all_due(ask, why) : err;
}

static enum fault run(const struct dispatch *dispatch, const struct route *route, struct ask *ask,
                      struct why *why)
{
    enum fault fault = ask_fault(begin(dispatch, route->access, ask, why));
    if (fault == FAULT_OK)
        fault = route->run(ask, why);
    if (fault == FAULT_OK)
        fault = ask_fault(store_commit(dispatch->store, why));
    if (fault != FAULT_OK)
        store_rollback(dispatch->store);
    return fault;
}

static void log_failure(const struct route *route, enum fault fault, const struct why *why)
{
    struct log_line line;
    log_start(&line, LOG_ERROR, "local_request_failed");
    log_text(&line, "operation", route->operation);
    log_text(&line, "answer", fault_name(fault));
    log_text(&line, "msg", why->text);
    log_end(&line);
}

static void answer(const struct route *route, const struct ask *ask, enum fault fault,
                   const struct why *why, struct server_response *response)
{
    if (fault == FAULT_OK) {
        answer_done(response);
        return;
    }
    if (fault == FAULT_INTERNAL_FAILURE || fault == FAULT_SERVICE_UNAVAILABLE)
        log_failure(route, fault, why);
    if (fault == FAULT_RESOURCE_ALREADY_EXISTS)
        answer_exists(response, why, ask->region, ask->job);
    else
        answer_fault(response, fault, why);
}

void dispatch_request(const struct dispatch *dispatch, int64_t now_ms,
                      const struct server_request *request, struct server_response *response)
{
    struct why why = {0};
    struct route_match match;
    if (!route_find(str_of(request->method), request->path, &match)) {
        (void)why_set(&why, ERR_NOT_FOUND, NULL, "Not Found");
        answer_fault(response, FAULT_RESOURCE_NOT_FOUND, &why);
        return;
    }
    struct names names = {.used = 0};
    struct ask ask = {
        .jobs = dispatch->jobs,
        .executions = dispatch->executions,
        .region = dispatch->region,
        .now_ms = now_ms,
        .number = -1,
        .body = request->body,
        .out = &response->body,
    };
    enum fault fault = ask_fault(read_params(&match, request, &names, &ask, &why));
    if (fault == FAULT_OK)
        fault = run(dispatch, match.route, &ask, &why);
    answer(match.route, &ask, fault, &why, response);
}
