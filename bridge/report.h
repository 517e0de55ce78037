/* The bridge's log lines: one for each decided command, one for each pause before a retry. */
#ifndef BRIDGE_REPORT_H
#define BRIDGE_REPORT_H

#include "bridge/record.h"

void report_decision(const struct record *record);
void report_retry(const struct record *record, const struct reply *reply, int64_t pause_ms);
void report_undelivered(const struct record *record);

#endif
