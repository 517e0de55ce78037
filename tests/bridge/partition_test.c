#include "bridge/partition.h"
#include "tests/check.h"

#include <stdio.h>

/* By Python's zlib. */
static void jobs_have_the_hashes_of_the_contract(void **state)
{
    (void)state;
    static const struct {
        struct str job;
        uint32_t hash;
    } vectors[] = {
        {STR(""), 0},
        {STR("123456789"), 3421780262},
        {STR("a"), 3904355907},
        {STR("job-1"), 1279408703},
        {STR("job-2"), 3578489733},
        {STR("fw-2026-01"), 1122556397},
        {STR("line_7"), 1252857553},
        {STR("a b"), 2154585299},
        {STR("\xff\0"), 3539857293},
        {STR("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), 1095524924},
    };
    for (size_t i = 0; i < COUNT_OF(vectors); i++)
        assert_int_equal(partition_hash(vectors[i].job), vectors[i].hash);
}

static void a_bridge_that_is_alone_owns_every_job(void **state)
{
    (void)state;
    const struct partition none = {0}, one = {0, 1};
    assert_true(partition_owns(&none, STR("job-1")) && partition_owns(&one, STR("job-1")));
    assert_true(partition_owns(&none, STR_NONE) && partition_owns(&one, STR_NONE));
}

static unsigned owner(struct str job, unsigned count)
{
    unsigned owners = 0, found = 0;
    for (unsigned index = 0; index < count; index++) {
        const struct partition partition = {index, count};
        if (!partition_owns(&partition, job))
            continue;
        found = index;
        owners++;
    }
    assert_int_equal(owners, 1);
    return found;
}

static void of_several_exactly_one_owns_a_job(void **state)
{
    (void)state;
    assert_int_equal(owner(STR("job-1"), 3), 2);
    assert_int_equal(owner(STR("job-2"), 4), 1);
    assert_int_equal(owner(STR("fw-2026-01"), 7), 4);
    assert_int_equal(owner(STR("\xff\0"), 256), 141);
    assert_int_equal(owner(STR_NONE, 3), 0);
}

static bool has_odd_digit(const char *text)
{
    return text[strcspn(text, "13579")] != '\0';
}

/* Names of even digits alone, whose lowest bits say nothing, are spread as well as others. */
static void jobs_are_spread_however_they_are_called(void **state)
{
    (void)state;
    for (unsigned count = 2; count <= 8; count++) {
        unsigned all[8] = {0}, even[8] = {0}, even_total = 0;
        for (unsigned i = 0; i < 10000; i++) {
            char job[16];
            snprintf(job, sizeof job, "fw-%04u", i);
            unsigned at = owner(str_of(job), count);
            all[at]++;
            even[at] += !has_odd_digit(job);
            even_total += !has_odd_digit(job);
        }
        for (unsigned index = 0; index < count; index++) {
            assert_in_range(all[index], 9000 / count, 11000 / count);
            assert_in_range(even[index], even_total * 7 / 10 / count, even_total * 13 / 10 / count);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_have_the_hashes_of_the_contract),
        cmocka_unit_test(a_bridge_that_is_alone_owns_every_job),
        cmocka_unit_test(of_several_exactly_one_owns_a_job),
        cmocka_unit_test(jobs_are_spread_however_they_are_called),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
