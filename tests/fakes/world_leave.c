#include "tests/fakes/world_leave.h"

#include "tests/check.h"

/* Every deed of the bridge begins here: a dead process does none. */
static bool is_dead(struct world *world)
{
    if (world->dies_in > 0 && --world->dies_in == 0)
        world->is_dead = true;
    return world->is_dead;
}

/* What the journal has of an arrival that is not best effort. */
static int committed(const struct world *world, size_t number)
{
    if (world->arrivals[number].is_qos0 || world->arrivals[number].is_let_go)
        return JOURNAL_FINISHED;
    const struct world_row *row = world_journal_answerer(&world->journal, number);
    return row == NULL ? -1 : row->committed;
}

static size_t room(void *context)
{
    const struct world_port *port = context;
    struct port_broker broker = world_broker_port(port->broker);
    return broker.room(broker.context);
}

static enum err publish(void *context, const struct post *post)
{
    const struct world_port *port = context;
    struct world *world = port->world;
    struct port_broker broker = world_broker_port(port->broker);
    int64_t number;
    if (is_dead(world))
        return ERR_NONE;
    if (!world->is_forgetful && post->correlation.n > 1) {
        struct str digits = {post->correlation.p + 1, post->correlation.n - 1};
        assert_true(str_to_int(digits, 0, INT32_MAX, &number));
        assert_true(committed(world, (size_t)number) >= JOURNAL_DECIDED);
    }
    return broker.publish(broker.context, post);
}

static void acknowledge(void *context, uint64_t ack_ticket)
{
    const struct world_port *port = context;
    struct world *world = port->world;
    struct port_broker broker = world_broker_port(port->broker);
    if (is_dead(world))
        return;
    size_t number = world_delivered(world, ack_ticket);
    if (!world->is_forgetful && !world->arrivals[number].is_elsewhere)
        assert_true(committed(world, number) >= JOURNAL_OPEN);
    broker.acknowledge(broker.context, ack_ticket);
}

struct port_broker world_leave_broker(struct world *world, enum side side)
{
    world->ports[side] = (struct world_port){world, world_broker_of(world, side)};
    return (struct port_broker){&world->ports[side], room, publish, acknowledge};
}

/* The last call for the job in this life of the bridge that was done, or NULL. */
static const struct world_call *last_done(const struct world *world, struct str job)
{
    const struct world_endpoint *endpoint = &world->endpoint;
    for (size_t i = endpoint->count; i > world->calls_before; i--) {
        const struct world_call *call = &endpoint->calls[i - 1];
        if (str_eq_text(job, call->job) && call->reply.fault == FAULT_OK &&
            call->reply.start_err == ERR_NONE && !call->is_question)
            return call;
    }
    return NULL;
}

static enum err call(void *context, const struct call *call)
{
    struct world *world = context;
    struct port_endpoint endpoint = world_endpoint_port(&world->endpoint);
    const struct world_call *before = last_done(world, call->job);
    if (is_dead(world))
        return ERR_NONE;
    if (!world->is_forgetful && world_has_number(call->body)) {
        assert_true(committed(world, world_number_in(call->body)) >= JOURNAL_OPEN);
        if (before != NULL && world_has_number(str_of(before->body)))
            assert_true(committed(world, world_number_of(before)) >= JOURNAL_DECIDED);
    }
    return endpoint.call(endpoint.context, call);
}

static enum err describe(void *context, const struct call *call)
{
    struct world *world = context;
    struct port_endpoint endpoint = world_endpoint_port(&world->endpoint);
    return is_dead(world) ? ERR_NONE : endpoint.describe(endpoint.context, call);
}

struct port_endpoint world_leave_endpoint(struct world *world)
{
    return (struct port_endpoint){world, call, describe};
}

static struct port_journal journal_of(struct world *world)
{
    return world_journal_port(&world->journal);
}

/* A notice has no Correlation Data: one that was parked is known by its bytes. */
static void find_parked(struct world *world, const struct journal_entry *entry)
{
    for (size_t i = 0; i < world->arrival_count; i++)
        if (str_eq_text(entry->payload, world->arrivals[i].payload))
            world->journal.delivering = i;
}

static enum err add(void *context, const struct journal_entry *entry, struct why *why)
{
    struct world *world = context;
    struct port_journal journal = journal_of(world);
    bool was_parked = entry->is_notice && world->journal.delivering == WORLD_NOBODY;
    if (is_dead(world))
        return ERR_NONE;
    if (was_parked)
        find_parked(world, entry);
    enum err err = journal.add(journal.context, entry, why);
    if (was_parked)
        world->journal.delivering = WORLD_NOBODY;
    return err;
}

static enum err decide(void *context, uint64_t seq, const struct ending *ending, struct why *why)
{
    struct port_journal journal = journal_of(context);
    return is_dead(context) ? ERR_NONE : journal.decide(journal.context, seq, ending, why);
}

static enum err finish(void *context, uint64_t seq, struct why *why)
{
    struct port_journal journal = journal_of(context);
    return is_dead(context) ? ERR_NONE : journal.finish(journal.context, seq, why);
}

static enum err bury(void *context, uint64_t seq, struct str reason, int64_t wall_ms,
                     struct why *why)
{
    struct port_journal journal = journal_of(context);
    return is_dead(context) ? ERR_NONE : journal.bury(journal.context, seq, reason, wall_ms, why);
}

static enum err find(void *context, const struct journal_entry *like, int64_t wall_ms,
                     struct journal_entry *ret, struct why *why)
{
    struct port_journal journal = journal_of(context);
    return is_dead(context) ? ERR_NOT_FOUND
                            : journal.find(journal.context, like, wall_ms, ret, why);
}

static enum err commit(void *context, int64_t wall_ms, struct why *why)
{
    struct port_journal journal = journal_of(context);
    return is_dead(context) ? ERR_NONE : journal.commit(journal.context, wall_ms, why);
}

static bool has_room(void *context)
{
    struct port_journal journal = journal_of(context);
    return journal.has_room(journal.context);
}

static void totals(void *context, struct journal_totals *ret)
{
    struct port_journal journal = journal_of(context);
    journal.totals(journal.context, ret);
}

static enum err each(void *context, journal_visit_fn *visit, void *visit_context, struct why *why)
{
    struct port_journal journal = journal_of(context);
    return journal.each(journal.context, visit, visit_context, why);
}

struct port_journal world_leave_journal(struct world *world)
{
    return (struct port_journal){world, add,    decide,   finish, bury,
                                 find,  commit, has_room, totals, each};
}
