/* How commands end: the decision noted, counted, logged, journaled, and handed to the outbox. */
#ifndef BRIDGE_ENDING_H
#define BRIDGE_ENDING_H

#include "bridge/inside.h"

/* Hands a decided record to the outboxes. */
void ending_post(struct bridge *bridge, struct record *record);

/* Of a record that never entered the schedule. The caller journals it. */
void ending_at_once(struct bridge *bridge, struct record *record, enum reject code,
                    const struct why *why);

/* Of a record in the schedule, and of those that follow it. */
void ending_settle(struct bridge *bridge, struct record *record, enum record_event event,
                   enum reject code, const struct why *why, struct str request_id);

/* Of every command of a call. */
void ending_of_call(struct bridge *bridge, struct record *first, enum record_event event,
                    enum reject code, const struct why *why, struct str request_id);

/* By its deadline, with the code of what kept it waiting. */
int64_t ending_deadline_ms(const struct bridge *bridge, const struct record *record);
void ending_by_time(struct bridge *bridge, struct record *record, enum record_event event,
                    int64_t now_ms);

/* By the clean stop, where there is no journal to keep it. */
void ending_by_stop(struct bridge *bridge, struct record *record);

#endif
