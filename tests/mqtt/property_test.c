#include "mqtt/property.h"
#include "tests/check.h"

static void add_user(MQTTProperties *properties, const char *name, const char *value)
{
    MQTTProperty property = {.identifier = MQTTPROPERTY_CODE_USER_PROPERTY};
    property.value.data = (MQTTLenString){(int)strlen(name), (char *)name};
    property.value.value = (MQTTLenString){(int)strlen(value), (char *)value};
    assert_int_equal(MQTTProperties_add(properties, &property), 0);
}

static void check_read(MQTTProperties *properties, const char *parent, const char *tracestate)
{
    struct arrival arrival = {.expiry_s = -1};
    property_read(properties, &arrival);
    check_str(arrival.trace.parent, parent);
    check_str(arrival.trace.state, tracestate);
    check_str(arrival.response_topic, NULL);
    check_str(arrival.correlation, NULL);
    assert_int_equal(arrival.expiry_s, -1);
    MQTTProperties_free(properties);
}

static void a_trace_is_read_where_there_is_one(void **state)
{
    (void)state;
    MQTTProperties none = MQTTProperties_initializer;
    check_read(&none, NULL, NULL);
    MQTTProperties other = MQTTProperties_initializer;
    add_user(&other, "traceparents", "x");
    add_user(&other, "Traceparent", "x");
    add_user(&other, "", "");
    check_read(&other, NULL, NULL);
    MQTTProperties both = MQTTProperties_initializer;
    add_user(&both, "tracestate", "a=1");
    add_user(&both, "x", "y");
    add_user(&both, "traceparent", "p");
    check_read(&both, "p", "a=1");
    MQTTProperties empty = MQTTProperties_initializer;
    add_user(&empty, "traceparent", "");
    check_read(&empty, "", NULL);
}

static void one_that_is_there_again_is_none(void **state)
{
    (void)state;
    MQTTProperties twice = MQTTProperties_initializer;
    add_user(&twice, "traceparent", "p");
    add_user(&twice, "traceparent", "p");
    add_user(&twice, "tracestate", "a=1");
    check_read(&twice, NULL, "a=1");
    MQTTProperties thrice = MQTTProperties_initializer;
    add_user(&thrice, "traceparent", "p");
    for (int i = 0; i < 3; i++)
        add_user(&thrice, "tracestate", "a=1");
    check_read(&thrice, "p", NULL);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    const struct link_message message = {.correlation = STR("c"), .trace = {STR("p"), STR("a=1")}};
    for (int has_trace = 0; has_trace <= 1; has_trace++) {
        MQTTProperties properties = MQTTProperties_initializer;
        struct arrival arrival = {0};
        assert_int_equal(property_write(&message, has_trace, &properties), 0);
        property_read(&properties, &arrival);
        check_str(arrival.correlation, "c");
        check_str(arrival.trace.parent, has_trace ? "p" : NULL);
        check_str(arrival.trace.state, has_trace ? "a=1" : NULL);
        MQTTProperties_free(&properties);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trace_is_read_where_there_is_one),
        cmocka_unit_test(one_that_is_there_again_is_none),
        cmocka_unit_test(what_is_written_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
