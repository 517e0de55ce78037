/* Lines of any bytes as template, prefix, thing, job and namespace. */
#include "base/limits.h"
#include "base/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "topics/topics.h"

#include <assert.h>

static const struct str root = {"jobs-bridge", 11};

static size_t count(struct str s, char byte)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == byte;
    return n;
}

static size_t count_prefixes(struct str template)
{
    static const char word[] = "{prefix}";
    size_t n = 0;
    for (size_t i = 0; i + sizeof word - 1 <= template.n; i++)
        n += memcmp(template.p + i, word, sizeof word - 1) == 0;
    return n;
}

static void check_topic(struct str template, struct str prefix, struct str topic)
{
    assert(level_check_name(topic, NULL) == ERR_NONE);
    assert(!own_topic_is_one(topic, root));
    /* No value but the prefix, which is configuration, can add a level. */
    size_t prefixes = count_prefixes(template);
    assert(count(topic, '/') == count(template, '/') + prefixes * count(prefix, '/'));
    assert(count(topic, '{') == prefixes * count(prefix, '{'));
    assert(count(topic, '}') == prefixes * count(prefix, '}'));
}

static void check_refused(const struct why *why)
{
    assert(why->field[0] != '\0' && why->text[0] != '\0');
    assert(utf8_is_valid(str_of(why->text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct str rest = {(const char *)bytes, n};
    struct str template = notify_topic_template(str_cut(&rest, '\n'));
    struct notify_topic_values values = {.root = root};
    values.prefix = str_cut(&rest, '\n');
    values.thing = str_cut(&rest, '\n');
    values.job = str_cut(&rest, '\n');
    values.namespace = rest;

    struct why why;
    struct buf out;
    buf_init(&out, LIMITS_TOPIC_BYTES);
    if (notify_topic_format(template, &values, &out, &why) == ERR_NONE) {
        assert(buf_err(&out) == ERR_NONE);
        check_topic(template, values.prefix, buf_str(&out));
    } else {
        assert(out.n == 0);
        check_refused(&why);
    }
    if (notify_topic_check(template, values.prefix, root, &why) != ERR_NONE)
        check_refused(&why);
    buf_fini(&out);
    return 0;
}
