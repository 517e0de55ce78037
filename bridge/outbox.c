#include "bridge/outbox.h"

#include "topics/notice_topic.h"

#include <stdio.h>

void outbox_init(struct outbox *outbox, const struct outcome_options *options, enum side to,
                 struct spoken *spoken)
{
    *outbox = (struct outbox){.options = options, .to = to, .spoken = spoken};
    list_init(&outbox->parcels);
    buf_init(&outbox->topic, OUTBOX_TOPIC_MAX);
    buf_init(&outbox->payload, OUTBOX_PAYLOAD_MAX);
}

/* They were the record's last; nothing else holds the record then. */
static bool count_delivered(struct record *record, unsigned posts)
{
    record->posts_delivered += posts;
    return record->posts_delivered == record->post_count;
}

static void forget(struct record *record, unsigned posts)
{
    if (count_delivered(record, posts))
        record_free(record);
}

void outbox_fini(struct outbox *outbox)
{
    for (size_t i = 0; i < LIMITS_PUBLISH_WINDOW; i++)
        if (outbox->slots[i].record != NULL)
            forget(outbox->slots[i].record, 1);
    struct list_node *first;
    while ((first = list_first(&outbox->parcels)) != NULL) {
        struct parcel *parcel = list_entry(first, struct parcel, node);
        list_remove(first);
        forget(parcel->record, parcel->end - parcel->next);
    }
    buf_fini(&outbox->topic);
    buf_fini(&outbox->payload);
}

void outbox_add(struct outbox *outbox, struct record *record, unsigned first, unsigned end)
{
    struct parcel *parcel = &record->parcels[outbox->to];
    parcel->record = record;
    parcel->next = first;
    parcel->end = end;
    list_push_back(&outbox->parcels, &parcel->node);
}

static uint64_t id_of(const struct outbox *outbox, const struct outbox_slot *slot)
{
    return (uint64_t)slot->round << 16 | (uint64_t)(slot - outbox->slots);
}

static struct outbox_slot *oldest_unsent(struct outbox *outbox)
{
    struct outbox_slot *oldest = NULL;
    if (outbox->used == outbox->in_flight)
        return NULL;
    for (size_t i = 0; i < LIMITS_PUBLISH_WINDOW; i++) {
        struct outbox_slot *slot = &outbox->slots[i];
        if (slot->record != NULL && !slot->is_in_flight &&
            (oldest == NULL || slot->order < oldest->order))
            oldest = slot;
    }
    return oldest;
}

/* A slot for the next post that was never sent; NULL if there is none, or no slot. */
static struct outbox_slot *begin_next(struct outbox *outbox)
{
    struct list_node *first = list_first(&outbox->parcels);
    if (first == NULL || outbox->used == LIMITS_PUBLISH_WINDOW)
        return NULL;
    struct parcel *parcel = list_entry(first, struct parcel, node);
    struct outbox_slot *slot = outbox->slots;
    while (slot->record != NULL)
        slot++;
    slot->record = parcel->record;
    slot->index = parcel->next++;
    slot->order = outbox->next_order++;
    slot->lost_alone = 0;
    slot->round++;
    outbox->used++;
    if (parcel->next == parcel->end)
        list_remove(&parcel->node);
    return slot;
}

static bool is_careful(const struct outbox *outbox)
{
    return outbox->losses >= OUTBOX_CAREFUL_LOSSES;
}

static enum err send_slot(struct outbox *outbox, struct outbox_slot *slot,
                          const struct port_broker *broker)
{
    if (slot->lost_alone >= OUTBOX_POISON_LOSSES)
        return ERR_INVALID;
    buf_clear(&outbox->topic);
    buf_clear(&outbox->payload);
    enum err err =
        outcome_write(outbox->options, slot->record, slot->index, &outbox->topic, &outbox->payload);
    if (err != ERR_NONE)
        return err;
    struct post post = {
        .id = id_of(outbox, slot),
        .topic = buf_str(&outbox->topic),
        .payload = buf_str(&outbox->payload),
        .correlation =
            outcome_is_answer(slot->record, slot->index) ? slot->record->correlation : STR_NONE,
        .trace = slot->record->trace,
    };
    if (outbox->spoken != NULL && notice_topic_is_reserved(post.topic)) /* no other can come back */
        spoken_note(outbox->spoken, post.topic, post.payload);
    return broker->publish(broker->context, &post);
}

bool outbox_send(struct outbox *outbox, const struct port_broker *broker, uint64_t *ret_refused)
{
    while (broker->room(broker->context) > 0) {
        if (is_careful(outbox) && outbox->in_flight > 0)
            return false;
        struct outbox_slot *slot = oldest_unsent(outbox);
        if (slot == NULL)
            slot = begin_next(outbox);
        if (slot == NULL)
            return false;
        enum err err = send_slot(outbox, slot, broker);
        if (err != ERR_NONE && err != ERR_INVALID)
            return false;
        slot->is_in_flight = true;
        outbox->in_flight++;
        if (err == ERR_INVALID) {
            *ret_refused = id_of(outbox, slot);
            return true;
        }
    }
    return false;
}

/* A Response Topic is the sender's choice and may be one that the broker does not grant the bridge;
 * then the answer is due where it goes without one. */
static bool falls_back(struct outbox_slot *slot, enum err err)
{
    if (err == ERR_NONE || !outcome_is_answer(slot->record, slot->index) ||
        str_is_absent(slot->record->response_topic))
        return false;
    slot->record->response_topic = STR_NONE;
    slot->lost_alone = 0;
    slot->round++;
    return true;
}

struct record *outbox_delivered(struct outbox *outbox, uint64_t post_id, enum err err)
{
    size_t place = post_id & 0xffff;
    if (place >= LIMITS_PUBLISH_WINDOW)
        return NULL;
    struct outbox_slot *slot = &outbox->slots[place];
    if (!slot->is_in_flight || id_of(outbox, slot) != post_id)
        return NULL;
    slot->is_in_flight = false;
    outbox->in_flight--;
    outbox->losses = 0;
    if (falls_back(slot, err))
        return NULL;
    struct record *record = slot->record;
    slot->record = NULL;
    outbox->used--;
    if (err != ERR_NONE) {
        record->posts_refused++;
        record->refusal = err;
        record->is_answer_refused |= outcome_is_answer(record, slot->index);
    }
    return count_delivered(record, 1) ? record : NULL;
}

void outbox_refusal(const struct record *record, char *text, size_t max)
{
    unsigned events = record->posts_refused - record->is_answer_refused;
    const char *why =
        record->refusal == ERR_INVALID ? "cannot be published at all" : "was refused by the broker";
    if (events == 0)
        snprintf(text, max, "its answer %s", why);
    else
        snprintf(text, max, "%s%u of its %u events: what came last %s",
                 record->is_answer_refused ? "its answer and " : "", events,
                 record->post_count - outcome_is_answer(record, 0), why);
}

void outbox_lose(struct outbox *outbox)
{
    bool was_alone = is_careful(outbox) && outbox->in_flight == 1;
    if (outbox->in_flight > 0)
        outbox->losses++;
    for (size_t i = 0; i < LIMITS_PUBLISH_WINDOW; i++) {
        struct outbox_slot *slot = &outbox->slots[i];
        if (slot->is_in_flight && was_alone)
            slot->lost_alone++;
        slot->is_in_flight = false;
    }
    outbox->in_flight = 0;
}

bool outbox_is_empty(const struct outbox *outbox)
{
    return outbox->used == 0 && list_is_empty(&outbox->parcels);
}
