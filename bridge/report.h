/* The bridge's log lines: one for each decided command, one for each pause before a retry, one when
 * the breaker opens or closes. */
#ifndef BRIDGE_REPORT_H
#define BRIDGE_REPORT_H

#include "bridge/breaker.h"
#include "bridge/record.h"

void report_decision(const struct record *record);
void report_retry(const struct record *record, const struct reply *reply, int64_t pause_ms);
void report_breaker(enum breaker_state state, const struct reply *reply);
void report_notice(const struct record *record);
void report_undelivered(const struct record *record, const char *refusal);

#endif
