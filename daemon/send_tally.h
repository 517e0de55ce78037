/* How the commands of one send ended, counted, and said to a person. */
#ifndef DAEMON_SEND_TALLY_H
#define DAEMON_SEND_TALLY_H

#include "base/buf.h"
#include "daemon/verb.h"
#include "jobs/reject.h"

struct send_tally {
    uint64_t accepted;
    uint64_t rejected[REJECT_COUNT]; /* by code; REJECT_NONE: a code that is not ours */
    uint64_t unanswered;             /* in time; or the broker did not take it */
    struct buf latencies;            /* uint32_t milliseconds, of each answer */
};

void send_tally_init(struct send_tally *tally);
void send_tally_fini(struct send_tally *tally);

void send_tally_accepted(struct send_tally *tally, int64_t latency_ms);
void send_tally_rejected(struct send_tally *tally, struct str code, int64_t latency_ms);
void send_tally_unanswered(struct send_tally *tally);

uint64_t send_tally_total(const struct send_tally *tally);

/* VERB_NO_ANSWER if one was not answered, else VERB_REFUSED if one was rejected, else VERB_OK. */
enum verb_exit send_tally_exit(const struct send_tally *tally);

/* "1200 accepted, 3 rejected (2 Forbidden, 1 InvalidRequest), 0 without an answer; latency p50 2
 * ms, p99 8 ms". Sorts the latencies. */
void send_tally_write(struct send_tally *tally, struct buf *out);

/* One line for a terminal, as wide as before or wider, with '\r' in front; total 0: not known. */
void send_tally_write_progress(const struct send_tally *tally, uint64_t total, int64_t elapsed_ms,
                               struct buf *out);

#endif
