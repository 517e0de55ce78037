#include "base/chance.h"
#include "tests/check.h"

/* Each of these fails by bad luck less than once in 2^64 runs. */

static void fill_changes_every_part_of_the_bytes(void **state)
{
    (void)state;
    unsigned char a[4096] = {0};
    unsigned char b[4096] = {0};
    chance_fill(a, sizeof a);
    chance_fill(b, sizeof b);
    for (size_t i = 0; i < sizeof a; i += 8)
        assert_memory_not_equal(a + i, b + i, 8);
}

static void fill_stays_within_its_bytes(void **state)
{
    (void)state;
    unsigned char bytes[3] = {0xaa, 0xaa, 0xaa};
    chance_fill(bytes + 1, 1);
    chance_fill(bytes + 1, 0);
    assert_int_equal(bytes[0], 0xaa);
    assert_int_equal(bytes[2], 0xaa);
}

static void below_reaches_every_value_and_no_other(void **state)
{
    (void)state;
    int seen[10] = {0};
    for (int i = 0; i < 10000; i++) {
        uint64_t value = chance_below(10);
        assert_true(value < 10);
        seen[value]++;
    }
    for (int i = 0; i < 10; i++) /* 1000 expected, standard deviation 30 */
        assert_in_range(seen[i], 700, 1300);
}

static void below_takes_the_ends_of_its_range(void **state)
{
    (void)state;
    assert_true(chance_below(0) == 0);
    assert_true(chance_below(1) == 0);
    uint64_t all = 0;
    for (int i = 0; i < 100; i++)
        all |= chance_below(UINT64_MAX);
    assert_true(all > UINT64_MAX / 2);
}

static void hex_is_digits_and_an_end(void **state)
{
    (void)state;
    char text[34];
    memset(text, 'x', sizeof text);
    chance_hex(text, 32);
    assert_int_equal(strspn(text, "0123456789abcdef"), 32);
    assert_int_equal(text[32], '\0');
    assert_int_equal(text[33], 'x');
    char other[33];
    chance_hex(other, 32);
    assert_string_not_equal(text, other);
    chance_hex(text, 0);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fill_changes_every_part_of_the_bytes),
        cmocka_unit_test(fill_stays_within_its_bytes),
        cmocka_unit_test(below_reaches_every_value_and_no_other),
        cmocka_unit_test(below_takes_the_ends_of_its_range),
        cmocka_unit_test(hex_is_digits_and_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
