#include "bridge/report.h"

#include "base/log.h"

static void log_ids(struct log_line *line, const struct record *record)
{
    if (str_is_absent(record->job))
        log_str(line, "topic", record->topic);
    log_str(line, "thing", record->thing);
    log_str(line, "job", record->job);
    log_str(line, "namespace", record->namespace);
    log_str(line, "client_token", record->client_token);
    log_str(line, "trace_id", trace_id(&record->trace));
    log_str(line, "parent_span_id", trace_parent_id(&record->trace));
}

void report_decision(const struct record *record)
{
    const struct outcome *outcome = &record->outcome;
    bool is_accepted = outcome->code == REJECT_NONE;
    struct log_line line;
    log_start(&line, LOG_INFO, is_accepted ? "accepted" : "rejected");
    log_ids(&line, record);
    if (!is_accepted) {
        log_text(&line, "code", reject_name(outcome->code));
        log_str(&line, "field", outcome->field);
        log_str(&line, "msg", outcome->message);
    }
    log_str(&line, "request_id", outcome->request_id);
    log_int(&line, "attempts", record->attempts);
    log_int(&line, "latency_ms", outcome->latency_ms);
    if (record->is_dry_run)
        log_text(&line, "dry_run", "yes");
    if (record->is_repeat)
        log_text(&line, "repeat", "answered again, not called again");
    if (record->qos == 0)
        log_text(&line, "delivery", "best effort, it came at QoS 0");
    log_end(&line);
}

void report_retry(const struct record *record, const struct reply *reply, int64_t pause_ms)
{
    struct log_line line;
    log_start(&line, LOG_WARN, "retry");
    log_ids(&line, record);
    log_text(&line, "fault", fault_name(reply->fault));
    log_int(&line, "status", reply->http_status);
    log_str(&line, "msg", reply->message);
    log_int(&line, "attempts", record->attempts);
    log_int(&line, "pause_ms", pause_ms);
    if (reply->retry_after_ms > pause_ms)
        log_int(&line, "asked_ms", reply->retry_after_ms);
    log_end(&line);
}

void report_breaker(enum breaker_state state, const struct reply *reply)
{
    bool is_closed = state == BREAKER_CLOSED;
    struct log_line line;
    log_start(&line, is_closed ? LOG_INFO : LOG_ERROR, "breaker");
    log_text(&line, "state", breaker_state_name(state));
    log_text(&line, "fault", is_closed ? NULL : fault_name(reply->fault));
    log_text(&line, "msg",
             is_closed ? "the endpoint works again"
                       : "the endpoint is down: calls rest but for probes");
    log_end(&line);
}

void report_notice(const struct record *record)
{
    bool is_known = record->outcome.code == REJECT_NONE;
    struct log_line line;
    log_start(&line, is_known ? LOG_INFO : LOG_WARN, is_known ? "noticed" : "notice_unread");
    log_str(&line, "topic", record->topic);
    log_str(&line, "thing", record->thing);
    log_str(&line, "namespace", record->namespace);
    if (is_known)
        log_int(&line, "jobs", (int64_t)record->notice.count);
    else
        log_str(&line, "msg", record->outcome.message);
    log_end(&line);
}

void report_undelivered(const struct record *record, const char *refusal)
{
    struct log_line line;
    log_start(&line, LOG_ERROR, "undelivered");
    log_ids(&line, record);
    log_text(&line, "msg", refusal);
    log_end(&line);
}
