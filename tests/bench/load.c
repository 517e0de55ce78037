/*
 * Publishes commands, takes the answers, and says how long they took.
 *
 *   load --port PORT --commands N [--window W | --rate R] [--things T] [--jobs J] [...]
 *
 * Closed loop: W commands are under way at any moment. Open loop: R commands a second, whatever the
 * answers do; the time of an answer counts from when its command was due, so a stall is charged to
 * every command that it kept waiting. Every command has a clientToken of its own, by which its
 * answer is known. The result is one line of JSON; all times are in microseconds. The exit status
 * is 0 if each command got exactly one answer.
 */
#include "base/chance.h"
#include "base/emit.h"
#include "tests/bench/peer.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RUN_DIGITS 8
#define US_PER_S   1000000
#define NO_ANSWER  (-1)

struct options {
    struct peer_options peer;
    const char *root;
    const char *namespace; /* NULL: none */
    int64_t commands;
    int64_t window;
    int64_t rate; /* per second; 0: closed loop */
    int64_t pause_us;
    int64_t things;
    int64_t jobs;
    int64_t patience_us;
    bool has_events;
    bool leaves; /* without waiting for answers */
};

struct load {
    struct options options;
    struct peer peer;
    char run[RUN_DIGITS + 1];
    int64_t *due_us; /* by command: when it was to be sent */
    int64_t *took_us;
    int64_t sent;
    int64_t answered;
    int64_t rejected;
    int64_t repeated;
    int64_t events;
    int64_t acknowledged; /* by the broker */
    int64_t began_us;
    int64_t last_us; /* when something last came */
    int64_t next_us; /* closed loop with a pause: when the next command is due */
    struct buf topic;
    struct buf payload;
};

enum { KEY_NAMESPACE = 256, KEY_ROOT, KEY_PATIENCE, KEY_LEAVE, KEY_PAUSE };

static const struct argp_option known[] = {
    {"port", 'p', "PORT", 0, "of the broker on 127.0.0.1", 0},
    {"ca", 'c', "FILE", 0, "TLS, with this authority", 0},
    {"mqtt", 'm', "VERSION", 0, "3 (3.1.1) or 5, the default", 0},
    {"commands", 'n', "COUNT", 0, "how many to publish", 0},
    {"window", 'w', "COUNT", 0, "closed loop: how many are under way (default 1)", 0},
    {"rate", 'r', "COUNT", 0, "open loop: how many a second", 0},
    {"pause", KEY_PAUSE, "MS", 0, "closed loop: wait after each answer", 0},
    {"things", 't', "COUNT", 0, "senders that take turns (default 1000)", 0},
    {"jobs", 'j', "COUNT", 0, "jobs that take turns (default 1000)", 0},
    {"namespace", KEY_NAMESPACE, "NAME", 0, "in each command (default none)", 0},
    {"root", KEY_ROOT, "ROOT", 0, "of the topics", 0},
    {"events", 'e', NULL, 0, "subscribe to notify events, too, and count them", 0},
    {"patience", KEY_PATIENCE, "MS", 0, "without any answer, then the rest is missing", 0},
    {"leave", KEY_LEAVE, NULL, 0, "end when the broker has all commands", 0},
    {0}};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    int64_t number = 0;
    bool is_number = arg != NULL && str_to_int(str_of(arg), 0, INT64_MAX / US_PER_S, &number);
    switch (key) {
    case 'c':
        options->peer.ca_file = arg;
        return 0;
    case KEY_NAMESPACE:
        options->namespace = arg;
        return 0;
    case KEY_ROOT:
        options->root = arg;
        return 0;
    case 'e':
        options->has_events = true;
        return 0;
    case KEY_LEAVE:
        options->leaves = true;
        return 0;
    default:
        break;
    }
    int64_t *const numbers[] = {
        ['n'] = &options->commands, ['w'] = &options->window, ['r'] = &options->rate,
        ['t'] = &options->things,   ['j'] = &options->jobs,
    };
    if (key == 'p')
        options->peer.port = (int)number;
    else if (key == 'm')
        options->peer.version = (int)number;
    else if (key == KEY_PATIENCE)
        options->patience_us = number * 1000;
    else if (key == KEY_PAUSE)
        options->pause_us = number * 1000;
    else if (key > 0 && key < (int)COUNT_OF(numbers) && numbers[key] != NULL)
        *numbers[key] = number;
    else
        return ARGP_ERR_UNKNOWN;
    if (!is_number)
        argp_error(state, "'%s' is no number", arg);
    return 0;
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

