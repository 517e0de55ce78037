#include "mqtt/setup.h"

#include "base/utf8.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define TEXT_MAX        65535 /* bytes: a length in MQTT has 16 bits */
#define EXCHANGE_MAX_MS 9000  /* Paho waits 10 s for a SUBACK */

struct text_field {
    const char *name;
    size_t at;
    bool is_required;
    bool is_file;
    bool is_tls; /* means nothing without TLS */
};

#define FIELD(member) .name = #member, .at = offsetof(struct mqtt_options, member)

static const struct text_field fields[] = {
    {FIELD(url), .is_required = true},
    {FIELD(client_id), .is_required = true},
    {FIELD(username)},
    {FIELD(password_file), .is_file = true},
    {FIELD(ca_file), .is_file = true, .is_tls = true},
    {FIELD(cert_file), .is_file = true, .is_tls = true},
    {FIELD(key_file), .is_file = true, .is_tls = true},
    {FIELD(status_topic)},
    {FIELD(status_online)},
    {FIELD(status_offline)},
};

static const char **text_at(struct mqtt_options *options, const struct text_field *field)
{
    return (const char **)(void *)((char *)options + field->at);
}

static enum err check_text(const char *name, const char *text, struct why *why)
{
    struct str s = str_of(text);
    if (s.n == 0 || s.n > TEXT_MAX || !utf8_is_valid(s))
        return why_set(why, ERR_INVALID, name, "must be 1 to %d bytes of UTF-8", TEXT_MAX);
    return ERR_NONE;
}

static enum err check_field(const struct text_field *field, const char *text, bool is_tls,
                            struct why *why)
{
    if (text == NULL)
        return field->is_required ? why_set(why, ERR_INVALID, field->name, "is missing") : ERR_NONE;
    enum err err = check_text(field->name, text, why);
    if (err == ERR_NONE && field->is_tls && !is_tls)
        return why_set(why, ERR_INVALID, field->name, "needs an mqtts:// url");
    if (err == ERR_NONE && field->is_file && access(text, R_OK) != 0)
        return why_set(why, ERR_INVALID, field->name, "cannot be read: %s", strerror(errno));
    return err;
}

static enum err check_numbers(const struct mqtt_options *options, struct why *why)
{
    if (options->version != 3 && options->version != 5)
        return why_set(why, ERR_INVALID, "version", "must be 5, or 3 for MQTT 3.1.1");
    if (options->keep_alive_s < 1 || options->keep_alive_s > 65535)
        return why_set(why, ERR_INVALID, "keep_alive", "must be 1 s to 65535 s");
    if (options->exchange_ms < 0 || options->exchange_ms > EXCHANGE_MAX_MS)
        return why_set(why, ERR_INVALID, "exchange_ms", "must be 0 to %d", EXCHANGE_MAX_MS);
    return ERR_NONE;
}

static enum err check_pairs(const struct mqtt_options *options, struct why *why)
{
    if (options->password_file != NULL && options->username == NULL)
        return why_set(why, ERR_INVALID, "password_file", "needs a username");
    if ((options->cert_file != NULL) != (options->key_file != NULL))
        return why_set(why, ERR_INVALID, "cert_file", "cert_file and key_file need each other");
    if (options->status_topic != NULL &&
        (options->status_online == NULL || options->status_offline == NULL))
        return why_set(why, ERR_INVALID, "status_topic", "needs both status payloads");
    return ERR_NONE;
}

static enum err check(struct setup *setup, struct why *why)
{
    struct mqtt_options *options = &setup->options;
    enum err err = ERR_NONE;
    if (options->url != NULL)
        err = broker_url_parse(str_of(options->url), &setup->url, why);
    for (size_t i = 0; i < COUNT_OF(fields) && err == ERR_NONE; i++)
        err = check_field(&fields[i], *text_at(options, &fields[i]), setup->url.is_tls, why);
    for (size_t i = 0; i < options->filter_count && err == ERR_NONE; i++)
        err = check_text("filters", options->filters[i], why);
    if (err == ERR_NONE)
        err = check_numbers(options, why);
    if (err == ERR_NONE)
        err = check_pairs(options, why);
    return err;
}

/* Puts copies in the place of the caller's texts; on failure the rest of them is NULL. */
static enum err copy_texts(struct mqtt_options *options)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        const char **text = text_at(options, &fields[i]);
        if (*text == NULL)
            continue;
        *text = err == ERR_NONE ? str_dup(str_of(*text)) : NULL;
        if (*text == NULL)
            err = ERR_NO_MEMORY;
    }
    return err;
}

static enum err copy_filters(const char *const **filters, size_t *count)
{
    const char *const *from = *filters;
    size_t wanted = *count;
    *filters = NULL;
    *count = 0;
    if (wanted == 0)
        return ERR_NONE;
    char **copies = calloc(wanted, sizeof *copies);
    if (copies == NULL)
        return ERR_NO_MEMORY;
    *filters = (const char *const *)copies;
    *count = wanted;
    for (size_t i = 0; i < wanted; i++) {
        copies[i] = str_dup(str_of(from[i]));
        if (copies[i] == NULL)
            return ERR_NO_MEMORY;
    }
    return ERR_NONE;
}

static void free_filters(const char *const *filters, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((void *)filters[i]);
    free((void *)filters);
}

static enum err take_files(struct setup *setup, struct why *why)
{
    const char *const paths[TLS_FILE_COUNT] = {
        [TLS_FILE_CA] = setup->options.ca_file,
        [TLS_FILE_CERT] = setup->options.cert_file,
        [TLS_FILE_KEY] = setup->options.key_file,
    };
    return tls_files_init(&setup->files, paths, why);
}

enum err setup_init(struct setup *setup, const struct mqtt_options *options, struct why *why)
{
    *setup = (struct setup){.options = *options};
    enum err err = check(setup, why);
    if (err != ERR_NONE) {
        *setup = (struct setup){0};
        return err;
    }
    if (setup->options.exchange_ms == 0)
        setup->options.exchange_ms = MQTT_CONNECT_TIMEOUT_S * INT64_C(1000);
    enum err texts = copy_texts(&setup->options);
    enum err filters = copy_filters(&setup->options.filters, &setup->options.filter_count);
    enum err stale = copy_filters(&setup->options.stale_filters, &setup->options.stale_count);
    if (texts != ERR_NONE || filters != ERR_NONE || stale != ERR_NONE)
        err = why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    else
        err = take_files(setup, why);
    if (err != ERR_NONE)
        setup_fini(setup);
    return err;
}

void setup_fini(struct setup *setup)
{
    tls_files_fini(&setup->files);
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        free((void *)*text_at(&setup->options, &fields[i]));
    free_filters(setup->options.filters, setup->options.filter_count);
    free_filters(setup->options.stale_filters, setup->options.stale_count);
    *setup = (struct setup){0};
}
