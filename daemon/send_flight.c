#include "daemon/send_flight.h"

#include "base/chance.h"
#include "base/due.h"
#include "base/now.h"
#include "jobs/doc.h"
#include "topics/result_topic.h"

#include <stdio.h>
#include <stdlib.h>

#define TOPIC_BYTES_MAX ((size_t)2 * LIMITS_TOPIC_BYTES) /* what is too long is told as such */

static enum err write_topics(struct send_flight *flight, struct str root,
                             const struct command_topic *topic, struct why *why)
{
    struct command_topic parts;
    buf_init(&flight->topic, TOPIC_BYTES_MAX);
    buf_init(&flight->accepted_topic, TOPIC_BYTES_MAX);
    buf_init(&flight->rejected_topic, TOPIC_BYTES_MAX);
    command_topic_format(root, topic, &flight->topic);
    result_topic_format(buf_str(&flight->topic), true, &flight->accepted_topic);
    result_topic_format(buf_str(&flight->topic), false, &flight->rejected_topic);
    return command_topic_parse(root, buf_str(&flight->topic), &parts, why);
}

static struct send_slot *slot_of(struct list_node *node)
{
    return node != NULL ? list_entry(node, struct send_slot, node) : NULL;
}

static struct send_slot *first_taken(const struct send_flight *flight)
{
    return slot_of(list_first(&flight->taken));
}

static struct send_slot *next_taken(const struct send_flight *flight, const struct send_slot *slot)
{
    return slot_of(list_after(&flight->taken, &slot->node));
}

enum err send_flight_init(struct send_flight *flight, struct str root,
                          const struct command_topic *topic, struct why *why)
{
    *flight = (struct send_flight){.next_post_id = 1};
    list_init(&flight->taken);
    list_init(&flight->free);
    enum err err = write_topics(flight, root, topic, why);
    if (err != ERR_NONE)
        goto fail;
    flight->slots = calloc(LIMITS_SEND_FLIGHT, sizeof *flight->slots);
    if (flight->slots == NULL) {
        err = why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
        goto fail;
    }
    for (size_t i = 0; i < LIMITS_SEND_FLIGHT; i++) {
        buf_init(&flight->slots[i].payload, LIMITS_COMMAND_BYTES);
        list_push_back(&flight->free, &flight->slots[i].node);
    }
    return ERR_NONE;
fail:
    send_flight_fini(flight);
    return err;
}

void send_flight_fini(struct send_flight *flight)
{
    for (size_t i = 0; flight->slots != NULL && i < LIMITS_SEND_FLIGHT; i++)
        buf_fini(&flight->slots[i].payload);
    free(flight->slots);
    buf_fini(&flight->topic);
    buf_fini(&flight->accepted_topic);
    buf_fini(&flight->rejected_topic);
    *flight = (struct send_flight){0};
}

struct send_slot *send_flight_slot(struct send_flight *flight)
{
    struct send_slot *slot = slot_of(list_first(&flight->free));
    if (slot == NULL)
        return NULL;
    chance_hex(slot->mark, SEND_FLIGHT_DIGITS);
    snprintf(slot->token, sizeof slot->token, "%s", slot->mark);
    buf_clear(&slot->payload);
    return slot;
}

void send_flight_take(struct send_flight *flight, struct send_slot *slot, int64_t until_ms)
{
    slot->is_posted = false;
    slot->posted_ms = -1;
    slot->until_ms = until_ms;
    list_remove(&slot->node);
    list_push_back(&flight->taken, &slot->node);
    flight->count++;
}

static void finish(struct send_flight *flight, struct send_slot *slot, const struct send_end *end)
{
    list_remove(&slot->node);
    list_push_front(&flight->free, &slot->node);
    flight->count--;
    flight->on_end(flight->context, end);
}

/* False: the link takes no more now. */
static bool post_one(struct send_flight *flight, struct send_slot *slot, struct mqtt *mqtt)
{
    slot->post_id = flight->next_post_id++;
    const struct post post = {.id = slot->post_id,
                              .topic = buf_str(&flight->topic),
                              .payload = buf_str(&slot->payload),
                              .correlation = str_of(slot->mark),
                              .trace = flight->trace};
    enum err err = mqtt_publish(mqtt, &post);
    slot->is_posted = err == ERR_NONE;
    if (slot->is_posted && slot->posted_ms < 0)
        slot->posted_ms = now_mono_ms();
    if (err == ERR_INVALID)
        finish(flight, slot, &(struct send_end){.reason = "it is larger than the broker takes"});
    return err == ERR_NONE || err == ERR_INVALID;
}

void send_flight_post(struct send_flight *flight, struct mqtt *mqtt)
{
    struct send_slot *next;
    for (struct send_slot *slot = first_taken(flight); slot != NULL; slot = next) {
        next = next_taken(flight, slot);
        if (!slot->is_posted && (mqtt_room(mqtt) == 0 || !post_one(flight, slot, mqtt)))
            return;
    }
}

void send_flight_on_link(struct send_flight *flight)
{
    for (struct send_slot *slot = first_taken(flight); slot != NULL;
         slot = next_taken(flight, slot))
        slot->is_posted = false;
}

void send_flight_on_refused(struct send_flight *flight, uint64_t post_id)
{
    struct send_slot *slot = first_taken(flight);
    while (slot != NULL && (!slot->is_posted || slot->post_id != post_id))
        slot = next_taken(flight, slot);
    if (slot != NULL)
        finish(flight, slot, &(struct send_end){.reason = "the broker refused to take it"});
}

static bool is_answer_to(const struct send_slot *slot, const struct arrival *arrival,
                         struct str token)
{
    if (slot->posted_ms < 0)
        return false;
    if (!str_is_absent(arrival->correlation))
        return str_eq_text(arrival->correlation, slot->mark);
    return str_eq_text(token, slot->token);
}

/* Without Correlation Data several with one token may be meant: the bridge answers them once. */
static void finish_answered(struct send_flight *flight, const struct arrival *arrival,
                            struct str token, bool is_accepted)
{
    struct send_slot *next;
    for (struct send_slot *slot = first_taken(flight); slot != NULL; slot = next) {
        next = next_taken(flight, slot);
        if (is_answer_to(slot, arrival, token))
            finish(flight, slot,
                   &(struct send_end){.is_answered = true,
                                      .is_accepted = is_accepted,
                                      .latency_ms = now_mono_ms() - slot->posted_ms,
                                      .answer = arrival->payload});
    }
}

void send_flight_on_arrival(struct send_flight *flight, const struct arrival *arrival)
{
    bool is_accepted = str_eq(arrival->topic, buf_str(&flight->accepted_topic));
    bool is_rejected = str_eq(arrival->topic, buf_str(&flight->rejected_topic));
    struct doc *doc = NULL;
    if ((!is_accepted && !is_rejected) || arrival->is_retained ||
        doc_parse(arrival->payload, LIMITS_COMMAND_BYTES, &doc, NULL) != ERR_NONE)
        return;
    finish_answered(flight, arrival, doc_str(doc_member(doc_root(doc), "clientToken")),
                    is_accepted);
    doc_free(doc);
}

void send_flight_expire(struct send_flight *flight, int64_t now_ms)
{
    struct send_slot *slot;
    while ((slot = first_taken(flight)) != NULL && slot->until_ms <= now_ms)
        finish(flight, slot, &(struct send_end){0});
}

int64_t send_flight_due_ms(const struct send_flight *flight)
{
    const struct send_slot *slot = first_taken(flight);
    return slot != NULL ? slot->until_ms : DUE_NEVER;
}
