#include "daemon/supervisor.h"

#include "base/due.h"
#include "base/log.h"
#include "base/now.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define STATUS_EVERY_MS 1000
/* How much start-up time systemd is asked to grant while the broker is not there yet, and how often
 * it is asked. */
#define PATIENCE          "EXTEND_TIMEOUT_USEC=30000000"
#define PATIENCE_EVERY_MS 10000

#define MESSAGE_MAX (SUPERVISOR_STATUS_MAX + 16)

/* As sd_notify does it, but for one thing: that waits until the message fits, and a supervisor that
 * does not listen must not hold up the loop. False: told nobody. */
static bool tell(const char *text)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const char *path = getenv("NOTIFY_SOCKET");
    size_t n = path != NULL ? strlen(path) : 0;
    if (n < 2 || n >= sizeof to.sun_path || (path[0] != '/' && path[0] != '@'))
        return false;
    memcpy(to.sun_path, path, n);
    if (path[0] == '@') /* a name in the abstract namespace has no end of its own */
        to.sun_path[0] = '\0';
    socklen_t to_n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (path[0] == '/'));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    ssize_t sent = sendto(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
                          (const struct sockaddr *)&to, to_n);
    close(fd);
    return sent >= 0;
}

void supervisor_init(struct supervisor *supervisor)
{
    uint64_t watchdog_us = 0;
    *supervisor = (struct supervisor){0};
    if (sd_watchdog_enabled(0, &watchdog_us) > 0)
        supervisor->watchdog_ms = watchdog_us >= 2000 ? (int64_t)(watchdog_us / 2000) : 1;
}

static void say_slow(const struct bridge_speed *speed, char *text, size_t max)
{
    text[0] = '\0';
    if (speed->rate < speed->configured)
        snprintf(text, max, ", slowed down to %.1f", speed->rate);
}

static bool is_away(const struct snapshot_link *link)
{
    return link->broker[0] != '\0' && !link->is_connected;
}

void supervisor_status(const struct snapshot *snapshot, double calls_per_second,
                       char ret[SUPERVISOR_STATUS_MAX])
{
    const size_t max = SUPERVISOR_STATUS_MAX;
    uint64_t waiting = snapshot->books.waiting;
    char slow[48];
    say_slow(&snapshot->speed, slow, sizeof slow);
    if (snapshot->is_stopping)
        snprintf(ret, max, "Stopping: %" PRIu64 " commands in a call", snapshot->books.in_flight);
    else if (!snapshot->has_journal)
        snprintf(ret, max, "Taking nothing in, the journal fails: %s", snapshot->journal_problem);
    else if (!snapshot->links[SIDE_LOCAL].is_connected)
        snprintf(ret, max, "Waiting for the MQTT broker: %s", snapshot->links[SIDE_LOCAL].problem);
    else if (snapshot->lacks_credentials)
        snprintf(ret, max, "Calls cannot be signed, %" PRIu64 " waiting: %s", waiting,
                 snapshot->credentials_problem);
    else if (snapshot->breaker != BREAKER_CLOSED)
        snprintf(ret, max, "The Jobs endpoint does not work, %" PRIu64 " waiting: %s", waiting,
                 fault_name(snapshot->last_fault));
    else
        snprintf(ret, max, "%s: %" PRIu64 " waiting, %.1f calls/s%s%s",
                 snapshot->is_full ? "Full, commands are left with the broker" : "Taking commands",
                 waiting, calls_per_second, slow,
                 is_away(&snapshot->links[SIDE_UPSTREAM]) ? ", no link upstream" : "");
}

static double count_calls(struct supervisor *supervisor, const struct snapshot *snapshot)
{
    int64_t elapsed_ms = snapshot->taken_mono_ms - supervisor->counted_ms;
    uint64_t calls = snapshot->books.calls - supervisor->calls;
    supervisor->counted_ms = snapshot->taken_mono_ms;
    supervisor->calls = snapshot->books.calls;
    return elapsed_ms > 0 ? (double)calls * 1000 / (double)elapsed_ms : 0;
}

static void tell_status(struct supervisor *supervisor, const struct snapshot *snapshot)
{
    char status[SUPERVISOR_STATUS_MAX];
    if (snapshot->taken_mono_ms < supervisor->status_ms)
        return;
    supervisor->status_ms = snapshot->taken_mono_ms + STATUS_EVERY_MS;
    supervisor_status(snapshot, count_calls(supervisor, snapshot), status);
    if (strcmp(status, supervisor->status) == 0)
        return;
    char text[MESSAGE_MAX];
    snprintf(text, sizeof text, "STATUS=%s", status);
    if (tell(text))
        memcpy(supervisor->status, status, sizeof status);
}

static void note_ready(struct supervisor *supervisor, const struct snapshot *snapshot)
{
    int64_t now_ms = snapshot->taken_mono_ms;
    if (snapshot->links[SIDE_LOCAL].is_connected) {
        supervisor->was_ready = true;
        supervisor->untold = "READY=1";
        log_say(LOG_INFO, "ready", "%lld ms after the start",
                (long long)(now_ms - snapshot->started_mono_ms));
    } else if (now_ms >= supervisor->patience_ms) {
        supervisor->patience_ms = now_ms + PATIENCE_EVERY_MS;
        (void)tell(PATIENCE);
    }
}

/* What must not be lost is told again with the next status. */
static void tell_untold(struct supervisor *supervisor, int64_t now_ms)
{
    if (supervisor->untold == NULL || now_ms < supervisor->retry_ms)
        return;
    supervisor->retry_ms = now_ms + STATUS_EVERY_MS;
    if (tell(supervisor->untold))
        supervisor->untold = NULL;
}

void supervisor_turn(struct supervisor *supervisor, const struct snapshot *snapshot)
{
    int64_t now_ms = snapshot->taken_mono_ms;
    if (!supervisor->was_ready)
        note_ready(supervisor, snapshot);
    if (snapshot->is_stopping && !supervisor->was_stopping) {
        supervisor->was_stopping = true;
        supervisor->untold = "STOPPING=1";
        supervisor->retry_ms = now_ms;
    }
    tell_untold(supervisor, now_ms);
    tell_status(supervisor, snapshot);
    if (supervisor->watchdog_ms == 0 || now_ms < supervisor->ping_ms)
        return;
    supervisor->ping_ms = now_ms + supervisor->watchdog_ms;
    (void)tell("WATCHDOG=1");
}

void supervisor_reloads(const struct supervisor *supervisor)
{
    char text[MESSAGE_MAX];
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, now_mono_us());
    if (supervisor->was_ready)
        (void)tell(text);
}

void supervisor_has_reloaded(struct supervisor *supervisor)
{
    if (supervisor->was_ready)
        supervisor->untold = "READY=1";
}

int64_t supervisor_due_ms(const struct supervisor *supervisor)
{
    return supervisor->watchdog_ms > 0 ? supervisor->ping_ms : DUE_NEVER;
}
