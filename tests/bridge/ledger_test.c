#include "base/limits.h"
#include "bridge/intake.h"
#include "bridge/ledger.h"
#include "tests/bridge/sample.h"
#include "tests/check.h"

#include <stdio.h>

#define TRACEPARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

#define TOPIC "jobs-bridge/jobs/j/update"

/* A journal that notes what it is asked and answers as told. */
struct stub {
    char deeds[256]; /* a letter each: a d f b ? c */
    enum err err;    /* of the next deed */
    bool has_no_room;
    struct journal_entry entry; /* the last one added or looked for */
    struct ending ending;
    char reason[64];
};

static enum err note(struct stub *stub, char deed, struct why *why)
{
    size_t n = strlen(stub->deeds);
    assert_true(n + 1 < sizeof stub->deeds);
    stub->deeds[n] = deed;
    return stub->err == ERR_NONE ? ERR_NONE : why_set(why, stub->err, NULL, "stub says no");
}

static enum err add(void *context, const struct journal_entry *entry, struct why *why)
{
    struct stub *stub = context;
    stub->entry = *entry;
    return note(stub, 'a', why);
}

static enum err decide(void *context, uint64_t seq, const struct ending *ending, struct why *why)
{
    struct stub *stub = context;
    assert_int_equal(seq, 7);
    stub->ending = *ending;
    return note(stub, 'd', why);
}

static enum err finish(void *context, uint64_t seq, struct why *why)
{
    assert_int_equal(seq, 7);
    return note(context, 'f', why);
}

static enum err bury(void *context, uint64_t seq, struct str reason, int64_t wall_ms,
                     struct why *why)
{
    struct stub *stub = context;
    assert_int_equal(seq, 7);
    assert_int_equal(wall_ms, SAMPLE_WALL_MS);
    snprintf(stub->reason, sizeof stub->reason, "%.*s", STR_ARG(reason));
    return note(stub, 'b', why);
}

static enum err find(void *context, const struct journal_entry *like, int64_t wall_ms,
                     struct journal_entry *ret, struct why *why)
{
    struct stub *stub = context;
    assert_int_equal(wall_ms, SAMPLE_WALL_MS);
    stub->entry = *like;
    *ret = *like;
    return note(stub, '?', why);
}

static enum err commit(void *context, int64_t wall_ms, struct why *why)
{
    (void)wall_ms;
    return note(context, 'c', why);
}

static bool has_room(void *context)
{
    const struct stub *stub = context;
    return !stub->has_no_room;
}

static void totals(void *context, struct journal_totals *ret)
{
    (void)context;
    *ret = (struct journal_totals){.next_seq = 42};
}

static enum err each(void *context, journal_visit_fn *visit, void *visit_context, struct why *why)
{
    (void)visit;
    (void)visit_context;
    return note(context, 'e', why);
}

struct fixture {
    struct stub stub;
    struct ledger ledger;
    struct arrival arrival;
    struct record *record;
    struct outcome_options options;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.options = sample_options()};
    const struct port_journal port = {&fixture.stub, add,    decide,   finish, bury,
                                      find,          commit, has_room, totals, each};
    ledger_init(&fixture.ledger, &port);
    fixture.arrival = sample_arrival(TOPIC, "{\"description\":\"x\",\"clientToken\":\"mine\"}");
    fixture.arrival.correlation = STR("corr");
    fixture.arrival.trace.parent = STR(TRACEPARENT);
    fixture.arrival.expiry_s = 60;
    fixture.record = sample_taken(&fixture.options, &fixture.arrival);
    fixture.record->seq = 7;
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    record_free(fixture->record);
    return 0;
}

static bool commit_at(struct fixture *fixture, int64_t mono_ms, bool is_forced)
{
    return ledger_commit(&fixture->ledger, mono_ms, SAMPLE_WALL_MS, is_forced);
}

