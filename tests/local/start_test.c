#include "local/start.h"
#include "tests/check.h"

static const struct {
    const char *text;
    int64_t seconds;
} good[] = {
    {"1970-01-01T00:00", 0},
    {"1970-01-01 00:01", 60},
    {"1970-01-02T00:00:01", 86401},
    {"2024-02-29T12:30Z", 1709209800},
    {"2022-12-12T20:30:20+0100", 1670873420},
    {"2022-12-12T20:30:20+01:00", 1670873420},
    {"2022-12-12T20:30:20-01:30", 1670882420},
    {"9999-12-31T23:59:59", 253402300799},
};

static const char *const bad[] = {
    "",
    "tomorrow",
    "2030-01-01",
    "2030-01-01T",
    "2030-01-01T08",
    "2030-01-01T08:0",
    "2030-01-01T24:00",
    "2030-01-01T08:60",
    "2030-01-01T08:00:60",
    "2030-01-01T08:00:",
    "2030-13-01T08:00",
    "2030-00-01T08:00",
    "2030-02-30T08:00",
    "2023-02-29T08:00",
    "2030-1-1T08:00",
    "1969-12-31T23:59",
    "2030-01-01x08:00",
    "2030-01-01T08:00+",
    "2030-01-01T08:00+1",
    "2030-01-01T08:00+25:00",
    "2030-01-01T08:00ZZ",
    "2030-01-01T08:00 ",
    "+030-01-01T08:00",
    "-030-01-01T08:00",
};

static void times_are_read_in_every_spelling(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        int64_t ms = -1;
        if (!start_parse_time(str_of(good[i].text), &ms))
            fail_msg("%s is refused", good[i].text);
        assert_int_equal(ms, good[i].seconds * 1000);
    }
}

static void anything_else_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        int64_t ms = 7;
        if (start_parse_time(str_of(bad[i]), &ms))
            fail_msg("%s is taken", bad[i]);
        assert_int_equal(ms, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read_in_every_spelling),
        cmocka_unit_test(anything_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
