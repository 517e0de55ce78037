/* Any bytes as a topic that a broker delivers. */
#include "base/limits.h"
#include "base/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "topics/topics.h"

#include <assert.h>

static const struct str root = {"jobs-bridge", 11};

static void check_accepted(struct str topic, const struct command_topic *parts)
{
    assert(level_check_name(topic, NULL) == ERR_NONE);
    assert(identifier_is_job(parts->job));
    assert(str_is_absent(parts->thing) || identifier_is_thing(parts->thing));
    assert(str_is_absent(parts->namespace) || identifier_is_namespace(parts->namespace));
    assert(command_topic_is_one(root, topic));

    struct buf again;
    buf_init(&again, LIMITS_TOPIC_BYTES);
    command_topic_format(root, parts, &again);
    assert(str_eq(buf_str(&again), topic));
    buf_clear(&again);
    result_topic_format(topic, false, &again);
    assert(buf_err(&again) == ERR_NONE);
    assert(level_check_name(buf_str(&again), NULL) == ERR_NONE);
    assert(!command_topic_is_one(root, buf_str(&again)));
    buf_fini(&again);
}

static void check_refused(const struct why *why)
{
    assert(why->field[0] != '\0' && why->text[0] != '\0');
    assert(utf8_is_valid(str_of(why->text)));
    for (const char *at = why->text; *at != '\0'; at++)
        assert((unsigned char)*at >= 0x20 && *at != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct str topic = {(const char *)bytes, n};
    struct command_topic parts;
    struct why why;
    if (command_topic_parse(root, topic, &parts, &why) == ERR_NONE)
        check_accepted(topic, &parts);
    else
        check_refused(&why);
    struct response_topic_rules rules = {.root = root, .prefix = STR("$aws"), .thing = STR("t")};
    if (response_topic_is_valid(topic, &rules)) {
        assert(level_check_name(topic, NULL) == ERR_NONE);
        assert(topic.p[0] != '$' && !command_topic_is_one(root, topic));
    }
    return 0;
}
