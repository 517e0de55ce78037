#include "tests/fakes/world_check.h"

#include "tests/check.h"

#include <stdio.h>

uint64_t world_check_counted(const struct world *world)
{
    struct bridge_books books = bridge_books(world->bridge);
    return books.received + books.turned_away;
}

uint64_t world_check_dropped(const struct world *world)
{
    struct bridge_books books = bridge_books(world->bridge);
    return books.notices_own + books.notices - world->journal.notices;
}

/* Arrivals that were parked are taken in later, in order, on the link they came by. */
static void note_taken(struct world *world)
{
    for (size_t i = 0; world->taken_count < world_check_counted(world); i++) {
        assert_true(i < world->arrival_count);
        struct world_arrival *arrival = &world->arrivals[i];
        if (arrival->is_taken || arrival->is_notice ||
            arrival->link != world_broker_of(world, arrival->from)->link)
            continue;
        if (!world->is_forgetful && world_journal_row(&world->journal, i) == NULL)
            continue; /* it repeats another, or is parked still */
        arrival->is_taken = true;
        world->taken_count++;
    }
}

static void check_books(const struct world *world)
{
    struct bridge_books books = bridge_books(world->bridge);
    assert_int_equal(books.received,
                     books.accepted + books.rejected + books.waiting + books.in_flight);
    assert_int_equal(world_check_counted(world), world->taken_count);
    assert_int_equal(books.calls, world->endpoint.count - world->calls_before);
    assert_true(books.open_calls <= world->max_in_flight);
    assert_true(books.in_flight >= books.open_calls);
    assert_true(books.open_calls > 0 || books.in_flight == 0);
    if (!world->is_abandoned)
        assert_int_equal(books.open_calls, world->endpoint.open_count);
    if (!world->coalesces)
        assert_int_equal(books.in_flight, books.open_calls);
}

/* It was taken in, or repeats what was. */
static bool is_known(const struct world *world, size_t number)
{
    return world->arrivals[number].is_taken || world->arrivals[number].is_let_go ||
           (!world->is_forgetful && world_journal_answerer(&world->journal, number) != NULL);
}

static size_t repeats_of(const struct world *world, size_t number)
{
    size_t count = 0;
    for (size_t i = 0; i < world->journal.repeat_count; i++)
        count += world->journal.repeats[i].number == number;
    return count;
}

static void check_acks(struct world *world, enum side side)
{
    const struct world_broker *broker = world_broker_of(world, side);
    for (; world->acks_seen[side] < broker->ack_count; world->acks_seen[side]++) {
        uint64_t ticket = broker->acks[world->acks_seen[side]];
        size_t number = world_delivered(world, ticket);
        struct world_arrival *arrival = &world->arrivals[number];
        assert_int_equal(ticket, arrival->ticket);
        assert_int_equal(arrival->link, broker->link);
        assert_true(is_known(world, number) || arrival->is_elsewhere);
        assert_false(arrival->is_acknowledged);
        arrival->is_acknowledged = true;
        bool is_repeat = repeats_of(world, number) > 0;
        if (world->acks_seen[side] > 0 && !is_repeat) /* which waits for its answer */
            assert_true(broker->acks[world->acks_seen[side] - 1] < ticket);
    }
}

static struct world_arrival *arrival_of(struct world *world, const struct world_post *post)
{
    int64_t number;
    assert_int_equal(post->correlation[0], 'c');
    assert_true(str_to_int(str_of(post->correlation + 1), 0, INT32_MAX, &number));
    assert_true((size_t)number < world->arrival_count);
    return &world->arrivals[number];
}

static void read_code(const struct world_post *post, struct world_arrival *arrival)
{
    static const char member[] = "\"code\":\"";
    const char *at = strstr(post->payload, member);
    struct str rest = at != NULL ? str_of(at + sizeof member - 1) : STR("accepted");
    struct str code = str_cut(&rest, '"');
    snprintf(arrival->code, sizeof arrival->code, "%.*s", STR_ARG(code));
}

/* One that was delivered is sent again only because nobody remembers, or somebody asks again. */
static void check_sent_again(struct world *world, size_t number, const struct world_post *before,
                             const struct world_post *post)
{
    struct world_arrival *arrival = &world->arrivals[number];
    assert_string_equal(before->payload, post->payload);
    assert_string_equal(before->topic, post->topic);
    if (before->life < post->life || (!before->is_delivered && before->link < post->link))
        return;
    arrival->repeats_seen++;
    assert_true(arrival->repeats_seen <= repeats_of(world, number));
}

