#include "daemon/metrics.h"

#include "daemon/health.h"
#include "daemon/usage.h"

#include <math.h>

struct moment {
    const struct snapshot *snapshot;
    int64_t now_ms;
};

typedef double number_fn(const struct moment *moment);
typedef const char *name_fn(unsigned index);

/* What a row's place holds. */
enum source {
    COUNT,     /* a uint64_t */
    COUNTS,    /* several, one for each value of the label */
    STATE,     /* an enum breaker_state: 1 for the label's value that it is, 0 for the others */
    FLAG,      /* a bool */
    NUMBER,    /* a double */
    DURATIONS, /* a struct histogram */
    ASKED,     /* nothing: a function gives the number */
};

struct row {
    struct exposition_family family; /* rows of one family stand together */
    struct exposition_label label;
    name_fn *value;    /* of the label, for COUNTS and STATE */
    number_fn *number; /* of ASKED */
    size_t place;      /* in struct snapshot */
    unsigned first;    /* index of the label's first value ... */
    unsigned end;      /* ... and behind the last */
    enum source source;
    bool is_upstream; /* written only where there is such a link */
};

static const char *code_name(unsigned code)
{
    return reject_name((enum reject)code);
}

/* As people who look at a chart would call them. */
static const char *ending_name(unsigned class)
{
    static const char *const names[FAULT_CLASS_COUNT] = {
        [FAULT_NONE] = "done",
        [FAULT_PERMANENT] = "refused",
        [FAULT_THROTTLED] = "throttled",
        [FAULT_TRANSIENT] = "failed",
        [FAULT_CREDENTIALS] = "unauthorized",
    };
    return names[class];
}

static const char *state_name(unsigned state)
{
    return breaker_state_name((enum breaker_state)state);
}

static double seconds(int64_t ms)
{
    return (double)ms / 1000;
}

static double one(const struct moment *moment)
{
    (void)moment;
    return 1;
}

static double cpu(const struct moment *moment)
{
    (void)moment;
    return usage_cpu_seconds();
}

static double memory(const struct moment *moment)
{
    (void)moment;
    return usage_memory_bytes();
}

static double is_ready(const struct moment *moment)
{
    struct buf reasons; /* of no size: nobody reads them here */
    buf_init(&reasons, 0);
    struct emit emit = emit_to(&reasons);
    return health_is_ready(moment->snapshot, moment->now_ms, &emit);
}

static double partition_index(const struct moment *moment)
{
    return moment->snapshot->partition.index;
}

static double partitions(const struct moment *moment)
{
    return moment->snapshot->partition.count;
}

static double started_at(const struct moment *moment)
{
    return (double)moment->snapshot->started_at_s;
}

static double uptime(const struct moment *moment)
{
    return seconds(moment->now_ms - moment->snapshot->started_mono_ms);
}

static double turn_age(const struct moment *moment)
{
    return seconds(moment->now_ms - moment->snapshot->taken_mono_ms);
}

static double heard_age(const struct moment *moment)
{
    return seconds(moment->now_ms - moment->snapshot->links[SIDE_LOCAL].stats.heard_ms);
}

static double upstream_heard_age(const struct moment *moment)
{
    return seconds(moment->now_ms - moment->snapshot->links[SIDE_UPSTREAM].stats.heard_ms);
}

static double expiry(const struct moment *moment)
{
    const struct snapshot *snapshot = moment->snapshot;
    if (!snapshot->has_credentials)
        return 0;
    int64_t at_s = snapshot->credentials_expire_at_s;
    return at_s < 0 ? (double)INFINITY : (double)at_s;
}

#define FOR_GOOD        "since the journal was begun."
#define HEARD           "How long ago the broker acknowledged a publish, or let the bridge connect."
#define COMMAND_LATENCY "From a command's arrival to its decision."

