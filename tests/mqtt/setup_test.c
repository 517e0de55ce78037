#include "mqtt/setup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the above first */
#include <cmocka.h>

static const char *const filters[] = {"a/#", "b"};

static struct mqtt_options good(void)
{
    return (struct mqtt_options){
        .url = "mqtts://broker.example",
        .client_id = "me",
        .version = 5,
        .keep_alive_s = 30,
        .username = "user",
        .password_file = "/dev/null",
        .filters = filters,
        .filter_count = 2,
        .stale_filters = filters,
        .stale_count = 1,
        .status_topic = "s",
        .status_online = "on",
        .status_offline = "off",
    };
}

static void test_copies(void **state)
{
    (void)state;
    struct mqtt_options options = good();
    struct setup setup;
    assert_int_equal(setup_init(&setup, &options, NULL), ERR_NONE);
    assert_string_equal(setup.options.client_id, "me");
    assert_ptr_not_equal(setup.options.client_id, options.client_id);
    assert_string_equal(setup.options.filters[1], "b");
    assert_ptr_not_equal(setup.options.filters[1], filters[1]);
    assert_null(setup.options.cert_file);
    assert_int_equal(setup.options.exchange_ms, MQTT_CONNECT_TIMEOUT_S * 1000);
    assert_int_equal(setup.options.stale_count, 1);
    assert_string_equal(setup.options.stale_filters[0], "a/#");
    setup_fini(&setup);
    setup_fini(&setup); /* fine on zeros */
}

static void assert_refused(const struct mqtt_options *options, const char *field)
{
    struct setup setup;
    struct why why = {0};
    assert_int_equal(setup_init(&setup, options, &why), ERR_INVALID);
    assert_string_equal(why.field, field);
    setup_fini(&setup);
}

#define REFUSED(field, member, value)                                                              \
    do {                                                                                           \
        struct mqtt_options options = good();                                                      \
        options.member = (value);                                                                  \
        assert_refused(&options, field);                                                           \
    } while (0)

static void test_mistakes(void **state)
{
    (void)state;
    static const char *const bad_filters[] = {"a", "\xff"};
    REFUSED("url", url, NULL);
    REFUSED("url", url, "http://broker");
    REFUSED("client_id", client_id, NULL);
    REFUSED("client_id", client_id, "");
    REFUSED("client_id", client_id, "\xff");
    REFUSED("version", version, 4);
    REFUSED("version", version, 0);
    REFUSED("keep_alive", keep_alive_s, 0);
    REFUSED("keep_alive", keep_alive_s, 65536);
    REFUSED("exchange_ms", exchange_ms, -1);
    REFUSED("exchange_ms", exchange_ms, 9001);
    REFUSED("password_file", password_file, "/nonexistent");
    REFUSED("password_file", username, NULL);
    REFUSED("ca_file", ca_file, "/nonexistent");
    REFUSED("ca_file", ca_file, "/dev/null");
    REFUSED("cert_file", cert_file, "/dev/null");
    REFUSED("cert_file", key_file, "/dev/null");
    REFUSED("status_topic", status_offline, NULL);
    REFUSED("filters", filters, bad_filters);

    struct mqtt_options options = good();
    options.url = "mqtt://broker.example";
    options.ca_file = "/etc/passwd"; /* there, but of no use without TLS */
    assert_refused(&options, "ca_file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
