#include "daemon/config_value.h"
#include "tests/check.h"

static struct config *config;

static int make_config(void **state)
{
    (void)state;
    return config_new(&config) == ERR_NONE ? 0 : -1;
}

static int free_config(void **state)
{
    (void)state;
    config_free(config);
    return 0;
}

static const struct config_key *key_of(const char *section, const char *name)
{
    const struct config_key *key = config_key_find(str_of(section), str_of(name));
    assert_non_null(key);
    return key;
}

static enum err set(const char *section, const char *name, const char *text)
{
    struct why why;
    return config_value_set(key_of(section, name), str_of(text), config, &why);
}

static void durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {{"1s", 1000},      {"1000ms", 1000}, {"90s", 90000},  {"5m", 300000},
                 {"24h", 86400000}, {"007s", 7000},   {"1001ms", 1001}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(set("jobs", "deadline", cases[i].text), ERR_NONE);
        assert_int_equal(config->jobs.deadline_ms, cases[i].ms);
    }
    static const char *const wrong[] = {"5",     "m",   "5M",   "5 m",  "+5m", "-5m", "1h30m",
                                        "999ms", "25h", "0.5h", "5min", "١h",  "5m\n"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_int_equal(set("jobs", "deadline", wrong[i]), ERR_INVALID);
    assert_int_equal(config->jobs.deadline_ms, 1001);
}

/* No key that keeps a size is built: a wrong size is told from one that is right. */
static void sizes(void **state)
{
    (void)state;
    static const char *const right[] = {"1MiB", "1024KiB", "1048576B", "64GiB"};
    static const char *const wrong[] = {"1048575B",
                                        "65GiB",
                                        "256",
                                        "256MB",
                                        "MiB",
                                        "1mib",
                                        "18446744073709551616B",
                                        "9223372036854775807GiB"};
    for (size_t i = 0; i < COUNT_OF(right); i++)
        assert_int_equal(set("journal", "max_size", right[i]), ERR_NONE);
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_int_equal(set("journal", "max_size", wrong[i]), ERR_INVALID);
}

static void flags(void **state)
{
    (void)state;
    static const char *const no[] = {"false", "no", "off"};
    static const char *const yes[] = {"true", "yes", "on"};
    static const char *const wrong[] = {"", "False", "0", "n", "maybe"};
    for (size_t i = 0; i < COUNT_OF(no); i++) {
        assert_int_equal(set("jobs", "coalesce", no[i]), ERR_NONE);
        assert_int_equal(config->jobs.coalesce, 0);
    }
    for (size_t i = 0; i < COUNT_OF(yes); i++) {
        assert_int_equal(set("jobs", "coalesce", yes[i]), ERR_NONE);
        assert_int_equal(config->jobs.coalesce, 1);
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_int_equal(set("jobs", "coalesce", wrong[i]), ERR_INVALID);
}

static void integers_and_percentages(void **state)
{
    (void)state;
    assert_int_equal(set("jobs", "max_in_flight", "1"), ERR_NONE);
    assert_int_equal(config->jobs.max_in_flight, 1);
    assert_int_equal(set("jobs", "max_in_flight", "256"), ERR_NONE);
    assert_int_equal(config->jobs.max_in_flight, 256);
    assert_int_equal(set("jobs", "max_in_flight", "257"), ERR_INVALID);
    assert_int_equal(set("jobs", "max_in_flight", "0"), ERR_INVALID);
    assert_int_equal(config->jobs.max_in_flight, 256);
    assert_int_equal(set("jobs", "reserve", "0%"), ERR_NONE);
    assert_int_equal(config->jobs.reserve_percent, 0);
    assert_int_equal(set("jobs", "reserve", "100%"), ERR_NONE);
    assert_int_equal(config->jobs.reserve_percent, 100);
    assert_int_equal(set("jobs", "reserve", "101%"), ERR_INVALID);
    assert_int_equal(set("jobs", "reserve", "10"), ERR_INVALID);
}

static void choices(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int version;
    } cases[] = {{"3", 3}, {"5", 5}, {"3.1.1", 3}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(set("mqtt", "version", cases[i].text), ERR_NONE);
        assert_int_equal(config->mqtt.version, cases[i].version);
    }
    assert_int_equal(set("mqtt", "version", "4"), ERR_INVALID);
    assert_int_equal(set("credentials", "source", "profile"), ERR_NONE);
    assert_int_equal(config->credentials.source, CREDENTIALS_PROFILE);
    assert_int_equal(set("credentials", "source", "vault"), ERR_INVALID);
}