/* Answers are the posts with correlation data. */
static void check_posts(struct world *world, enum side side)
{
    const struct world_broker *broker = world_broker_of(world, side);
    for (; world->posts_seen[side] < broker->count; world->posts_seen[side]++) {
        const struct world_post *post = &broker->posts[world->posts_seen[side]];
        if (post->correlation == NULL)
            continue;
        struct world_arrival *arrival = arrival_of(world, post);
        size_t number = (size_t)(arrival - world->arrivals);
        assert_true(is_known(world, number));
        assert_int_equal(arrival->from, side);
        if (arrival->last_answer != 0)
            check_sent_again(world, number, &broker->posts[arrival->last_answer - 1], post);
        arrival->last_answer = world->posts_seen[side] + 1;
        read_code(post, arrival);
    }
}

static bool is_decided_by(const struct world_call *call)
{
    enum fault_class class = fault_class_of(call->reply.fault);
    return call->reply.start_err == ERR_NONE && !call->is_question &&
           (class == FAULT_NONE || class == FAULT_PERMANENT);
}

/* Where commands share calls, only a call that was done says that its commands are behind us: one
 * that was refused may be called in parts, one that failed without those that expired meanwhile. */
static const struct world_call *call_before(const struct world *world, size_t place)
{
    const struct world_call *calls = world->endpoint.calls;
    for (size_t i = place; i > 0; i--) {
        bool is_done = calls[i - 1].reply.fault == FAULT_OK && !calls[i - 1].is_question &&
                       calls[i - 1].reply.start_err == ERR_NONE;
        bool counts = is_done || !world->coalesces;
        if (counts && strcmp(calls[i - 1].job, calls[place].job) == 0)
            return &calls[i - 1];
    }
    return NULL;
}

static void check_calls(struct world *world)
{
    for (; world->calls_seen < world->endpoint.count; world->calls_seen++) {
        const struct world_call *call = &world->endpoint.calls[world->calls_seen];
        const struct world_call *before = call_before(world, world->calls_seen);
        if (before == NULL || strstr(call->body, "\"#") == NULL ||
            strstr(before->body, "\"#") == NULL)
            continue; /* not worded by world_send */
        bool is_of_this_life = before >= world->endpoint.calls + world->calls_before;
        if (is_decided_by(before) && is_of_this_life)
            assert_true(world_number_of(before) < world_number_of(call));
        else
            assert_true(world_number_of(before) <= world_number_of(call));
    }
}

static const struct world_call *effect(const struct world *world, size_t place)
{
    return &world->endpoint.calls[world->endpoint.effects[place]];
}

/* No job ever goes back to what an earlier command asked for. */
static void check_effects(struct world *world)
{
    for (; world->effects_seen < world->endpoint.effect_count; world->effects_seen++) {
        const struct world_call *call = effect(world, world->effects_seen);
        const struct world_call *before = NULL;
        for (size_t i = world->effects_seen; i > 0 && before == NULL; i--)
            if (strcmp(effect(world, i - 1)->job, call->job) == 0)
                before = effect(world, i - 1);
        if (before != NULL && world_has_number(str_of(call->body)) &&
            world_has_number(str_of(before->body)))
            assert_true(world_number_of(before) <= world_number_of(call));
    }
}

void world_check_left(struct world *world)
{
    for (enum side side = 0; side < SIDE_COUNT; side++) {
        check_acks(world, side);
        check_posts(world, side);
    }
    check_calls(world);
    check_effects(world);
}

void world_check_step(struct world *world)
{
    note_taken(world);
    check_books(world);
    world_check_left(world);
}

/* Once, unless a crash had it forgotten that it was, or it was asked for again. */
static void check_answered(const struct world *world, size_t number)
{
    const struct world_arrival *arrival = &world->arrivals[number];
    bool may_be_more = world->broker.life > 0 || repeats_of(world, number) > 0;
    if (world->redelivers && !arrival->is_qos0)
        assert_true(arrival->is_acknowledged || arrival->is_dropped);
    if (arrival->correlation == NULL || arrival->is_notice || arrival->is_dropped)
        return;
    if (may_be_more)
        assert_true(arrival->answers_delivered >= arrival->is_taken);
    else
        assert_int_equal(arrival->answers_delivered, arrival->is_taken);
}

static void count_answers(struct world *world, const struct world_broker *broker)
{
    for (size_t i = 0; i < broker->count; i++) {
        const struct world_post *post = &broker->posts[i];
        if (post->correlation != NULL && post->is_delivered)
            arrival_of(world, post)->answers_delivered++;
    }
}

static void check_answered_once(struct world *world)
{
    count_answers(world, &world->broker);
    count_answers(world, &world->upstream);
    for (size_t i = 0; i < world->arrival_count; i++)
        check_answered(world, i);
}

void world_check_end(struct world *world)
{
    struct bridge_books books = bridge_books(world->bridge);
    assert_true(bridge_is_idle(world->bridge));
    assert_int_equal(books.received, books.accepted + books.rejected);
    check_answered_once(world);
}
