/* One thread publishes, another looks: what it sees is always one moment, and never an older one.
 * The thread sanitizer (preset tsan) judges the rest. */
#include "daemon/snapshot.h"
#include "tests/check.h"

#include <pthread.h>
#include <sched.h>

#define LAST 20000

/* The same number in the first, the last and a middle place. */
static void fill(struct snapshot *snapshot, uint64_t number)
{
    snapshot->taken_mono_ms = (int64_t)number;
    snapshot->books.received = number;
    snapshot->books.accepted = number;
    snapshot->credentials_expire_at_s = (int64_t)number;
    snapshot->credentials_problem[WHY_TEXT_MAX - 1] = (char)(number & 0x7f);
}

static uint64_t number_of(const struct snapshot *snapshot)
{
    uint64_t number = (uint64_t)snapshot->taken_mono_ms;
    assert_int_equal(snapshot->books.received, number);
    assert_int_equal(snapshot->books.accepted, number);
    assert_int_equal(snapshot->credentials_expire_at_s, number);
    assert_int_equal(snapshot->credentials_problem[WHY_TEXT_MAX - 1], number & 0x7f);
    return number;
}

static void publish(struct snapshot_exchange *exchange, uint64_t number)
{
    struct snapshot snapshot = {0};
    fill(&snapshot, number);
    snapshot_publish(exchange, &snapshot);
}

static void newest_is_seen(void **state)
{
    (void)state;
    static struct snapshot_exchange exchange;
    snapshot_init(&exchange);
    assert_int_equal(number_of(snapshot_latest(&exchange)), 0);
    for (uint64_t number = 1; number < 10; number++) {
        publish(&exchange, number);
        assert_int_equal(number_of(snapshot_latest(&exchange)), number);
        assert_int_equal(number_of(snapshot_latest(&exchange)), number);
    }
    for (uint64_t number = 10; number < 20; number++)
        publish(&exchange, number);
    assert_int_equal(number_of(snapshot_latest(&exchange)), 19);
}

static void one_that_is_looked_at_stays(void **state)
{
    (void)state;
    static struct snapshot_exchange exchange;
    snapshot_init(&exchange);
    publish(&exchange, 1);
    const struct snapshot *seen = snapshot_latest(&exchange);
    for (uint64_t number = 2; number < 12; number++) {
        publish(&exchange, number);
        assert_int_equal(number_of(seen), 1);
    }
    assert_int_equal(number_of(snapshot_latest(&exchange)), 11);
}

static void *publish_all(void *context)
{
    for (uint64_t number = 1; number <= LAST; number++) {
        publish(context, number);
        if (number % 64 == 0)
            sched_yield();
    }
    return NULL;
}

static void two_threads(void **state)
{
    (void)state;
    static struct snapshot_exchange exchange;
    snapshot_init(&exchange);
    pthread_t publisher;
    assert_int_equal(pthread_create(&publisher, NULL, publish_all, &exchange), 0);
    uint64_t last = 0;
    while (last < LAST) {
        uint64_t number = number_of(snapshot_latest(&exchange));
        assert_true(number >= last);
        if (number == last)
            sched_yield();
        last = number;
    }
    assert_int_equal(pthread_join(publisher, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(newest_is_seen),
        cmocka_unit_test(one_that_is_looked_at_stays),
        cmocka_unit_test(two_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
