/*
 * Answers and events on their way to one broker: each post of each decided record is sent until the
 * broker acknowledges it, in order, a window at a time. After a lost link whatever was not
 * acknowledged is sent again.
 */
#ifndef BRIDGE_OUTBOX_H
#define BRIDGE_OUTBOX_H

#include "base/limits.h"
#include "bridge/outcome.h"
#include "bridge/spoken.h"

/* Whatever arrived, and an answer's last level; an accepted dry run repeats its command. */
#define OUTBOX_TOPIC_MAX   ((size_t)2 * UINT16_MAX)
#define OUTBOX_PAYLOAD_MAX ((size_t)4 * LIMITS_COMMAND_BYTES)

/* A broker that closes the link at a post would do so for ever. Once this many links were lost in a
 * row with posts under way and none acknowledged, posts go out one at a time ... */
#define OUTBOX_CAREFUL_LOSSES 2
/* ... and one that was alone under way at this many more losses is refused. */
#define OUTBOX_POISON_LOSSES 8

/* One post handed to the broker, or to be handed to it again. */
struct outbox_slot {
    struct record *record; /* NULL: free */
    unsigned index;
    bool is_in_flight;
    uint32_t round;      /* distinguishes successive users of the slot */
    uint64_t order;      /* of first sending: what is sent again keeps its order */
    unsigned lost_alone; /* links lost in careful times, with only this one under way */
};

struct outbox {
    const struct outcome_options *options;
    enum side to;
    struct spoken *spoken; /* learns of what is sent; NULL: nothing of it can come back */
    struct list parcels;   /* with posts not yet begun, in order of decision */
    struct outbox_slot slots[LIMITS_PUBLISH_WINDOW];
    size_t used;      /* slots that hold a record */
    size_t in_flight; /* of them, handed to the broker on this link */
    unsigned losses;  /* links lost since a post was acknowledged last, with posts under way */
    uint64_t next_order;
    struct buf topic;
    struct buf payload;
};

void outbox_init(struct outbox *outbox, const struct outcome_options *options, enum side to,
                 struct spoken *spoken);
/* Frees the records that are still in it, and in no other one. */
void outbox_fini(struct outbox *outbox);

/* Takes the posts [first, end) of a decided record, at least one. Its post_count is set. */
void outbox_add(struct outbox *outbox, struct record *record, unsigned first, unsigned end);

/* Sends what fits. What cannot be sent now (no memory, link lost meanwhile) is tried next time.
 * True: met a post that the broker will never take, whose id is due to outbox_delivered before the
 * rest is sent by another call. */
nodiscard bool outbox_send(struct outbox *outbox, const struct port_broker *broker,
                           uint64_t *ret_refused);

/* The broker has the post, or refused it for good (ERR_REFUSED). Returns the record if that was its
 * last, which then belongs to the caller; NULL otherwise, also for an id that is not in flight. */
struct record *outbox_delivered(struct outbox *outbox, uint64_t post_id, enum err err);

#define OUTBOX_REFUSAL_MAX 128

/* What of a record was refused for good, in words; something was. */
void outbox_refusal(const struct record *record, char *text, size_t max);

/* The link is gone: everything in flight is to be sent again. */
void outbox_lose(struct outbox *outbox);

bool outbox_is_empty(const struct outbox *outbox);

#endif