static void subscribe(struct load *load, const char *format, const char *first)
{
    buf_clear(&load->topic);
    buf_add_text(&load->topic, first);
    buf_add_text(&load->topic, format);
    peer_subscribe(&load->peer, buf_text(&load->topic));
}

static void open_load(struct load *load)
{
    const struct options *options = &load->options;
    size_t count = (size_t)options->commands;
    load->due_us = calloc(count + 1, sizeof *load->due_us);
    load->took_us = calloc(count + 1, sizeof *load->took_us);
    if (load->due_us == NULL || load->took_us == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        load->took_us[i] = NO_ANSWER;
    chance_hex(load->run, RUN_DIGITS);
    buf_init(&load->topic, 1024);
    buf_init(&load->payload, 1024);
    peer_open(&load->peer, &options->peer);
    if (options->leaves)
        return;
    subscribe(load, "/things/+/jobs/+/update/accepted", options->root);
    subscribe(load, "/things/+/jobs/+/update/rejected", options->root);
    if (options->has_events) {
        subscribe(load, "/things/+/jobs/+/+/", "$aws");
        subscribe(load, "/events/jobs/+", options->root);
    }
}

static void write_payload(struct load *load, int64_t number)
{
    struct emit emit = emit_to(&load->payload);
    buf_clear(&load->payload);
    emit_object(&emit, NULL);
    emit.needs_comma = true;
    buf_format(&load->payload, "\"clientToken\":\"%s-%lld\"", load->run, (long long)number);
    emit_text(&emit, "namespaceId", load->options.namespace);
    emit_text(&emit, "description", "firmware of the pumps in hall 7, second wave");
    emit_object(&emit, "timeoutConfig");
    emit_int(&emit, "inProgressTimeoutInMinutes", 30 + number % 60);
    emit_object_end(&emit);
    emit_object_end(&emit);
}

static void send_one(struct load *load, int64_t due_us)
{
    int64_t number = load->sent++;
    buf_clear(&load->topic);
    buf_format(&load->topic, "%s/things/thing-%lld/jobs/job-%lld/update", load->options.root,
               (long long)(number % load->options.things),
               (long long)(number % load->options.jobs));
    write_payload(load, number);
    load->due_us[number] = due_us;
    struct packet_message message = {
        .id = peer_next_id(&load->peer),
        .topic = buf_str(&load->topic),
        .payload = buf_str(&load->payload),
    };
    packet_publish(&load->peer.out, load->peer.version, &message);
}

/* When the next command is to be sent; INT64_MAX: not before an answer. */
static int64_t next_due_us(const struct load *load)
{
    const struct options *options = &load->options;
    if (load->sent == options->commands)
        return INT64_MAX;
    if (options->rate > 0)
        return load->began_us + load->sent * US_PER_S / options->rate;
    int64_t done = options->leaves ? load->acknowledged : load->answered;
    return load->sent - done < options->window ? load->next_us : INT64_MAX;
}

static int64_t send_due(struct load *load)
{
    int64_t now = now_us();
    int64_t due;
    while ((due = next_due_us(load)) <= now)
        send_one(load, load->options.rate > 0 ? due : now);
    return due;
}

/* The command that a payload's clientToken names; NO_ANSWER: none of this run. */
static int64_t number_of(const struct load *load, struct str payload)
{
    static const char key[] = "\"clientToken\":\"";
    const char *found = memmem(payload.p, payload.n, key, sizeof key - 1);
    if (found == NULL)
        return NO_ANSWER;
    const char *start = found + sizeof key - 1;
    struct str rest = {start, payload.n - (size_t)(start - payload.p)};
    struct str token = str_cut(&rest, '"');
    struct str run = str_cut(&token, '-');
    int64_t number;
    if (!str_eq_text(run, load->run) || !str_to_int(token, 0, load->sent - 1, &number))
        return NO_ANSWER;
    return number;
}

static void take_answer(struct load *load, const struct packet_message *message, int64_t now)
{
    int64_t number = number_of(load, message->payload);
    if (number == NO_ANSWER)
        return; /* of an earlier run */
    if (load->took_us[number] != NO_ANSWER) {
        load->repeated++;
        return;
    }
    load->took_us[number] = now - load->due_us[number];
    load->answered++;
    load->next_us = now + load->options.pause_us;
    if (str_ends(message->topic, STR("/rejected")))
        load->rejected++;
}

static void take(struct load *load, const struct packet *packet, int64_t now)
{
    struct packet_message message;
    if (packet->type == PACKET_PUBACK)
        load->acknowledged++;
    if (!packet_message(packet, load->peer.version, &message))
        return;
    if (message.id != 0)
        packet_puback(&load->peer.out, message.id);
    if (str_ends(message.topic, STR("ed")))
        take_answer(load, &message, now);
    else
        load->events++;
}

static bool is_done(const struct load *load, int64_t now)
{
    int64_t done = load->options.leaves ? load->acknowledged : load->answered;
    return done >= load->options.commands || now - load->last_us > load->options.patience_us;
}

static void serve(struct load *load)
{
    load->began_us = load->last_us = now_us();
    while (!is_done(load, now_us())) {
        int64_t wait_us = send_due(load) - now_us();
        if (wait_us > US_PER_S)
            wait_us = US_PER_S;
        peer_exchange(&load->peer, wait_us > 0 ? wait_us : 0);
        int64_t now = now_us();
        struct packet packet;
        while (peer_next(&load->peer, &packet)) {
            take(load, &packet, now);
            load->last_us = now;
        }
        if (load->options.pause_us > 0 && load->next_us > now)
            load->last_us = now; /* nothing is expected yet */
    }
}

/* Answers and events that nobody waits for any more, and the acknowledgements of the last ones. */
static void linger(struct load *load)
{
    int64_t until = now_us() + US_PER_S / 2;
    int64_t now;
    while ((now = now_us()) < until) {
        peer_exchange(&load->peer, until - now);
        struct packet packet;
        while (peer_next(&load->peer, &packet))
            take(load, &packet, now);
    }
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void emit_percentile(struct emit *emit, const struct load *load, const char *key,
                            int64_t permille)
{
    int64_t missing = load->options.commands - load->answered;
    if (load->answered > 0)
        emit_int(emit, key, load->took_us[missing + (load->answered - 1) * permille / 1000]);
}

static void print_result(struct load *load, int64_t elapsed_us)
{
    struct buf out;
    buf_init(&out, 4096);
    struct emit emit = emit_to(&out);
    int64_t done = load->options.leaves ? load->acknowledged : load->answered;
    qsort(load->took_us, (size_t)load->options.commands, sizeof *load->took_us, compare);
    emit_object(&emit, NULL);
    emit_int(&emit, "commands", load->sent);
    emit_int(&emit, "answered", load->answered);
    emit_int(&emit, "rejected", load->rejected);
    emit_int(&emit, "missing", load->sent - load->answered);
    emit_int(&emit, "repeated", load->repeated);
    emit_int(&emit, "events", load->events);
    emit_int(&emit, "elapsed", elapsed_us);
    emit_int(&emit, "per_second", elapsed_us > 0 ? done * US_PER_S / elapsed_us : 0);
    emit_percentile(&emit, load, "p50", 500);
    emit_percentile(&emit, load, "p90", 900);
    emit_percentile(&emit, load, "p99", 990);
    emit_percentile(&emit, load, "max", 1000);
    emit_object_end(&emit);
    puts(buf_text(&out));
    buf_fini(&out);
}

int main(int argc, char **argv)
{
    static const struct argp argp = {.options = known, .parser = parse_option};
    struct load load = {
        .options =
            {
                .peer = {.host = "127.0.0.1", .port = 1883, .version = 5},
                .root = "jobs-bridge",
                .commands = 1000,
                .window = 1,
                .things = 1000,
                .jobs = 1000,
                .patience_us = 10LL * US_PER_S,
            },
    };
    argp_parse(&argp, argc, argv, 0, NULL, &load.options);
    char client_id[] = "bench-load-XXXXXXXX";
    chance_hex(client_id + sizeof client_id - 1 - RUN_DIGITS, RUN_DIGITS);
    load.options.peer.client_id = client_id;

    open_load(&load);
    serve(&load);
    int64_t elapsed_us = load.last_us - load.began_us;
    if (!load.options.leaves)
        linger(&load);
    print_result(&load, elapsed_us);
    bool is_whole = load.answered == load.sent && load.repeated == 0;
    peer_close(&load.peer);
    buf_fini(&load.topic);
    buf_fini(&load.payload);
    free(load.due_us);
    free(load.took_us);
    return is_whole || load.options.leaves ? 0 : 1;
}
