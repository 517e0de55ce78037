#include "bridge/fair.h"
#include "tests/bridge/sample.h"
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>

#define LANES 8

/* Lanes "0" to "7", each with its records; a call takes one record. */
struct table {
    struct fair fair;
    struct lane *lanes[LANES];
};

static void init(struct table *table, unsigned reserve_percent)
{
    fair_init(&table->fair, reserve_percent);
    for (int i = 0; i < LANES; i++) {
        char job[] = {(char)('0' + i), '\0'};
        table->lanes[i] = lane_new(str_of(job));
        assert_non_null(table->lanes[i]);
    }
}

static void fini(struct table *table)
{
    for (int i = 0; i < LANES; i++)
        lane_free(table->lanes[i]);
    fair_fini(&table->fair);
}

/* thing NULL: an operator. */
static struct record *enter(struct table *table, const char *thing, int lane)
{
    char topic[96];
    struct outcome_options options = sample_options();
    snprintf(topic, sizeof topic, "jobs-bridge/%s%s%sjobs/%d/update",
             thing != NULL ? "things/" : "", thing != NULL ? thing : "", thing != NULL ? "/" : "",
             lane);
    struct arrival arrival = sample_arrival(topic, "{\"description\":\"x\"}");
    struct record *record = sample_taken(&options, &arrival);
    record->lane = table->lanes[lane];
    assert_int_equal(fair_enter(&table->fair, record), ERR_NONE);
    list_push_back(&record->lane->records, &record->lane_node);
    return record;
}

/* The head of the lane whose turn it is, now in a call; NULL: no turn. */
static struct record *call(struct table *table)
{
    struct lane *lane = fair_turn(&table->fair);
    if (lane == NULL)
        return NULL;
    struct record *head = lane_head(lane);
    record_move(head, RECORD_CALL);
    fair_end_wait(&table->fair, head);
    return head;
}

static void end(struct table *table, struct record *record)
{
    struct lane *lane = record->lane;
    record_move(record, RECORD_ACCEPT);
    list_remove(&record->lane_node);
    fair_leave(&table->fair, record);
    record_free(record);
    if (lane_is(lane, RECORD_WAITING))
        fair_ready(&table->fair, lane);
}

/* The next turns, each a call that ends at once: "a0 b1" is a's command in lane 0, then b's. */
static void check_turns(struct table *table, const char *expected)
{
    char turns[256] = "";
    struct record *record;
    while ((record = call(table)) != NULL) {
        size_t n = strlen(turns);
        assert_true(n + 10 < sizeof turns);
        snprintf(turns + n, sizeof turns - n, "%s%.*s%.*s", n > 0 ? " " : "",
                 STR_ARG(str_is_absent(record->thing) ? STR("-") : record->thing),
                 STR_ARG(record->job));
        end(table, record);
    }
    assert_string_equal(turns, expected);
}

static void things_take_turns_however_much_they_send(void **state)
{
    (void)state;
    struct table table;
    init(&table, 0);
    for (int i = 0; i < 4; i++)
        enter(&table, "a", 0);
    enter(&table, "b", 1);
    enter(&table, "b", 1);
    enter(&table, "c", 2);
    check_turns(&table, "a0 b1 c2 a0 b1 a0 a0");
    assert_int_equal(table.fair.parties.count, 0);
    assert_int_equal(table.fair.claims.count, 0);
    fini(&table);
}

static void jobs_of_one_thing_take_its_turns_in_turn(void **state)
{
    (void)state;
    struct table table;
    init(&table, 0);
    for (int lane = 0; lane < 3; lane++)
        for (int i = 0; i < 2; i++)
            enter(&table, "a", lane);
    enter(&table, "b", 3);
    enter(&table, "b", 3);
    check_turns(&table, "a0 b3 a1 b3 a2 a0 a1 a2");
    fini(&table);
}

/* b's only command stands behind three of a's in one of many lanes that are a's. */
static void a_turn_goes_to_what_stands_before_its_command(void **state)
{
    (void)state;
    struct table table;
    init(&table, 0);
    for (int lane = 0; lane < 5; lane++)
        enter(&table, "a", lane);
    enter(&table, "a", 4);
    enter(&table, "b", 4);
    check_turns(&table, "a0 a4 a1 a4 a2 b4 a3");
    fini(&table);
}

static void who_found_all_lanes_busy_is_owed_a_turn(void **state)
{
    (void)state;
    struct table table;
    init(&table, 0);
    enter(&table, "a", 0);
    enter(&table, "b", 0);
    for (int i = 0; i < 3; i++) {
        enter(&table, "c", 1);
        enter(&table, "d", 2);
    }
    struct record *first = call(&table); /* a's */
    struct record *others[2] = {call(&table), call(&table)};
    check_str(others[0]->thing, "c"); /* b's turn passed: lane 0 is busy */
    check_str(others[1]->thing, "d");
    assert_null(call(&table));
    end(&table, others[0]);
    end(&table, others[1]);
    end(&table, first);
    check_turns(&table, "b0 d2 c1 d2 c1");
    fini(&table);
}

