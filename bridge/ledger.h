/*
 * The bridge's side of the journal: records in, rows out, and one commit a turn before anything
 * leaves. Without a journal port it does nothing, successfully.
 *
 * The first failure breaks the ledger for good: nothing may leave the bridge any more, and it has
 * to be built anew from the journal.
 */
#ifndef BRIDGE_LEDGER_H
#define BRIDGE_LEDGER_H

#include "bridge/record.h"

/* Finished commands alone do not deserve a commit of their own at once. */
#define LEDGER_LAZY_MS 500

struct ledger {
    struct port_journal port;
    bool has_news;         /* something that must be durable before anything leaves */
    int64_t lazy_since_ms; /* monotonic: of the oldest change that may wait; DUE_NEVER: none */
    bool is_broken;
    struct why why; /* of a broken one */
};

void ledger_init(struct ledger *ledger, const struct port_journal *port);
bool ledger_has_journal(const struct ledger *ledger);
uint64_t ledger_next_seq(const struct ledger *ledger); /* 1 without a journal */

/* A payload that is too long was refused for that alone, and nobody will read it again; one that is
 * empty may be a view of nothing. The journal keeps an empty one, not an absent one, for both. */
bool ledger_keeps_payload(const struct arrival *arrival);

/* The command that this arrival repeats, or ERR_NOT_FOUND. The views live until the next call. */
nodiscard enum err ledger_find(struct ledger *ledger, const struct record *record,
                               const struct arrival *arrival, int64_t wall_ms,
                               struct journal_entry *ret);

/* What arrived, from what the journal kept of it. The views are the entry's. */
struct arrival ledger_arrival(const struct journal_entry *entry);

/* How a decided record ended, as the journal notes it. The views are the record's. */
struct ending ledger_ending(const struct record *record);

/* Each notes one step of a record (of none whose seq is 0: it is not in the journal); arrival is
 * what the record was made of. */
void ledger_take(struct ledger *ledger, const struct record *record, const struct arrival *arrival,
                 int64_t wall_ms);
void ledger_decide(struct ledger *ledger, const struct record *record);
void ledger_finish(struct ledger *ledger, const struct record *record, int64_t mono_ms);
void ledger_bury(struct ledger *ledger, const struct record *record, int64_t wall_ms,
                 const char *reason);

bool ledger_has_room(const struct ledger *ledger);

/* Makes what must be durable durable (and the rest too if it is due or forced). False: nothing may
 * leave. */
bool ledger_commit(struct ledger *ledger, int64_t mono_ms, int64_t wall_ms, bool is_forced);
int64_t ledger_due_ms(const struct ledger *ledger); /* when a commit is due at the latest */

#endif
