#include "mqtt/subscribe.h"

#include "base/now.h"
#include "mqtt/reason_code.h"

/* Filters of one packet. */
struct portion {
    char *const *filters;
    int count;
    int codes[LIMITS_SUBSCRIBE_FILTERS]; /* the QoS granted, or why there is none */
};

static bool is_v5(const struct link *link)
{
    return link->setup->options.version == 5;
}

static struct portion portion_at(const char *const *filters, size_t count, size_t at)
{
    size_t left = count - at;
    struct portion portion = {
        .filters = (char *const *)filters + at,
        .count = (int)(left < LIMITS_SUBSCRIBE_FILTERS ? left : LIMITS_SUBSCRIBE_FILTERS),
    };
    for (int i = 0; i < portion.count; i++)
        portion.codes[i] = 1; /* the QoS asked for; replaced by the answer */
    return portion;
}

static enum err check_granted(const struct portion *portion, struct why *why)
{
    for (int i = 0; i < portion->count; i++) {
        if (portion->codes[i] >= REASON_CODE_FAILURE)
            return why_set(why, ERR_REFUSED, NULL, "the broker refused the subscription to %s: %s",
                           portion->filters[i], reason_code_text(portion->codes[i]));
        if (portion->codes[i] < 1)
            return why_set(why, ERR_REFUSED, NULL,
                           "the broker granted the subscription to %s at QoS 0 only",
                           portion->filters[i]);
    }
    return ERR_NONE;
}

static bool send_v5(struct link *link, struct portion *portion)
{
    MQTTSubscribe_options each[LIMITS_SUBSCRIBE_FILTERS];
    int count = portion->count;
    for (int i = 0; i < count; i++) {
        each[i] = (MQTTSubscribe_options)MQTTSubscribe_options_initializer;
        each[i].retainAsPublished = 1;
        /* 0: sent at each subscription; 2: not at all */
        each[i].retainHandling = link->setup->options.wants_retained ? 0 : 2;
    }
    MQTTResponse response = MQTTClient_subscribeMany5(link->handle, count, portion->filters,
                                                      portion->codes, each, NULL);
    bool is_answered = (int)response.reasonCode >= 0 && response.reasonCodeCount == count;
    for (int i = 0; is_answered && i < count; i++)
        portion->codes[i] = (int)(count > 1 ? response.reasonCodes[i] : response.reasonCode);
    MQTTResponse_free(response);
    return is_answered;
}

static bool send_v3(struct link *link, struct portion *portion)
{
    return MQTTClient_subscribeMany(link->handle, portion->count, portion->filters,
                                    portion->codes) == MQTTCLIENT_SUCCESS;
}

static enum err add_next(struct link *link, struct why *why)
{
    const struct mqtt_options *options = &link->setup->options;
    struct portion portion = portion_at(options->filters, options->filter_count, link->granted);
    bool is_answered = is_v5(link) ? send_v5(link, &portion) : send_v3(link, &portion);
    if (!is_answered)
        return link_why_lost(link, why);
    link->granted += (size_t)portion.count;
    return check_granted(&portion, why);
}

/* The broker may answer that there was no such subscription: that is what is wanted. */
static bool send_drop(struct link *link, const struct portion *portion)
{
    if (!is_v5(link))
        return MQTTClient_unsubscribeMany(link->handle, portion->count, portion->filters) >=
               MQTTCLIENT_SUCCESS;
    MQTTResponse response =
        MQTTClient_unsubscribeMany5(link->handle, portion->count, portion->filters, NULL);
    bool is_answered = (int)response.reasonCode >= MQTTCLIENT_SUCCESS;
    MQTTResponse_free(response);
    return is_answered;
}

static enum err drop_next(struct link *link, struct why *why)
{
    const struct mqtt_options *options = &link->setup->options;
    struct portion portion =
        portion_at(options->stale_filters, options->stale_count, link->dropped);
    if (!send_drop(link, &portion))
        return link_why_lost(link, why);
    link->dropped += (size_t)portion.count;
    return ERR_NONE;
}

enum err subscribe_step(struct link *link, struct why *why)
{
    const struct mqtt_options *options = &link->setup->options;
    gate_wait(&link->gate, now_mono_ms() + options->exchange_ms);
    link_enter(link);
    enum err err =
        link->granted < options->filter_count ? add_next(link, why) : drop_next(link, why);
    link_leave();
    gate_run(&link->gate);
    return err;
}

bool subscribe_is_done(const struct link *link)
{
    const struct mqtt_options *options = &link->setup->options;
    return link->granted == options->filter_count && link->dropped == options->stale_count;
}
