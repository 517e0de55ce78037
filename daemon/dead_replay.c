#include "daemon/dead_replay.h"

#include "base/now.h"
#include "daemon/verb_link.h"

struct replay {
    struct mqtt *mqtt;
    bool is_posted; /* on the link of now */
    bool is_over;
    enum err err; /* what the broker made of it */
};

static void on_link(void *context, bool is_up)
{
    struct replay *replay = context;
    (void)is_up;
    replay->is_posted = false;
}

static void on_arrival(void *context, const struct arrival *arrival)
{
    struct replay *replay = context;
    mqtt_acknowledge(replay->mqtt, arrival->ack_ticket);
}

static void on_delivered(void *context, uint64_t post_id, enum err err)
{
    struct replay *replay = context;
    (void)post_id;
    replay->is_over = true;
    replay->err = err;
}

static void post_letter(struct replay *replay, const struct dead_letter *letter)
{
    const struct post post = {.id = 1,
                              .topic = letter->topic,
                              .payload = letter->payload,
                              .correlation = letter->correlation,
                              .trace = trace_of(letter->trace.parent, letter->trace.state)};
    if (replay->is_posted || replay->is_over || mqtt_room(replay->mqtt) == 0)
        return;
    enum err err = mqtt_publish(replay->mqtt, &post);
    replay->is_posted = err == ERR_NONE;
    if (err == ERR_INVALID)
        on_delivered(replay, post.id, err);
}

static enum verb_exit report(const struct replay *replay, const char *url)
{
    if (replay->is_over && replay->err == ERR_NONE)
        return VERB_OK;
    if (replay->is_over) {
        verb_complain("%s", replay->err == ERR_INVALID ? "it cannot be published"
                                                       : "the broker refused to take the command");
        return VERB_REFUSED;
    }
    verb_complain("%s did not take the command in time%s%s", url,
                  mqtt_is_up(replay->mqtt) ? "" : ": ", mqtt_last_problem(replay->mqtt));
    return VERB_NO_ANSWER;
}

enum verb_exit dead_replay(const struct config *config, const struct dead_letter *letter,
                           int64_t timeout_ms)
{
    struct replay replay = {0};
    struct why why = {0};
    const struct mqtt_events events = {&replay, on_link, on_arrival, on_delivered};
    const struct verb_link_options link = {.config = config, .side = letter->from, .verb = "dead"};
    if (verb_link_new(&link, &events, &replay.mqtt, &why) != ERR_NONE) {
        verb_complain("%s", why.text);
        return VERB_REFUSED;
    }
    int64_t until_ms = now_mono_ms() + timeout_ms;
    while (!replay.is_over && now_mono_ms() < until_ms) {
        mqtt_turn(replay.mqtt);
        post_letter(&replay, letter);
        mqtt_flush(replay.mqtt);
        if (!replay.is_over)
            verb_link_wait(replay.mqtt, NULL, 0, until_ms);
    }
    enum verb_exit status = report(&replay, config_broker(config, letter->from)->url);
    mqtt_stop(replay.mqtt, VERB_LINK_DISCONNECT_MS);
    mqtt_free(replay.mqtt);
    return status;
}
