/*
 * What the loop thread knows, for the admin thread: one consistent moment, plain data.
 *
 * The loop publishes a snapshot at the end of each turn, and the reader looks at the newest one
 * whole for as long as it likes. Neither ever waits for the other: of three copies one is being
 * written, one is the newest, and one is being read. One thread publishes, one thread reads.
 */
#ifndef DAEMON_SNAPSHOT_H
#define DAEMON_SNAPSHOT_H

#include "bridge/bridge.h"
#include "http/caller.h"
#include "mqtt/mqtt.h"
#include "store/journal.h"

#include <stdatomic.h>

#define SNAPSHOT_ADDRESS_MAX 304 /* of URLs; the configuration takes no longer ones */
#define SNAPSHOT_REGION_MAX  40

/* One link to a broker. */
struct snapshot_link {
    char broker[SNAPSHOT_ADDRESS_MAX]; /* as configured; "": there is no such link */
    bool is_connected;                 /* and subscribed */
    char problem[WHY_TEXT_MAX];        /* why not; "" otherwise */
    struct mqtt_stats stats;
};

/* In a snapshot of zeroes nothing is known yet. Times end in the clock they are of: mono is
 * now_mono_ms. Counters never go back within a run; those of received, accepted and rejected
 * commands go on from run to run, as the journal does. */
struct snapshot {
    /* As configured; a reload may change them. */
    char endpoint[SNAPSHOT_ADDRESS_MAX];
    char region[SNAPSHOT_REGION_MAX];
    struct partition partition;

    int64_t taken_mono_ms;   /* at the end of the last turn; 0: there was none */
    int64_t started_mono_ms; /* the run */
    int64_t started_at_s;    /* epoch */
    bool is_stopping;

    bool has_journal; /* it works; otherwise books and journal are as they were when it last did */
    bool is_full;     /* takes in no more for now */
    struct bridge_books books; /* received = accepted + rejected + waiting + in_flight */
    struct bridge_latency latency;
    struct bridge_speed speed;
    enum breaker_state breaker;
    struct journal_stats journal;
    uint64_t dead_letters;              /* in the journal, as counted now and then */
    char journal_problem[WHY_TEXT_MAX]; /* why it does not work; "" otherwise */

    struct caller_stats calls;
    enum fault last_fault; /* of the last call that did not work; FAULT_OK: none failed yet */

    struct snapshot_link links[SIDE_COUNT];

    bool has_credentials;
    bool lacks_credentials;                 /* there are none, and asking for them has failed */
    int64_t credentials_expire_at_s;        /* epoch; -1: never, or there are none */
    char credentials_problem[WHY_TEXT_MAX]; /* why there are none; "" otherwise */
};

/* By snapshot_init a snapshot of zeroes is the newest. */
struct snapshot_exchange {
    struct snapshot copies[3];
    _Atomic unsigned newest; /* index, and whether the reader has not seen it */
    unsigned writing;        /* index; the publisher's */
    unsigned reading;        /* index; the reader's */
};

void snapshot_init(struct snapshot_exchange *exchange);
void snapshot_publish(struct snapshot_exchange *exchange, const struct snapshot *snapshot);

/* The newest one; stays as it is until the next call. */
const struct snapshot *snapshot_latest(struct snapshot_exchange *exchange);

#endif