#define ROW(kind, title, text, from)                                                               \
    .family = {"jobs_bridge_" title, EXPOSITION_##kind, text}, .source = from
#define AT(field) .place = offsetof(struct snapshot, field)

#define COUNTER(title, field, text)     ROW(COUNTER, title, text, COUNT), AT(field)
#define GAUGE(title, field, text)       ROW(GAUGE, title, text, COUNT), AT(field)
#define TRUTH(title, field, text)       ROW(GAUGE, title, text, FLAG), AT(field)
#define AMOUNT(title, field, text)      ROW(GAUGE, title, text, NUMBER), AT(field)
#define HISTOGRAM(title, field, text)   ROW(HISTOGRAM, title, text, DURATIONS), AT(field)
#define COMPUTED(title, function, text) ROW(GAUGE, title, text, ASKED), .number = function
#define COUNTERS(title, field, text, label_name, names, from, to)                                  \
    ROW(COUNTER, title, text, COUNTS), AT(field), EACH(label_name, names, from, to)
#define STATES(title, field, text, label_name, names, from, to)                                    \
    ROW(GAUGE, title, text, STATE), AT(field), EACH(label_name, names, from, to)

/* The same of both links. */
#define OF_LINKS(kind, title, field, text)                                                         \
    {kind(title, links[SIDE_LOCAL].field, text), LABEL("link", "local")},                          \
    {                                                                                              \
        kind(title, links[SIDE_UPSTREAM].field, text), LABEL("link", "upstream"),                  \
            .is_upstream = true                                                                    \
    }

#define LABEL(title, text) .label = {title, text}
#define EACH(label_name, names, from, to)                                                          \
    LABEL(label_name, NULL), .value = (names), .first = (from), .end = (to)

static const struct row rows[] = {
    {COMPUTED("build_info", one, "Always 1; the label is the version of the program."),
     LABEL("version", JOBS_BRIDGE_VERSION)},
    {COMPUTED("start_time_seconds", started_at, "When this run began, since the epoch.")},
    {COMPUTED("uptime_seconds", uptime, "How long this run has lasted.")},
    {ROW(COUNTER, "cpu_seconds", "CPU time that the process has used.", ASKED), .number = cpu},
    {COMPUTED("memory_bytes", memory, "Memory of the process that is resident.")},
    {COMPUTED("loop_turn_age_seconds", turn_age, "How long ago the loop turned last.")},
    {COMPUTED("ready", is_ready, "Whether commands can be taken and answered, as /readyz says.")},
    {COMPUTED("partition_index", partition_index, "Which of the bridges this one is, from 0.")},
    {COMPUTED("partitions", partitions, "How many bridges share the jobs.")},

    {COUNTER("commands_received", books.received, "Commands taken in, " FOR_GOOD)},
    {COUNTER("commands_accepted", books.accepted, "Commands accepted, " FOR_GOOD)},
    {COUNTER("commands_rejected", books.rejected, "Commands rejected, " FOR_GOOD)},
    {GAUGE("commands_waiting", books.waiting, "Commands that are not decided and in no call.")},
    {GAUGE("commands_in_flight", books.in_flight, "Commands in a call.")},
    {COUNTERS("rejections", books.rejected_for, "Commands rejected in this run, by code.", "code",
              code_name, REJECT_NONE + 1, REJECT_COUNT)},
    {COUNTER("commands_expired", books.expired, "Commands ended by their deadline.")},
    {COUNTER("commands_coalesced", books.coalesced, "Commands decided by a call another one led.")},
    {COUNTER("commands_best_effort", books.best_effort, "Commands taken in at QoS 0.")},
    {COUNTER("commands_turned_away", books.turned_away,
             "Commands at QoS 0 refused for lack of room; not received.")},
    {GAUGE("commands_held_back", books.held_back,
           "Commands not acknowledged to the broker yet, for lack of room; not received.")},
    {COUNTER("commands_elsewhere", books.elsewhere,
             "Arrivals left to the bridge whose job it is; not received.")},
    {COUNTER("commands_repeated", books.repeated,
             "Arrivals answered with an earlier command's answer; not received.")},
    {HISTOGRAM("command_latency_seconds", latency.accepted, COMMAND_LATENCY),
     LABEL("outcome", "accepted")},
    {HISTOGRAM("command_latency_seconds", latency.rejected, COMMAND_LATENCY),
     LABEL("outcome", "rejected")},
    {HISTOGRAM("command_delivery_seconds", latency.delivered,
               "From a command's arrival until the broker has its answer and events.")},
    {TRUTH("full", is_full, "Whether commands are left with the broker for lack of room.")},

    {COUNTER("calls_started", books.calls, "Calls to the Jobs endpoint, retries included.")},
    {COUNTERS("calls_ended", calls.ended, "Calls that are over, by how they ended.", "outcome",
              ending_name, FAULT_NONE, FAULT_CLASS_COUNT)},
    {COUNTER("calls_retried", books.retries,
             "Calls that failed in a way that passes, and are made again.")},
    {COUNTER("calls_described", calls.described,
             "Calls of DescribeJob, to find out whether another call took effect.")},
    {GAUGE("calls_open", books.open_calls, "Calls under way.")},
    {HISTOGRAM("call_latency_seconds", calls.latency,
               "From sending a call to its answer, or to none.")},
    {AMOUNT("rate_calls_per_second", speed.rate,
            "Calls a second that may leave now; 0: no limit.")},
    {AMOUNT("rate_limit_calls_per_second", speed.configured,
            "Calls a second that may leave at most, as configured; 0: no limit.")},
    {AMOUNT("rate_tokens", speed.tokens, "Calls that may leave at once.")},
    {STATES("breaker_state", breaker, "1 for the state of the circuit breaker, 0 for the others.",
            "state", state_name, BREAKER_CLOSED, BREAKER_STATE_COUNT)},
    {TRUTH("credentials_usable", has_credentials, "Whether there are keys to sign calls with.")},
    {COMPUTED("credentials_expiry_timestamp_seconds", expiry,
              "When those keys end, since the epoch; +Inf: never, 0: there are none.")},

    {TRUTH("journal_up", has_journal, "Whether the journal works.")},
    {GAUGE("journal_unfinished_commands", journal.unfinished,
           "Commands whose answer and events are not all with the broker.")},
    {GAUGE("journal_size_bytes", journal.bytes, "Bytes used of the journal, its log included.")},
    {GAUGE("journal_size_limit_bytes", journal.bytes_max,
           "Bytes that the journal may use, without its log.")},
    {COUNTER("journal_commits", journal.commits, "Commits of the journal.")},
    {HISTOGRAM("journal_commit_seconds", journal.commit_latency, "How long a commit took.")},
    {GAUGE("dead_letters", dead_letters, "Dead letters, as counted every few seconds.")},
    {COUNTER("dead_letters_buried", books.buried, "Messages that became dead letters.")},

    OF_LINKS(TRUTH, "mqtt_connected", is_connected,
             "Whether the link to the broker is up, subscriptions included."),
    OF_LINKS(COUNTER, "mqtt_connects", stats.connects, "Links to the broker that came up."),
    OF_LINKS(COUNTER, "mqtt_connect_failures", stats.failures, "Attempts to connect that failed."),
    OF_LINKS(COUNTER, "mqtt_losses", stats.losses, "Links to the broker that were lost."),
    OF_LINKS(COUNTER, "mqtt_publishes_acknowledged", stats.acknowledged,
             "Answers and events that the broker has acknowledged or refused."),
    {COUNTER("mqtt_publishes_refused", books.undelivered,
             "Answers and events that cannot be published, now or ever.")},
    OF_LINKS(GAUGE, "mqtt_publishes_unacknowledged", stats.on_their_way,
             "Answers and events sent that the broker has not acknowledged yet."),
    {COMPUTED("mqtt_last_acknowledgement_age_seconds", heard_age, HEARD), LABEL("link", "local")},
    {COMPUTED("mqtt_last_acknowledgement_age_seconds", upstream_heard_age, HEARD),
     LABEL("link", "upstream"), .is_upstream = true},

    {COUNTER("notices_received", books.notices,
             "Notices taken in from the upstream broker, to become events.")},
    {COUNTER("notices_repeated", books.notices_repeated,
             "Notices that came before; not received.")},
    {COUNTER("notices_own", books.notices_own,
             "Events of this bridge that the upstream broker brought back; not received.")},
    {COUNTER("notices_unread", books.notices_unread,
             "Notices of no known form, which became dead letters.")},
    {GAUGE("notices_waiting", books.notices_waiting,
           "Notices with events that the local broker does not have yet.")},
};

static void write_each(struct exposition *exposition, const struct row *row, const void *place)
{
    struct exposition_label label = row->label;
    for (unsigned i = row->first; i < row->end; i++) {
        label.value = row->value(i);
        uint64_t count = row->source == COUNTS ? ((const uint64_t *)place)[i]
                                               : *(const enum breaker_state *)place == i;
        exposition_count(exposition, &row->family, label, count);
    }
}

static void write_row(struct exposition *exposition, const struct row *row,
                      const struct moment *moment)
{
    const void *place = (const char *)moment->snapshot + row->place;
    const struct exposition_family *family = &row->family;
    switch (row->source) {
    case COUNT:
        exposition_count(exposition, family, row->label, *(const uint64_t *)place);
        break;
    case COUNTS:
    case STATE:
        write_each(exposition, row, place);
        break;
    case FLAG:
        exposition_count(exposition, family, row->label, *(const bool *)place);
        break;
    case NUMBER:
        exposition_number(exposition, family, row->label, *(const double *)place);
        break;
    case DURATIONS:
        exposition_durations(exposition, family, row->label, place);
        break;
    case ASKED:
        exposition_number(exposition, family, row->label, row->number(moment));
        break;
    }
}

void metrics_write(const struct snapshot *snapshot, int64_t now_ms, enum exposition_format format,
                   struct buf *out)
{
    struct exposition exposition = {out, format};
    const struct moment moment = {snapshot, now_ms};
    const char *before = "";
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct row *row = &rows[i];
        if (row->is_upstream && snapshot->links[SIDE_UPSTREAM].broker[0] == '\0')
            continue;
        if (strcmp(row->family.name, before) != 0)
            exposition_begin(&exposition, &row->family);
        before = row->family.name;
        write_row(&exposition, row, &moment);
    }
    exposition_end(&exposition);
}
