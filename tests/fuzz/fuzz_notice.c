/*
 * Any bytes as a notice: the first line is its topic, the rest its payload. What is read becomes
 * events that are whole; and an event that comes back, as from another bridge, is read as itself.
 */
#include "base/limits.h"
#include "base/utf8.h"
#include "jobs/jobs.h"
#include "tests/fuzz/fuzz.h"
#include "topics/topics.h"

#include <assert.h>

static void check_again(const struct notice_event *event, const struct notice_place *place)
{
    const struct notice_place documented = {place->thing, event->job, place->namespace};
    struct notice again;
    struct why why = {0};
    enum reject reject = notice_decode(event->payload, &documented, &again, &why);
    /* With the bridge's own members in front it may be longer than a notice may be. */
    assert(reject == REJECT_NONE || event->payload.n > LIMITS_COMMAND_BYTES);
    if (reject == REJECT_NONE) {
        assert(again.count == 1 && str_eq(again.events[0].job, event->job));
        assert(str_eq(again.events[0].payload, event->payload));
    }
    notice_free(&again);
}

static void check_read(const struct notice *notice, const struct notice_place *place)
{
    assert(notice->count <= LIMITS_NOTICE_JOBS);
    for (size_t i = 0; i < notice->count; i++) {
        assert(identifier_is_job(notice->events[i].job));
        assert(utf8_is_valid(notice->events[i].payload));
        check_again(&notice->events[i], place);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct str payload = {(const char *)bytes, n};
    struct str line = str_cut(&payload, '\n');
    struct notice_topic topic;
    struct notice notice;
    struct why why = {0};
    if (str_is_absent(payload))
        payload = STR("");
    if (notice_topic_parse(line, &topic, &why) != ERR_NONE) {
        assert(why.text[0] != '\0' && utf8_is_valid(str_of(why.text)));
        return 0;
    }
    const struct notice_place place = {topic.thing, topic.job, topic.namespace};
    enum reject reject = notice_decode(payload, &place, &notice, &why);
    if (reject == REJECT_NONE)
        check_read(&notice, &place);
    else
        assert(notice.count == 0 && why.text[0] != '\0' && utf8_is_valid(str_of(why.text)));
    notice_free(&notice);
    return 0;
}
