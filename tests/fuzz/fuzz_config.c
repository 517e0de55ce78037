/* Any bytes as the configuration file. What is accepted is written out whole, as JSON, which is
 * YAML, and read again: every value is the same. */
#include "base/utf8.h"
#include "daemon/config_file.h"
#include "daemon/config_key.h"
#include "http/credentials_source.h"
#include "http/endpoint.h"
#include "tests/fuzz/fuzz.h"
#include "topics/topics.h"

#include <assert.h>

#define WRITTEN_BYTES ((size_t)512 * 1024)

static const void *place(const struct config *config, const struct config_key *key)
{
    return (const char *)config + key->offset;
}

static int64_t number_of(const struct config *config, const struct config_key *key)
{
    return *(const int64_t *)place(config, key);
}

static struct str text_of(const struct config *config, const struct config_key *key)
{
    return str_of(*(char *const *)place(config, key));
}

static void check_value(const struct config *config, const struct config_key *key)
{
    bool has_range = key->kind >= CONFIG_INTEGER && key->kind <= CONFIG_PERCENT;
    if (has_range) {
        assert(number_of(config, key) >= key->min && number_of(config, key) <= key->max);
    } else if (key->kind == CONFIG_LIST) {
        const struct config_list *list = place(config, key);
        assert(list->count <= (size_t)key->max);
        for (size_t i = 0; i < list->count; i++)
            fuzz_check_line(str_of(list->items[i]));
    } else if (!config_key_is_number(key)) {
        struct str text = text_of(config, key);
        assert(text.n <= (size_t)key->max && (key->preset == NULL || text.n > 0));
        if (text.n > 0)
            fuzz_check_line(text);
    }
}

/* Everything but plain ASCII as an escape: YAML would break lines at some of it. */
static void write_text(struct str text, struct buf *out)
{
    buf_add_byte(out, '"');
    while (text.n > 0) {
        uint32_t c = 0;
        size_t n = utf8_next(text, &c);
        if (c < 0x7f && c != '"' && c != '\\')
            buf_add_byte(out, (char)c);
        else
            buf_format(out, "\\U%08X", (unsigned)c);
        text = (struct str){text.p + n, text.n - n};
    }
    buf_add_byte(out, '"');
}

static const char *choice_of(const struct config_key *key, int64_t value)
{
    const struct config_choice *choice = key->choices;
    while (choice->value != value)
        choice++;
    return choice->name;
}

static void write_value(const struct config *config, const struct config_key *key, struct buf *out)
{
    static const char *const units[] = {[CONFIG_INTEGER] = "",
                                        [CONFIG_DURATION] = "ms",
                                        [CONFIG_SIZE] = "B",
                                        [CONFIG_PERCENT] = "%"};
    const struct config_list *list = place(config, key);
    if (key->kind == CONFIG_LIST) {
        buf_add_byte(out, '[');
        for (size_t i = 0; i < list->count; i++) {
            write_text(str_of(list->items[i]), out);
            buf_add_byte(out, ',');
        }
        buf_add_byte(out, ']');
    } else if (key->kind == CONFIG_FLAG) {
        buf_add_text(out, number_of(config, key) != 0 ? "true" : "false");
    } else if (key->kind == CONFIG_CHOICE) {
        buf_add_text(out, choice_of(key, number_of(config, key)));
    } else if (config_key_is_number(key)) {
        buf_format(out, "%lld%s", (long long)number_of(config, key), units[key->kind]);
    } else {
        write_text(text_of(config, key), out);
    }
}

/* {"mqtt":{"url":"..."},...}: the table has each section in one piece. */
static void write_config(const struct config *config, struct buf *out)
{
    const char *section = "";
    buf_add_byte(out, '{');
    for (size_t i = 0; config_key_at(i) != NULL; i++) {
        const struct config_key *key = config_key_at(i);
        if (strcmp(section, key->section) != 0)
            buf_format(out, "%s\"%s\": {", section[0] != '\0' ? "}," : "", key->section);
        section = key->section;
        buf_format(out, "\"%s\": ", key->name);
        write_value(config, key, out);
        buf_add_byte(out, ',');
    }
    buf_add_text(out, "}}");
}

static void check_again(const struct config *config)
{
    struct buf written;
    struct buf again;
    struct mistakes mistakes;
    struct config *other = NULL;
    buf_init(&written, WRITTEN_BYTES);
    buf_init(&again, WRITTEN_BYTES);
    mistakes_init(&mistakes);
    write_config(config, &written);
    assert(config_file_load(fuzz_file(1, buf_str(&written)), &other, &mistakes) == ERR_NONE);
    write_config(other, &again);
    assert(buf_err(&again) == ERR_NONE && str_eq(buf_str(&written), buf_str(&again)));
    config_free(other);
    mistakes_fini(&mistakes);
    buf_fini(&written);
    buf_fini(&again);
}

/* What the program is built from can be built from it. */
static void check_use(const struct config *config)
{
    struct endpoint endpoint;
    struct buf url;
    buf_init(&url, ENDPOINT_URL_MAX);
    config_endpoint_url(config, &url);
    assert(endpoint_parse(buf_str(&url), &endpoint, NULL) == ERR_NONE);
    buf_fini(&url);
    const struct credentials_options credentials = config_credentials(config, NULL, "credentials");
    if (credentials.source == CREDENTIALS_IOT)
        assert(credentials_iot_check(&credentials.iot, NULL) == ERR_NONE);
    assert(config->jobs.call_timeout_ms <= config->jobs.deadline_ms);
    assert(level_check_root(str_of(config->topics.root), NULL) == ERR_NONE);
    for (size_t i = 0; i < config->topics.notify.count; i++)
        assert(notify_topic_check(notify_topic_template(str_of(config->topics.notify.items[i])),
                                  str_of(config->topics.reserved_prefix),
                                  str_of(config->topics.root), NULL) == ERR_NONE);
}

static void check_mistakes(const struct mistakes *mistakes, struct str file)
{
    size_t lines = 1;
    for (size_t i = 0; i < file.n; i++)
        lines += file.p[i] == '\n' || file.p[i] == '\r' || (unsigned char)file.p[i] >= 0x80;
    assert(mistakes->total > 0 && mistakes->count > 0);
    for (size_t i = 0; i < mistakes->count; i++) {
        assert(mistakes->items[i].line <= lines);
        assert(i == 0 || mistakes->items[i].line >= mistakes->items[i - 1].line);
        fuzz_check_why(&mistakes->items[i].why);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct str file = {(const char *)bytes, n};
    struct mistakes mistakes;
    struct config *config = NULL;
    mistakes_init(&mistakes);
    enum err err = config_file_load(fuzz_file(0, file), &config, &mistakes);
    assert((err == ERR_NONE) == (mistakes.total == 0) && (err == ERR_NONE) == (config != NULL));
    assert(err == ERR_NONE || err == ERR_INVALID);
    if (err == ERR_NONE) {
        for (size_t i = 0; config_key_at(i) != NULL; i++)
            check_value(config, config_key_at(i));
        check_use(config);
        check_again(config);
    } else {
        check_mistakes(&mistakes, file);
    }
    config_free(config);
    mistakes_fini(&mistakes);
    return 0;
}
