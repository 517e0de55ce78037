/*
 * What systemd is told, on the loop thread: readiness, one line that says what is
 * going on, and that the loop still turns. Without systemd nobody is told anything.
 *
 *   READY=1     once: the link to the broker is up for the first time
 *   RELOADING=1 before a reload, and READY=1 behind it
 *   STOPPING=1  once, when it stops
 *   STATUS=     when it changes, but not twice within a second
 *   WATCHDOG=1  every half WATCHDOG_USEC, if systemd asks for it: only a loop that turns sends it
 */
#ifndef DAEMON_SUPERVISOR_H
#define DAEMON_SUPERVISOR_H

#include "daemon/snapshot.h"

#define SUPERVISOR_STATUS_MAX (WHY_TEXT_MAX + 128)

struct supervisor {
    bool was_ready;
    bool was_stopping;
    const char *untold;  /* readiness or its end, until it is told; NULL: nothing */
    int64_t retry_ms;    /* when that is tried again */
    int64_t patience_ms; /* until it is ready: when more time is asked for */
    int64_t watchdog_ms; /* between two pings; 0: nobody waits for any */
    int64_t ping_ms;     /* the next one */
    int64_t status_ms;   /* when the status may be told next */
    int64_t counted_ms;  /* when these were counted */
    uint64_t calls;
    char status[SUPERVISOR_STATUS_MAX]; /* as told last */
};

void supervisor_init(struct supervisor *supervisor);
/* Once a turn. Snapshot: of that turn. */
void supervisor_turn(struct supervisor *supervisor, const struct snapshot *snapshot);
/* Around a reload, which takes longer than a turn. */
void supervisor_reloads(const struct supervisor *supervisor);
void supervisor_has_reloaded(struct supervisor *supervisor);
int64_t supervisor_due_ms(const struct supervisor *supervisor); /* the next turn; DUE_NEVER */

/* The status; calls_per_second: as they leave. */
void supervisor_status(const struct snapshot *snapshot, double calls_per_second,
                       char ret[SUPERVISOR_STATUS_MAX]);

#endif
