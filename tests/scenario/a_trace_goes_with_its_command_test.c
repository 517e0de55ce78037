#include "tests/check.h"
#include "tests/fakes/world.h"

#define FIRST  "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define SECOND "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"

static struct world_command command_with(const char *traceparent)
{
    return (struct world_command){
        .thing = "pump", .job = "rollout", .namespace = "site", .traceparent = traceparent};
}

static size_t send(struct world *world, const char *traceparent)
{
    struct world_command command = command_with(traceparent);
    return world_send(world, &command);
}

/* NULL: none. */
static void check_same(const char *actual, const char *expected)
{
    check_str(str_of(actual), expected);
}

static void it_is_with_the_call_the_answer_and_the_events(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    struct world_command command = command_with(FIRST);
    command.tracestate = "rojo=1";
    world_send(world, &command);
    world_run_until_idle(world, 1000);
    check_same(world->endpoint.calls[0].traceparent, FIRST);
    assert_int_equal(world->broker.count, 3);
    for (size_t i = 0; i < 3; i++) {
        check_same(world->broker.posts[i].traceparent, FIRST);
        check_same(world->broker.posts[i].tracestate, "rojo=1");
    }
    check_has(world->broker.posts[2].payload, "\"traceparent\":\"" FIRST "\"");
    world_end(world);
}

static void one_that_is_not_valid_is_as_if_it_were_not_there(void **state)
{
    (void)state;
    static const char longer[] = FIRST "-01";
    static const char *const wrong[] = {"", "1", longer, longer + 1};
    struct world *world = world_new(&(struct world_options){0});
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        size_t number = send(world, wrong[i]);
        world_run_until_idle(world, 1000 * (int64_t)(i + 1));
        assert_string_equal(world_code(world, number), "accepted");
        check_same(world->endpoint.calls[i].traceparent, NULL);
    }
    for (size_t i = 0; i < world->broker.count; i++) {
        check_same(world->broker.posts[i].traceparent, NULL);
        assert_null(strstr(world->broker.posts[i].payload, "traceparent"));
    }
    world_end(world);
}

static void a_shared_call_has_that_of_the_newest(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){.coalesces = true});
    size_t first = send(world, FIRST);
    size_t second = send(world, SECOND);
    size_t third = send(world, NULL);
    world_run_until_idle(world, 1000);
    assert_int_equal(world->endpoint.count, 1);
    check_same(world->endpoint.calls[0].traceparent, SECOND);
    check_same(world_answer(world, first)->traceparent, FIRST);
    check_same(world_answer(world, second)->traceparent, SECOND);
    check_same(world_answer(world, third)->traceparent, NULL);
    world_end(world);
}

static void it_outlives_a_crash(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){.redelivers = true});
    world->endpoint.usual.takes_ms = 500;
    size_t number = send(world, FIRST);
    world_run_until(world, 100);
    world_crash(world);
    world_run_until_idle(world, 5000);
    assert_int_equal(world->endpoint.count, 2);
    check_same(world->endpoint.calls[1].traceparent, FIRST);
    check_same(world_answer(world, number)->traceparent, FIRST);
    world_end(world);
}

static void a_rejection_has_it_too(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    struct world_command command = command_with(FIRST);
    command.payload = "{}";
    size_t number = world_send(world, &command);
    world_run_until_idle(world, 1000);
    assert_string_equal(world_code(world, number), "InvalidRequest");
    check_same(world_answer(world, number)->traceparent, FIRST);
    world_end(world);
}

static void what_had_to_wait_outside_keeps_it(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    world->journal.is_full = true;
    size_t number = send(world, FIRST);
    world_run_until(world, 100);
    assert_string_equal(world_code(world, number), "");
    world->journal.is_full = false;
    world_turn(world);
    world_run_until_idle(world, 5000);
    check_same(world->endpoint.calls[0].traceparent, FIRST);
    check_same(world_answer(world, number)->traceparent, FIRST);
    world_end(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_with_the_call_the_answer_and_the_events),
        cmocka_unit_test(one_that_is_not_valid_is_as_if_it_were_not_there),
        cmocka_unit_test(a_shared_call_has_that_of_the_newest),
        cmocka_unit_test(it_outlives_a_crash),
        cmocka_unit_test(a_rejection_has_it_too),
        cmocka_unit_test(what_had_to_wait_outside_keeps_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