static void what_arrived_is_noted_whole(void **state)
{
    struct fixture *fixture = *state;
    ledger_take(&fixture->ledger, fixture->record, &fixture->arrival, SAMPLE_WALL_MS);
    const struct journal_entry *entry = &fixture->stub.entry;
    assert_int_equal(entry->seq, 7);
    assert_int_equal(entry->state, JOURNAL_OPEN);
    check_str(entry->topic, TOPIC);
    assert_true(str_eq(entry->payload, fixture->arrival.payload));
    check_str(entry->correlation, "corr");
    check_str(entry->trace.parent, TRACEPARENT);
    check_str(entry->repeat_of, "mine");
    assert_int_equal(entry->qos, 1);
    assert_int_equal(entry->arrived_at_ms, SAMPLE_WALL_MS);
    assert_int_equal(entry->expires_at_ms, SAMPLE_WALL_MS + 60000);

    struct arrival again = ledger_arrival(entry);
    check_str(again.topic, TOPIC);
    assert_true(str_eq(again.payload, fixture->arrival.payload));
    check_str(again.correlation, "corr");
    check_str(again.trace.parent, TRACEPARENT);
    assert_int_equal(again.expiry_s, 60);
    assert_int_equal(again.qos, 1);
    assert_int_equal(again.ack_ticket, 0);
}

static void a_payload_is_never_absent_and_never_too_long(void **state)
{
    struct fixture *fixture = *state;
    static char text[LIMITS_COMMAND_BYTES + 1];
    const struct {
        struct str payload;
        size_t kept;
    } cases[] = {
        {STR_NONE, 0}, {{text, sizeof text}, 0}, {{text, sizeof text - 1}, sizeof text - 1}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        fixture->arrival.payload = cases[i].payload;
        ledger_take(&fixture->ledger, fixture->record, &fixture->arrival, SAMPLE_WALL_MS);
        assert_false(str_is_absent(fixture->stub.entry.payload));
        assert_int_equal(fixture->stub.entry.payload.n, cases[i].kept);
    }
}

static void how_it_ended_is_noted(void **state)
{
    struct fixture *fixture = *state;
    sample_refuse(fixture->record, REJECT_INVALID_REQUEST, "timeoutConfig", "too long");
    ledger_decide(&fixture->ledger, fixture->record);
    const struct ending *ending = &fixture->stub.ending;
    assert_int_equal(ending->code, REJECT_INVALID_REQUEST);
    check_str(ending->field, "timeoutConfig");
    check_str(ending->message, "too long");
    check_str(ending->request_id, NULL);
    assert_int_equal(ending->decided_at_s, SAMPLE_WALL_MS / 1000);
    assert_int_equal(ending->latency_ms, 42);
    assert_int_equal(ending->attempts, 1);
    assert_int_equal(ending->retry_after_s, -1);
}

static void news_are_committed_at_once_and_the_rest_a_little_later(void **state)
{
    struct fixture *fixture = *state;
    struct ledger *ledger = &fixture->ledger;
    assert_true(commit_at(fixture, 1000, false));
    assert_string_equal(fixture->stub.deeds, "");
    ledger_take(ledger, fixture->record, &fixture->arrival, SAMPLE_WALL_MS);
    assert_true(commit_at(fixture, 1000, false));
    ledger_decide(ledger, fixture->record);
    assert_true(commit_at(fixture, 1000, false));
    assert_true(commit_at(fixture, 1000, false));
    assert_string_equal(fixture->stub.deeds, "acdc");

    assert_int_equal(ledger_due_ms(ledger), DUE_NEVER);
    ledger_finish(ledger, fixture->record, 2000);
    ledger_finish(ledger, fixture->record, 2100);
    assert_int_equal(ledger_due_ms(ledger), 2000 + LEDGER_LAZY_MS);
    assert_true(commit_at(fixture, 2000 + LEDGER_LAZY_MS - 1, false));
    assert_string_equal(fixture->stub.deeds, "acdcff");
    assert_true(commit_at(fixture, 2000 + LEDGER_LAZY_MS, false));
    assert_string_equal(fixture->stub.deeds, "acdcffc");
    assert_int_equal(ledger_due_ms(ledger), DUE_NEVER);

    ledger_finish(ledger, fixture->record, 3000);
    assert_true(commit_at(fixture, 3000, true));
    ledger_bury(ledger, fixture->record, SAMPLE_WALL_MS, "why");
    assert_true(commit_at(fixture, 3000, false));
    assert_string_equal(fixture->stub.deeds, "acdcffcfcbc");
    assert_string_equal(fixture->stub.reason, "why");
}

