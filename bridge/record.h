/*
 * One command from arrival to delivered answer: what it asks, where it stands, how it ended.
 *
 * Refused commands are records too: they are answered and counted like the others. So are notices,
 * which ask nothing: they are decided when they arrive, and become events.
 */
#ifndef BRIDGE_RECORD_H
#define BRIDGE_RECORD_H

#include "base/due.h"
#include "base/limits.h"
#include "base/list.h"
#include "bridge/port.h"
#include "jobs/command.h"
#include "jobs/notice.h"
#include "jobs/reject.h"
#include "topics/command_topic.h"

/* Where a command stands. The table of record_next says how it moves. */
enum record_state {
    RECORD_WAITING, /* taken in; its turn in its job's lane has not come */
    RECORD_CALLING, /* an UpdateJob call that carries it is under way */
    RECORD_PAUSING, /* the last call failed in a way that passes; again after a pause */
    RECORD_DECIDED, /* its answer is known; the broker does not have all of it yet */
    RECORD_DONE,    /* the broker has acknowledged answer and events */
    RECORD_STATE_COUNT
};

/* What moves it. */
enum record_event {
    RECORD_CALL,    /* its call starts */
    RECORD_ACCEPT,  /* the call was done, or a dry run was planned */
    RECORD_REFUSE,  /* refused: by a check, by AWS, or because the bridge stops */
    RECORD_RETRY,   /* the call failed in a way that passes */
    RECORD_SPLIT,   /* the call was refused, but several shared it: to be judged in smaller calls */
    RECORD_RESUME,  /* the pause is over */
    RECORD_EXPIRE,  /* its deadline passed before a call ended it */
    RECORD_DELIVER, /* the broker acknowledged the last of its posts */
    RECORD_EVENT_COUNT
};

/* The state after event, or RECORD_STATE_COUNT where the event cannot happen. */
enum record_state record_next(enum record_state state, enum record_event event);
const char *record_state_name(enum record_state state);

/* How it ended. */
struct outcome {
    enum reject code;      /* REJECT_NONE: accepted */
    char *text;            /* owns what the views point into; NULL when there is nothing */
    struct str field;      /* of a rejection; absent: none */
    struct str message;    /* of a rejection */
    struct str request_id; /* of the call that decided it; absent: there was none */
    int64_t retry_after_s; /* -1: none */
    int64_t decided_at_s;  /* wall clock */
    int64_t latency_ms;    /* from arrival to decision */
};

struct lane;
struct claim;
struct record;

/* The posts of a record that one broker gets. */
struct parcel {
    struct list_node node; /* in outbox: while some of them are still to be sent */
    struct record *record;
    unsigned next; /* the first that was never handed to the broker ... */
    unsigned end;  /* ... and behind the last */
};

struct record {
    uint64_t seq; /* arrival order */
    enum record_state state;
    enum side from;
    struct list_node lane_node; /* in schedule: until it is decided */
    struct due_node deadline;   /* in schedule: until it is decided */
    struct lane *lane;
    struct claim *claim; /* its sender's, to turns of the lane */

    struct str topic; /* as received; all views point behind the record, see record_new */
    struct str thing; /* absent: an operator */
    struct str job;   /* absent: the topic was refused */
    struct str namespace;
    struct str client_token;
    struct str response_topic; /* absent: answer on the default topic */
    struct str correlation;
    struct trace trace;
    struct str *targets; /* things to notify: the sender first, each once */
    size_t target_count;
    struct update update;
    struct notice notice; /* of a notice: what becomes of it; nothing, where it could not be read */
    bool is_notice;       /* otherwise a command */
    bool is_dry_run;
    bool is_repeat;      /* of a finished command: answered again as the journal has it, no more */
    uint64_t leader_seq; /* in followers: of the one whose ending is waited for */
    uint64_t ack_ticket; /* of a repeat: it is nowhere but here, so its PUBACK is held until its
                            answer is with the broker ... */
    unsigned ack_link;   /* ... and is good on this link only */
    int qos;

    int64_t arrived_ms; /* monotonic */
    int64_t arrived_us; /* the same, finer; to measure with */
    int64_t expires_ms; /* monotonic: the sender's own limit; DUE_NEVER: none */
    unsigned attempts;  /* calls started for it */
    unsigned shared_by; /* commands that shared its last call, itself included */
    unsigned share_max; /* commands that may share its next */
    bool is_in_doubt;   /* its last call was sent, perhaps, and not answered: to be looked into */
    enum fault last_fault; /* of its last failed call; FAULT_OK: none failed yet */
    bool may_be_applied;   /* a call for it ended without anybody knowing whether it took effect */

    struct outcome outcome;
    unsigned post_count; /* answer, notify events, dashboard event; of a notice, its events */
    struct parcel parcels[SIDE_COUNT];
    unsigned posts_delivered;
    unsigned posts_refused; /* of them, refused for good */
    bool is_answer_refused; /* the answer is one of them */
    enum err refusal;       /* of the last of them: ERR_REFUSED by the broker, or ERR_INVALID */
};

/* What a record is made of. The views are copied, behind the record, in one allocation. */
struct record_draft {
    const struct arrival *arrival;
    struct command_topic topic; /* views into arrival->topic, or absent */
    struct str namespace;       /* of the topic or the payload */
    struct str response_topic;  /* a valid one, or absent */
    struct str correlation;     /* one that can be echoed, or absent */
    struct trace trace;         /* a valid one, or absent */
    const struct command *command;
};

struct record *record_new(const struct record_draft *draft); /* NULL: out of memory */
void record_free(struct record *record);

/* Moves the record on; the event must be possible in its state. */
void record_move(struct record *record, enum record_event event);

/* Decides a waiting record as the journal says its command was decided. Out of memory leaves the
 * texts out. */
void record_recall(struct record *record, const struct ending *ending);

/* Copies the texts of an ending into the record. Out of memory leaves the texts out. */
void record_conclude(struct record *record, enum reject code, const struct why *why,
                     struct str request_id);

#endif
