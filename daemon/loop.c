#include "daemon/loop.h"

#include "base/log.h"
#include "base/now.h"
#include "daemon/reload.h"
#include "daemon/survey.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* The clean stop, within the 5 s that are promised, and that of the core before a reload: calls
 * under way may end until the first mark, answers may be delivered until the second, then the
 * broker gets a DISCONNECT. */
#define STOP_CALLS_MS      3500
#define STOP_ANSWERS_MS    4200
#define STOP_DISCONNECT_MS 350 /* for each broker */
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

struct loop {
    struct wire *wire;
    const char *file;
    int signals;
    bool must_stop;   /* SIGTERM or SIGINT came */
    bool must_reload; /* SIGHUP came */
};

static void read_signals(struct loop *loop)
{
    struct signalfd_siginfo info;
    while (read(loop->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP)
            loop->must_reload = true;
        else
            loop->must_stop = true;
    }
}

/* At most max_ms. */
static void wait_for_work(const struct loop *loop, int64_t max_ms)
{
    const struct wire *wire = loop->wire;
    int64_t now_ms = now_mono_ms();
    struct pollfd fds[1 + SIDE_COUNT] = {{.fd = loop->signals, .events = POLLIN}};
    unsigned count = 1;
    for (enum side side = 0; side < SIDE_COUNT; side++) {
        const struct mqtt *mqtt = wire->links[side];
        if (mqtt == NULL || mqtt_fd(mqtt) < 0)
            continue;
        fds[count].fd = mqtt_fd(mqtt);
        fds[count++].events = mqtt_wants_write(mqtt) ? POLLIN | POLLOUT : POLLIN;
    }
    int64_t dues[] = {wire_due_ms(wire) - now_ms, supervisor_due_ms(&wire->supervisor) - now_ms};
    int64_t timeout_ms = max_ms;
    for (size_t i = 0; i < COUNT_OF(dues); i++)
        timeout_ms = dues[i] < timeout_ms ? dues[i] : timeout_ms;
    http_wait(wire->plan->http, fds, count, timeout_ms > 0 ? timeout_ms : 0);
}

/* Without a link no answer can be delivered, and none will come. */
static bool is_worth_waiting(const struct wire *wire, int64_t elapsed_ms)
{
    if (bridge_is_idle(wire->bridge) || elapsed_ms >= STOP_ANSWERS_MS)
        return false;
    if (bridge_books(wire->bridge).in_flight > 0)
        return true;
    for (enum side side = 0; side < SIDE_COUNT; side++)
        if (wire->links[side] != NULL && mqtt_is_up(wire->links[side]) &&
            bridge_owes(wire->bridge, side))
            return true;
    return false;
}

static void turn_to_stop(struct wire *wire)
{
    for (enum side side = 0; side < SIDE_COUNT; side++)
        if (wire->links[side] != NULL)
            mqtt_turn(wire->links[side]);
    wire_turn_http(wire);
    wire_turn_bridge(wire);
    survey_turn(wire);
    supervisor_turn(&wire->supervisor, &wire->facts);
}

/* Takes no more commands, lets calls end and answers be delivered as far as there is time, and
 * disconnects. Whether all of it was done. */
static bool drain(struct loop *loop)
{
    struct wire *wire = loop->wire;
    int64_t began_ms = now_mono_ms();
    int64_t elapsed_ms = 0;
    bridge_stop(wire->bridge);
    for (enum side side = 0; side < SIDE_COUNT; side++)
        if (wire->links[side] != NULL)
            mqtt_stay_down(wire->links[side]);
    while (is_worth_waiting(wire, elapsed_ms)) {
        turn_to_stop(wire);
        wait_for_work(loop, STOP_TURN_MS);
        read_signals(loop);
        elapsed_ms = now_mono_ms() - began_ms;
        if (elapsed_ms >= STOP_CALLS_MS)
            bridge_abandon(wire->bridge);
    }
    bool is_clean = bridge_is_idle(wire->bridge);
    bridge_turn(wire->bridge); /* commits that the last answers are delivered */
    const char *reason;
    if (bridge_is_broken(wire->bridge, &reason))
        log_say(LOG_ERROR, "journal", "%s; the next start goes on from what it has", reason);
    for (enum side side = 0; side < SIDE_COUNT; side++)
        if (wire->links[side] != NULL)
            mqtt_stop(wire->links[side], STOP_DISCONNECT_MS);
    survey_turn(wire); /* nobody is to read that the links are up while the next ones come */
    return is_clean;
}

/* The core is stopped as the service is, and built anew from the journal: one way for everything
 * that can change. What comes meanwhile stays with the broker. */
static void reload(struct loop *loop)
{
    loop->must_reload = false;
    if (!wire_has_core(loop->wire)) {
        log_say(LOG_ERROR, "reload", "refused while the journal does not work");
        return;
    }
    supervisor_reloads(&loop->wire->supervisor);
    struct plan *plan = reload_plan(loop->wire, loop->file);
    if (plan != NULL) {
        drain(loop);
        reload_adopt(loop->wire, plan);
    }
    supervisor_has_reloaded(&loop->wire->supervisor);
}

static void serve(struct loop *loop)
{
    struct wire *wire = loop->wire;
    for (read_signals(loop); !loop->must_stop; read_signals(loop)) {
        if (loop->must_reload)
            reload(loop);
        wire_turn(wire);
        supervisor_turn(&wire->supervisor, &wire->facts);
        wait_for_work(loop, TURN_EVERY_MS);
    }
}

static void stop(struct loop *loop)
{
    struct wire *wire = loop->wire;
    wire->facts.is_stopping = true;
    survey_turn(wire);
    supervisor_turn(&wire->supervisor, &wire->facts);
    if (!wire_has_core(wire))
        return; /* the journal has failed: it keeps what it has */
    log_say(LOG_INFO, "stopping", "%llu commands wait, %llu are in a call",
            (unsigned long long)bridge_books(wire->bridge).waiting,
            (unsigned long long)bridge_books(wire->bridge).in_flight);
    bool is_clean = drain(loop);
    log_say(is_clean ? LOG_INFO : LOG_WARN, "stopped",
            is_clean ? "what waits is in the journal"
                     : "the broker did not take every answer in time; the journal keeps them");
}

int loop_run(struct config *config, const char *file)
{
    struct loop loop = {.file = file, .signals = open_signals()};
    struct why why = {0};
    if (loop.signals < 0) {
        config_free(config);
        log_say(LOG_ERROR, "start", "no signal descriptor");
        return 1;
    }
    enum err err = wire_new(config, &loop.wire, &why);
    if (err != ERR_NONE) {
        log_say(LOG_ERROR, "start", "%s", why.text);
    } else {
        serve(&loop);
        stop(&loop);
        wire_free(loop.wire);
    }
    close(loop.signals);
    return err == ERR_NONE ? 0 : 1;
}