static void texts(void **state)
{
    (void)state;
    assert_int_equal(set("mqtt", "username", "me"), ERR_NONE);
    assert_string_equal(config->mqtt.username, "me");
    assert_int_equal(set("mqtt", "username", "a\tb"), ERR_INVALID);
    assert_string_equal(config->mqtt.username, "me");
    assert_int_equal(set("mqtt", "username", ""), ERR_NONE);
    assert_null(config->mqtt.username);
    assert_int_equal(set("mqtt", "client_id", ""), ERR_INVALID);
    assert_int_equal(set("mqtt", "shared_group", "g"), ERR_NONE);
    assert_int_equal(set("mqtt", "shared_group", "g/h"), ERR_INVALID);
    assert_string_equal(config->shared_group, "g");
}

static void lists(void **state)
{
    (void)state;
    const struct str two[] = {STR("greengrass"), STR("documented")};
    const struct config_key *notify = key_of("topics", "notify");
    struct why why;
    assert_int_equal(config_value_set_list(notify, two, 2, config, &why), ERR_NONE);
    assert_int_equal(config->topics.notify.count, 2);
    assert_string_equal(config->topics.notify.items[0], "greengrass");
    assert_string_equal(config->topics.notify.items[1], "documented");
    assert_int_equal(config_value_set_list(notify, NULL, 0, config, &why), ERR_NONE);
    assert_int_equal(config->topics.notify.count, 0);
    assert_int_equal(config_value_set(notify, two[0], config, &why), ERR_INVALID);
    const struct config_key *things = key_of("upstream", "things");
    assert_int_equal(config_value_set_list(things, NULL, 0, config, &why), ERR_NONE);
    assert_int_equal(config_value_set_list(things, two, 2, config, &why), ERR_NONE);
    const struct str odd[] = {STR("+"), STR("pump-1"), STR("pump/1")};
    assert_int_equal(config_value_set_list(things, odd, 2, config, &why), ERR_NONE);
    assert_int_equal(config_value_set_list(things, odd, 3, config, &why), ERR_INVALID);
    assert_int_equal(config->upstream.things.count, 2);
    const struct config_key *namespaces = key_of("upstream", "namespaces");
    assert_int_equal(config_value_set_list(namespaces, two, 2, config, &why), ERR_NONE);
    assert_int_equal(config_value_set_list(namespaces, odd, 1, config, &why), ERR_INVALID);
}

static void expectations(void **state)
{
    (void)state;
    static const struct {
        const char *section;
        const char *name;
        const char *text;
    } cases[] = {
        {"mqtt", "keep_alive", "a duration from 5s to 1m, such as 30s"},
        {"jobs", "call_timeout", "a duration from 100ms to 1m, such as 30s"},
        {"journal", "max_size", "a size from 1MiB to 64GiB, such as 256MiB"},
        {"jobs", "burst", "a whole number from 1 to 10000"},
        {"jobs", "reserve", "a percentage from 0% to 100%"},
        {"credentials", "source", "auto, environment, profile, embedded, container, imds, iot"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf out;
        buf_init(&out, 256);
        config_value_expected(key_of(cases[i].section, cases[i].name), &out);
        assert_string_equal(buf_text(&out), cases[i].text);
        buf_fini(&out);
    }
    for (size_t i = 0; config_key_at(i) != NULL; i++) {
        struct buf out;
        buf_init(&out, 256);
        config_value_expected(config_key_at(i), &out);
        assert_true(out.n > 0);
        buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations), cmocka_unit_test(sizes),
        cmocka_unit_test(flags),     cmocka_unit_test(integers_and_percentages),
        cmocka_unit_test(choices),   cmocka_unit_test(texts),
        cmocka_unit_test(lists),     cmocka_unit_test(expectations),
    };
    return cmocka_run_group_tests(tests, make_config, free_config);
}
