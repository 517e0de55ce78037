#include "base/limits.h"
#include "bridge/parking.h"
#include "tests/check.h"

static struct arrival arrival_of(uint64_t ticket)
{
    return (struct arrival){
        .topic = STR("topic"),
        .payload = STR("pay\0load"),
        .expiry_s = 7,
        .qos = 1,
        .is_duplicate = true,
        .ack_ticket = ticket,
    };
}

static void what_is_parked_is_a_copy(void **state)
{
    (void)state;
    struct parking parking;
    char topic[] = "topic";
    struct arrival arrival = arrival_of(1);
    arrival.topic = str_of(topic);
    parking_init(&parking);
    assert_null(parking_first(&parking));
    assert_int_equal(parking_add(&parking, &arrival), ERR_NONE);
    topic[0] = 'x';
    const struct arrival *parked = parking_first(&parking);
    check_str(parked->topic, "topic");
    assert_true(str_eq(parked->payload, STR("pay\0load")));
    assert_true(str_is_absent(parked->response_topic));
    assert_true(str_is_absent(parked->correlation));
    assert_int_equal(parked->expiry_s, 7);
    assert_int_equal(parked->ack_ticket, 1);
    assert_true(parked->is_duplicate);
    parking_clear(&parking);
}

static void absent_and_empty_stay_what_they_are(void **state)
{
    (void)state;
    struct parking parking;
    struct arrival arrival = arrival_of(1);
    arrival.payload = STR("");
    arrival.correlation = STR("");
    parking_init(&parking);
    assert_int_equal(parking_add(&parking, &arrival), ERR_NONE);
    check_str(parking_first(&parking)->payload, "");
    check_str(parking_first(&parking)->correlation, "");
    check_str(parking_first(&parking)->response_topic, NULL);
    parking_clear(&parking);
}

static void a_trace_is_kept_if_it_is_one(void **state)
{
    (void)state;
    static const char parent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    struct parking parking;
    struct arrival traced = arrival_of(1);
    struct arrival other = arrival_of(2);
    traced.trace = (struct trace){str_of(parent), STR("a=1")};
    other.trace = (struct trace){STR("00-0af7"), STR("a=1")};
    parking_init(&parking);
    assert_int_equal(parking_add(&parking, &traced), ERR_NONE);
    assert_int_equal(parking_add(&parking, &other), ERR_NONE);
    check_str(parking_first(&parking)->trace.parent, parent);
    check_str(parking_first(&parking)->trace.state, "a=1");
    assert_true(parking_first(&parking)->trace.parent.p != parent);
    parking_drop_first(&parking);
    check_str(parking_first(&parking)->trace.parent, NULL);
    check_str(parking_first(&parking)->trace.state, NULL);
    parking_clear(&parking);
}

static void first_come_first_out_up_to_the_maximum(void **state)
{
    (void)state;
    struct parking parking;
    parking_init(&parking);
    for (uint64_t i = 0; i < LIMITS_PARKED; i++) {
        struct arrival arrival = arrival_of(i);
        assert_int_equal(parking_add(&parking, &arrival), ERR_NONE);
    }
    struct arrival over = arrival_of(LIMITS_PARKED);
    assert_int_equal(parking_add(&parking, &over), ERR_FULL);
    for (uint64_t i = 0; i < 10; i++) {
        assert_int_equal(parking_first(&parking)->ack_ticket, i);
        parking_drop_first(&parking);
    }
    assert_int_equal(parking.count, LIMITS_PARKED - 10);
    assert_int_equal(parking_add(&parking, &over), ERR_NONE);
    parking_clear(&parking);
    assert_int_equal(parking.count, 0);
    assert_null(parking_first(&parking));
    assert_int_equal(parking_add(&parking, &over), ERR_NONE); /* it is as new */
    assert_int_equal(parking_first(&parking)->ack_ticket, LIMITS_PARKED);
    parking_clear(&parking);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_parked_is_a_copy),
        cmocka_unit_test(absent_and_empty_stay_what_they_are),
        cmocka_unit_test(a_trace_is_kept_if_it_is_one),
        cmocka_unit_test(first_come_first_out_up_to_the_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
