#include "store/repeats.h"
#include "tests/check.h"

#include <stdlib.h>

static struct repeats repeats;

static int set_up(void **state)
{
    (void)state;
    repeats_init(&repeats);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    repeats_fini(&repeats);
    return 0;
}

static void put(int64_t hash, uint64_t seq)
{
    assert_int_equal(repeats_put(&repeats, hash, seq), ERR_NONE);
}

static void an_empty_table_has_nothing(void **state)
{
    (void)state;
    assert_int_equal(repeats_find(&repeats, 0), 0);
    repeats_drop(&repeats, 0, 1);
    assert_int_equal(repeats.count, 0);
}

static void the_last_one_counts(void **state)
{
    (void)state;
    put(-7, 1);
    put(-7, 2);
    assert_int_equal(repeats.count, 1);
    assert_int_equal(repeats_find(&repeats, -7), 2);
    repeats_drop(&repeats, -7, 1); /* the earlier one has gone */
    assert_int_equal(repeats_find(&repeats, -7), 2);
    repeats_drop(&repeats, -7, 2);
    assert_int_equal(repeats_find(&repeats, -7), 0);
    assert_int_equal(repeats.count, 0);
}

/* All of one home, the last slot, so that they go on at the first; taken out from everywhere. */
static void those_of_one_home_are_told_apart(void **state)
{
    (void)state;
    enum { COUNT = 5 };
    put(0, 99);
    int64_t home = (int64_t)repeats.slot_count - 1;
    for (int first = 0; first < COUNT; first++) {
        for (int i = 0; i < COUNT; i++)
            put(home + i * (home + 1), 1 + (uint64_t)i);
        for (int i = 0; i < COUNT; i++) {
            int gone = (first + i) % COUNT;
            repeats_drop(&repeats, home + gone * (home + 1), 1 + (uint64_t)gone);
            for (int j = 0; j < COUNT; j++) {
                bool is_gone = (j - first + COUNT) % COUNT <= i;
                assert_int_equal(repeats_find(&repeats, home + j * (home + 1)),
                                 is_gone ? 0 : 1 + (uint64_t)j);
            }
            assert_int_equal(repeats_find(&repeats, 0), 99);
        }
    }
    assert_int_equal(repeats.count, 1);
}

/* Against the plainest table there is, with few homes, so that runs of slots meet. */
static void as_a_plain_table_would(void **state)
{
    (void)state;
    enum { HASHES = 150, HOMES = 8, STEPS = 20000 };
    uint64_t plain[HASHES] = {0};
    unsigned seed = 1;
    for (uint64_t step = 1; step <= STEPS; step++) {
        size_t i = (size_t)rand_r(&seed) % HASHES;
        if (plain[i] == 0)
            put((int64_t)(i % HOMES + i / HOMES * 4096), step);
        else
            repeats_drop(&repeats, (int64_t)(i % HOMES + i / HOMES * 4096), plain[i]);
        plain[i] = plain[i] == 0 ? step : 0;
        for (size_t j = 0; j < HASHES && step % 50 == 0; j++)
            assert_int_equal(repeats_find(&repeats, (int64_t)(j % HOMES + j / HOMES * 4096)),
                             plain[j]);
    }
}

static int64_t scattered(uint64_t i)
{
    return (int64_t)(i * UINT64_C(0x9e3779b97f4a7c15));
}

static void it_grows_and_gives_back(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    for (uint64_t i = 1; i <= COUNT; i++)
        put(scattered(i), i);
    assert_int_equal(repeats.count, COUNT);
    assert_true(repeats.slot_count <= 4 * COUNT);
    for (uint64_t i = 1; i <= COUNT; i++) {
        assert_int_equal(repeats_find(&repeats, scattered(i)), i);
        if (i % 1000 != 0)
            repeats_drop(&repeats, scattered(i), i);
    }
    assert_int_equal(repeats.count, COUNT / 1000);
    assert_true(repeats.slot_count <= 1024);
    for (uint64_t i = 1000; i <= COUNT; i += 1000)
        assert_int_equal(repeats_find(&repeats, scattered(i)), i);
}

#define UNIT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(an_empty_table_has_nothing),       UNIT(the_last_one_counts),
        UNIT(those_of_one_home_are_told_apart), UNIT(as_a_plain_table_would),
        UNIT(it_grows_and_gives_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
