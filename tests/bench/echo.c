/*
 * The broker's own ceiling: takes each command and publishes two QoS 1 messages back, as a bridge
 * would that has nothing else to do, and nothing in between but a socket.
 *
 *   echo --port PORT [--ca FILE] [--mqtt 3|5] [--posts 2|3] [--root ROOT]
 *
 * Prints "ready" once it is subscribed; runs until it is ended.
 */
#include "base/limits.h"
#include "tests/bench/peer.h"
#include "topics/topics.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

struct options {
    struct peer_options peer;
    const char *root;
    int posts;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case 'p':
        options->peer.port = (int)strtol(arg, NULL, 10);
        return 0;
    case 'c':
        options->peer.ca_file = arg;
        return 0;
    case 'm':
        options->peer.version = (int)strtol(arg, NULL, 10);
        return 0;
    case 'n':
        options->posts = (int)strtol(arg, NULL, 10);
        return 0;
    case 'r':
        options->root = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void post(struct peer *peer, struct buf *topic, struct str payload)
{
    const struct packet_message message = {peer_next_id(peer), buf_str(topic), payload};
    packet_publish(&peer->out, peer->version, &message);
}

/* The same topics as the bridge's, so that the broker has the same work with them. */
static void answer(struct peer *peer, const struct options *options, struct buf *topic,
                   const struct packet_message *command)
{
    struct command_topic parsed;
    if (command_topic_parse(str_of(options->root), command->topic, &parsed, NULL) != ERR_NONE)
        return;
    buf_clear(topic);
    result_topic_format(command->topic, true, topic);
    post(peer, topic, command->payload);

    buf_clear(topic);
    event_topic_format(str_of(options->root), parsed.job, topic);
    post(peer, topic, command->payload);

    const struct notify_topic_values values = {
        .prefix = STR("$aws"),
        .root = str_of(options->root),
        .thing = parsed.thing,
        .job = parsed.job,
        .namespace = STR("site"),
    };
    buf_clear(topic);
    if (options->posts > 2 && notify_topic_format(notify_topic_template(STR("documented")), &values,
                                                  topic, NULL) == ERR_NONE)
        post(peer, topic, command->payload);
    packet_puback(&peer->out, command->id);
}

int main(int argc, char **argv)
{
    static const struct argp_option known[] = {
        {"port", 'p', "PORT", 0, "of the broker on 127.0.0.1", 0},
        {"ca", 'c', "FILE", 0, "TLS, with this authority", 0},
        {"mqtt", 'm', "VERSION", 0, "3 (3.1.1) or 5, the default", 0},
        {"posts", 'n', "COUNT", 0, "messages back for each command: 2 (the default) or 3", 0},
        {"root", 'r', "ROOT", 0, "of the topics", 0},
        {0}};
    static const struct argp argp = {.options = known, .parser = parse_option};
    struct options options = {
        .peer = {.host = "127.0.0.1", .port = 1883, .version = 5, .client_id = "bench-echo"},
        .root = "jobs-bridge",
        .posts = 2,
    };
    argp_parse(&argp, argc, argv, 0, NULL, &options);

    struct peer peer;
    struct buf topic;
    peer_open(&peer, &options.peer);
    buf_init(&topic, LIMITS_TOPIC_BYTES);
    for (int i = 0; i < COMMAND_TOPIC_FILTERS; i++) {
        buf_clear(&topic);
        command_topic_filter(str_of(options.root), i, &topic);
        peer_subscribe(&peer, buf_text(&topic));
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct packet packet;
        struct packet_message command;
        while (peer_next(&peer, &packet))
            if (packet_message(&packet, peer.version, &command))
                answer(&peer, &options, &topic, &command);
        peer_exchange(&peer, -1);
    }
}
