#include "daemon/loop.h"

#include "base/log.h"
#include "base/now.h"
#include "daemon/survey.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* The clean stop, within the 5 s that are promised: calls under way may end until the first mark,
 * answers may be delivered until the second, then the broker gets a DISCONNECT. */
#define STOP_CALLS_MS      3500
#define STOP_ANSWERS_MS    4200
#define STOP_DISCONNECT_MS 500
#define STOP_TURN_MS       100 /* no mark is missed by more */

/* The loop turns at least this often, so that its health can be told from outside. */
#define TURN_EVERY_MS INT64_C(1000)

/* Blocked in all threads, read from a descriptor: no handler, no global. */
static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Whether a signal that came asks to stop. */
static bool read_signals(int fd)
{
    struct signalfd_siginfo info;
    bool asks_to_stop = false;
    while (read(fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP)
            log_say(LOG_WARN, "signal", "SIGHUP: reloading is not built yet; restart instead");
        else
            asks_to_stop = true;
    }
    return asks_to_stop;
}

/* At most max_ms. */
static void wait_for_work(const struct wire *wire, int signals, int64_t max_ms)
{
    int64_t now_ms = now_mono_ms();
    struct pollfd fds[2] = {{.fd = signals, .events = POLLIN}};
    unsigned count = 1;
    int mqtt = wire_has_core(wire) ? mqtt_fd(wire->mqtt) : -1;
    if (mqtt >= 0) {
        fds[1].fd = mqtt;
        fds[1].events = mqtt_wants_write(wire->mqtt) ? POLLIN | POLLOUT : POLLIN;
        count = 2;
    }
    int64_t dues[] = {wire_due_ms(wire) - now_ms, supervisor_due_ms(&wire->supervisor) - now_ms};
    int64_t timeout_ms = max_ms;
    for (size_t i = 0; i < COUNT_OF(dues); i++)
        timeout_ms = dues[i] < timeout_ms ? dues[i] : timeout_ms;
    http_wait(wire->http, fds, count, timeout_ms > 0 ? timeout_ms : 0);
}

static void serve(struct wire *wire, int signals)
{
    while (!read_signals(signals)) {
        wire_turn(wire);
        supervisor_turn(&wire->supervisor, &wire->facts);
        wait_for_work(wire, signals, TURN_EVERY_MS);
    }
}

/* Without a link no answer can be delivered, and connecting again would only take time. */
static bool is_worth_waiting(const struct wire *wire, int64_t elapsed_ms)
{
    if (bridge_is_idle(wire->bridge) || elapsed_ms >= STOP_ANSWERS_MS)
        return false;
    return mqtt_is_up(wire->mqtt) || bridge_books(wire->bridge).in_flight > 0;
}

static void turn_to_stop(struct wire *wire)
{
    if (mqtt_is_up(wire->mqtt))
        mqtt_turn(wire->mqtt);
    wire_turn_http(wire);
    caller_turn(wire->caller);
    bridge_turn(wire->bridge);
    mqtt_flush(wire->mqtt);
    survey_turn(wire);
    supervisor_turn(&wire->supervisor, &wire->facts);
}

static void stop(struct wire *wire, int signals)
{
    int64_t began_ms = now_mono_ms();
    wire->facts.is_stopping = true;
    survey_turn(wire);
    supervisor_turn(&wire->supervisor, &wire->facts);
    if (!wire_has_core(wire))
        return; /* the journal has failed: it keeps what it has */
    log_say(LOG_INFO, "stopping", "%llu commands wait, %llu are in a call",
            (unsigned long long)bridge_books(wire->bridge).waiting,
            (unsigned long long)bridge_books(wire->bridge).in_flight);
    bridge_stop(wire->bridge);
    int64_t elapsed_ms = 0;
    while (is_worth_waiting(wire, elapsed_ms)) {
        turn_to_stop(wire);
        wait_for_work(wire, signals, STOP_TURN_MS);
        read_signals(signals);
        elapsed_ms = now_mono_ms() - began_ms;
        if (elapsed_ms >= STOP_CALLS_MS)
            bridge_abandon(wire->bridge);
    }
    bool is_clean = bridge_is_idle(wire->bridge);
    bridge_turn(wire->bridge); /* commits that the last answers are delivered */
    const char *reason;
    if (bridge_is_broken(wire->bridge, &reason))
        log_say(LOG_ERROR, "journal", "%s; the next start goes on from what it has", reason);
    mqtt_stop(wire->mqtt, STOP_DISCONNECT_MS);
    log_say(is_clean ? LOG_INFO : LOG_WARN, "stopped",
            is_clean ? "what waits is in the journal"
                     : "the broker did not take every answer in time; the journal keeps them");
}

int loop_run(const struct config *config)
{
    int signals = open_signals();
    if (signals < 0) {
        log_say(LOG_ERROR, "start", "no signal descriptor");
        return 1;
    }
    struct wire *wire = NULL;
    struct why why = {0};
    enum err err = wire_new(config, &wire, &why);
    if (err != ERR_NONE) {
        log_say(LOG_ERROR, "start", "%s", why.text);
    } else {
        serve(wire, signals);
        stop(wire, signals);
        wire_free(wire);
    }
    close(signals);
    return err == ERR_NONE ? 0 : 1;
}
