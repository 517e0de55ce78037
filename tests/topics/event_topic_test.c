#include "base/limits.h"
#include "tests/check.h"
#include "topics/event_topic.h"

static void events_and_status_stand_below_the_root(void **state)
{
    (void)state;
    struct buf topic;
    buf_init(&topic, LIMITS_TOPIC_BYTES);
    event_topic_format(STR("jobs-bridge"), STR("job-1"), &topic);
    check_str(buf_str(&topic), "jobs-bridge/events/jobs/job-1");
    buf_clear(&topic);
    event_topic_format_status(STR("site.7"), 0, 1, &topic);
    check_str(buf_str(&topic), "site.7/status");
    buf_clear(&topic);
    event_topic_format_status(STR("site.7"), 0, 2, &topic);
    check_str(buf_str(&topic), "site.7/status/0");
    buf_clear(&topic);
    event_topic_format_status(STR("site.7"), 255, 256, &topic);
    check_str(buf_str(&topic), "site.7/status/255");
    buf_fini(&topic);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_and_status_stand_below_the_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