/* As long as a had another lane to call, its turn was not lost. */
static void who_had_another_lane_is_owed_none(void **state)
{
    (void)state;
    struct table table;
    init(&table, 0);
    enter(&table, "a", 0);
    enter(&table, "a", 0);
    enter(&table, "a", 1);
    enter(&table, "a", 1);
    enter(&table, "b", 2);
    enter(&table, "b", 2);
    struct record *busy = call(&table); /* a0 */
    end(&table, call(&table));          /* b2 */
    struct record *second = call(&table);
    check_str(second->job, "1");
    end(&table, second);
    end(&table, busy);
    check_turns(&table, "b2 a0 a1");
    fini(&table);
}

static void what_ends_while_it_waits_leaves_the_turn_to_others(void **state)
{
    (void)state;
    struct table table;
    init(&table, 0);
    struct record *gone = enter(&table, "a", 0);
    enter(&table, "b", 0);
    record_move(gone, RECORD_EXPIRE);
    list_remove(&gone->lane_node);
    fair_end_wait(&table.fair, gone);
    fair_leave(&table.fair, gone);
    record_free(gone);
    assert_int_equal(fair_waiting(&table.fair, STR("a")), 0);
    assert_int_equal(fair_waiting(&table.fair, STR("b")), 1);
    check_turns(&table, "b0");
    fini(&table);
}

static void operators_are_one_party(void **state)
{
    (void)state;
    struct table table;
    init(&table, 0);
    for (int i = 0; i < 3; i++)
        enter(&table, NULL, 0);
    enter(&table, "a", 1);
    enter(&table, "b", 2);
    check_turns(&table, "-0 a1 b2 -0 -0");
    fini(&table);
}

/* Of six things and the operators, these get every second call instead of every seventh. */
static void the_reserve_is_kept_for_operators(void **state)
{
    (void)state;
    struct table table;
    init(&table, 50);
    for (int i = 0; i < 2; i++)
        for (int thing = 0; thing < 6; thing++) {
            char name[] = {(char)('a' + thing), '\0'};
            enter(&table, name, 1 + thing);
        }
    for (int i = 0; i < 4; i++)
        enter(&table, NULL, 0);
    check_turns(&table, "a1 b2 -0 c3 -0 d4 -0 e5 -0 f6 a1 b2 c3 d4 e5 f6");
    fini(&table);
}

static void a_reserve_nobody_needs_is_for_all(void **state)
{
    (void)state;
    struct table table;
    init(&table, 50);
    for (int i = 0; i < 3; i++)
        enter(&table, "a", 0);
    check_turns(&table, "a0 a0 a0");
    enter(&table, "a", 0);
    enter(&table, NULL, 1); /* saved up, but no more than one call */
    enter(&table, NULL, 1);
    check_turns(&table, "-1 a0 -1");
    fini(&table);
}

/* Whatever happens, a lane that is ready has somebody whose turn it can be. */
static void no_ready_lane_is_forgotten(void **state)
{
    (void)state;
    struct table table;
    init(&table, 10);
    struct record *calls[LANES];
    size_t open = 0;
    unsigned seed = 1;
    for (int step = 0; step < 20000; step++) {
        seed = seed * 1103515245 + 12345;
        unsigned dice = seed >> 16;
        char name[] = {(char)('a' + dice % 5), '\0'};
        if (dice / 5 % 3 == 0) {
            enter(&table, dice % 7 == 0 ? NULL : name, (int)(dice / 35 % LANES));
        } else if (dice / 5 % 3 == 1 && open > 0) {
            end(&table, calls[--open]);
        } else {
            size_t ready = 0;
            for (int i = 0; i < LANES; i++)
                ready += lane_is(table.lanes[i], RECORD_WAITING);
            struct record *record = call(&table);
            assert_true((record != NULL) == (ready > 0));
            if (record != NULL)
                calls[open++] = record;
        }
    }
    fini(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(things_take_turns_however_much_they_send),
        cmocka_unit_test(jobs_of_one_thing_take_its_turns_in_turn),
        cmocka_unit_test(a_turn_goes_to_what_stands_before_its_command),
        cmocka_unit_test(who_found_all_lanes_busy_is_owed_a_turn),
        cmocka_unit_test(who_had_another_lane_is_owed_none),
        cmocka_unit_test(what_ends_while_it_waits_leaves_the_turn_to_others),
        cmocka_unit_test(operators_are_one_party),
        cmocka_unit_test(the_reserve_is_kept_for_operators),
        cmocka_unit_test(a_reserve_nobody_needs_is_for_all),
        cmocka_unit_test(no_ready_lane_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