static void the_first_failure_breaks_it_for_good(void **state)
{
    struct fixture *fixture = *state;
    struct ledger *ledger = &fixture->ledger;
    struct journal_entry found;
    fixture->stub.err = ERR_IO;
    ledger_take(ledger, fixture->record, &fixture->arrival, SAMPLE_WALL_MS);
    fixture->stub.err = ERR_NONE;
    assert_true(ledger->is_broken);
    assert_string_equal(ledger->why.text, "stub says no");
    assert_false(commit_at(fixture, 1000, true));
    ledger_decide(ledger, fixture->record);
    ledger_finish(ledger, fixture->record, 1000);
    assert_int_equal(
        ledger_find(ledger, fixture->record, &fixture->arrival, SAMPLE_WALL_MS, &found),
        ERR_NOT_FOUND);
    assert_false(commit_at(fixture, 2000, true));
    assert_string_equal(fixture->stub.deeds, "a");
}

static void room_is_what_the_journal_has(void **state)
{
    struct fixture *fixture = *state;
    assert_true(ledger_has_room(&fixture->ledger));
    fixture->stub.has_no_room = true;
    assert_false(ledger_has_room(&fixture->ledger));
}

static void a_repeat_is_looked_for_only_where_there_may_be_one(void **state)
{
    struct fixture *fixture = *state;
    const struct {
        struct str token;
        struct str correlation;
        bool is_duplicate;
        bool is_looked_for;
        const char *repeat_of;
    } cases[] = {
        {STR("t"), STR("c"), false, true, "t"}, {STR_NONE, STR("c"), false, true, "c"},
        {STR_NONE, STR_NONE, true, true, NULL}, {STR_NONE, STR_NONE, false, false, NULL},
        {STR("t"), STR_NONE, true, true, "t"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct journal_entry found;
        fixture->record->client_token = cases[i].token;
        fixture->record->correlation = cases[i].correlation;
        fixture->arrival.is_duplicate = cases[i].is_duplicate;
        enum err err = ledger_find(&fixture->ledger, fixture->record, &fixture->arrival,
                                   SAMPLE_WALL_MS, &found);
        assert_int_equal(err, cases[i].is_looked_for ? ERR_NONE : ERR_NOT_FOUND);
        if (cases[i].is_looked_for)
            check_str(fixture->stub.entry.repeat_of, cases[i].repeat_of);
    }
    assert_string_equal(fixture->stub.deeds, "????");
    assert_false(fixture->ledger.is_broken);
}

static void what_is_not_in_the_journal_leaves_no_trace(void **state)
{
    struct fixture *fixture = *state;
    fixture->record->seq = 0;
    ledger_decide(&fixture->ledger, fixture->record);
    ledger_finish(&fixture->ledger, fixture->record, 1000);
    ledger_bury(&fixture->ledger, fixture->record, SAMPLE_WALL_MS, "x");
    assert_true(commit_at(fixture, 9000, false));
    assert_string_equal(fixture->stub.deeds, "");
}

static void without_a_journal_all_is_well(void **state)
{
    struct fixture *fixture = *state;
    struct journal_entry found;
    const struct port_journal none = {0};
    ledger_init(&fixture->ledger, &none);
    assert_false(ledger_has_journal(&fixture->ledger));
    assert_int_equal(ledger_next_seq(&fixture->ledger), 1);
    ledger_take(&fixture->ledger, fixture->record, &fixture->arrival, SAMPLE_WALL_MS);
    assert_int_equal(
        ledger_find(&fixture->ledger, fixture->record, &fixture->arrival, SAMPLE_WALL_MS, &found),
        ERR_NOT_FOUND);
    assert_true(ledger_has_room(&fixture->ledger));
    assert_true(commit_at(fixture, 1000, true));
    assert_int_equal(ledger_due_ms(&fixture->ledger), DUE_NEVER);
}

static void numbers_go_on_where_the_journal_is(void **state)
{
    struct fixture *fixture = *state;
    assert_true(ledger_has_journal(&fixture->ledger));
    assert_int_equal(ledger_next_seq(&fixture->ledger), 42);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(what_arrived_is_noted_whole),
        CASE(a_payload_is_never_absent_and_never_too_long),
        CASE(how_it_ended_is_noted),
        CASE(news_are_committed_at_once_and_the_rest_a_little_later),
        CASE(the_first_failure_breaks_it_for_good),
        CASE(room_is_what_the_journal_has),
        CASE(a_repeat_is_looked_for_only_where_there_may_be_one),
        CASE(what_is_not_in_the_journal_leaves_no_trace),
        CASE(without_a_journal_all_is_well),
        CASE(numbers_go_on_where_the_journal_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
