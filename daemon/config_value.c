#include "daemon/config_value.h"

#include "base/utf8.h"
#include "daemon/config_address.h"
#include "http/credentials.h"
#include "topics/identifier.h"
#include "topics/level.h"

#include <stdlib.h>

struct unit {
    int64_t size;
    const char *name;
};

/* Largest first; the last has size 1. */
static const struct unit durations[] = {{3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
static const struct unit sizes[] = {{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}, {1, "B"}};
static const struct unit percents[] = {{1, "%"}};
static const struct unit ones[] = {{1, ""}};

static const struct units {
    const struct unit *list;
    size_t count;
    const char *noun;
    const char *example;
    const char *problem; /* of a number followed by anything else */
} units_of_kind[] = {
    [CONFIG_INTEGER] = {ones, COUNT_OF(ones), "a whole number", NULL, "is not a whole number"},
    [CONFIG_DURATION] = {durations, COUNT_OF(durations), "a duration", "30s",
                         "has a unit that is none of ms, s, m, h"},
    [CONFIG_SIZE] = {sizes, COUNT_OF(sizes), "a size", "256MiB",
                     "has a unit that is none of B, KiB, MiB, GiB"},
    [CONFIG_PERCENT] = {percents, COUNT_OF(percents), "a percentage", NULL, "is not a percentage"},
};

static enum err refuse(struct why *why, struct str text, const char *problem)
{
    return why_set(why, ERR_INVALID, NULL, "\"%.*s%s\" %s", CONFIG_VALUE_ARG(text), problem);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* 0 if there is none of that name. */
static int64_t find_unit(const struct units *units, struct str name)
{
    for (size_t i = 0; i < units->count; i++) {
        if (str_eq_text(name, units->list[i].name))
            return units->list[i].size;
    }
    return 0;
}

static enum err parse_quantity(const struct config_key *key, struct str text, int64_t *ret,
                               struct why *why)
{
    const struct units *units = &units_of_kind[key->kind];
    bool is_negative = str_starts(text, STR("-"));
    struct str digits = {text.p + is_negative, 0};
    while (digits.p + digits.n < text.p + text.n && is_digit(digits.p[digits.n]))
        digits.n++;
    struct str name = {digits.p + digits.n, text.n - is_negative - digits.n};
    int64_t size = find_unit(units, name);
    int64_t count;
    if (digits.n == 0)
        return refuse(why, text, "is not a number");
    if (size == 0)
        return refuse(why, text, name.n == 0 ? "has no unit" : units->problem);
    if (!str_to_int(digits, 0, INT64_MAX / size, &count) || is_negative ||
        count * size < key->min || count * size > key->max)
        return refuse(why, text, "is out of range");
    *ret = count * size;
    return ERR_NONE;
}

static enum err parse_choice(const struct config_key *key, struct str text, int64_t *ret,
                             struct why *why)
{
    for (const struct config_choice *choice = key->choices; choice->name != NULL; choice++) {
        if (!str_eq_text(text, choice->name))
            continue;
        *ret = choice->value;
        return ERR_NONE;
    }
    return refuse(why, text, "is none of the known values");
}

static enum err parse_flag(struct str text, int64_t *ret, struct why *why)
{
    /* YAML 1.1's words. */
    static const char *const words[2][3] = {{"false", "no", "off"}, {"true", "yes", "on"}};
    for (int value = 0; value < 2; value++) {
        for (size_t i = 0; i < COUNT_OF(words[value]); i++) {
            if (str_eq_text(text, words[value][i])) {
                *ret = value;
                return ERR_NONE;
            }
        }
    }
    return refuse(why, text, "is neither true nor false");
}

enum err config_value_number(const struct config_key *key, struct str text, int64_t *ret,
                             struct why *why)
{
    if (key->kind == CONFIG_FLAG)
        return parse_flag(text, ret, why);
    if (key->kind == CONFIG_CHOICE)
        return parse_choice(key, text, ret, why);
    return parse_quantity(key, text, ret, why);
}

/* Lower-case words and a number, joined by hyphens: us-east-1, us-gov-west-1. */
static bool is_region(struct str text)
{
    size_t words = 0;
    int64_t number;
    while (!str_is_absent(text)) {
        struct str part = str_cut(&text, '-');
        if (str_is_absent(text))
            return words >= 2 && str_to_int(part, 1, 99, &number);
        for (size_t i = 0; i < part.n; i++) {
            if (part.p[i] < 'a' || part.p[i] > 'z')
                return false;
        }
        if (part.n < 2)
            return false;
        words++;
    }
    return false;
}

static bool is_prefix(struct str text)
{
    return level_check_name(text, NULL) == ERR_NONE && !str_starts(text, STR("/")) &&
           !str_ends(text, STR("/"));
}

/* MQTT 5, 4.8.2. */
static bool is_group(struct str text)
{
    return !str_has(text, '/') && !str_has(text, '+') && !str_has(text, '#');
}

static enum err check_kind(enum config_kind kind, struct str text, struct why *why)
{
    switch (kind) {
    case CONFIG_ROOT:
        return level_check_root(text, NULL) == ERR_NONE ? ERR_NONE
                                                        : refuse(why, text, "cannot be the root");
    case CONFIG_PREFIX:
        return is_prefix(text) ? ERR_NONE : refuse(why, text, "cannot start a topic");
    case CONFIG_GROUP:
        return is_group(text) ? ERR_NONE : refuse(why, text, "cannot name a group");
    case CONFIG_REGION:
        return is_region(text) ? ERR_NONE : refuse(why, text, "is not a region's name");
    case CONFIG_BROKER:
        return config_address_check_broker(text, why);
    case CONFIG_ENDPOINT:
        return config_address_check_endpoint(text, why);
    case CONFIG_PROVIDER:
        return config_address_check_provider(text, why);
    case CONFIG_ALIAS:
        return credentials_iot_is_role_alias(text) ? ERR_NONE
                                                   : refuse(why, text, "is not a role alias");
    case CONFIG_THING:
        return identifier_is_thing(text) ? ERR_NONE : refuse(why, text, "is not a thing's name");
    case CONFIG_FOLLOWED:
        return identifier_is_thing(text) || str_eq_text(text, "+")
                   ? ERR_NONE
                   : refuse(why, text, "is neither a thing's name nor +");
    case CONFIG_NAMESPACE:
        return identifier_is_namespace(text) ? ERR_NONE : refuse(why, text, "is not a namespace");
    case CONFIG_LISTEN:
        return config_address_check_listen(text, why);
    case CONFIG_LOOPBACK:
        return config_address_check_loopback(text, why);
    default:
        return ERR_NONE;
    }
}

static enum err check_text(const struct config_key *key, struct str text, struct why *why)
{
    if (!utf8_is_printable(text))
        return why_set(why, ERR_INVALID, NULL, "has control characters or is not UTF-8");
    if (text.n > (size_t)key->max)
        return why_set(why, ERR_INVALID, NULL, "has %zu bytes, at most %lld fit", text.n,
                       (long long)key->max);
    return check_kind(key->kind, text, why);
}

static enum err no_memory(struct why *why)
{
    return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
}

static void *place(const struct config_key *key, struct config *config)
{
    return (char *)config + key->offset;
}

static enum err set_number(const struct config_key *key, struct str text, struct config *config,
                           struct why *why)
{
    int64_t value = 0;
    if (text.n == 0)
        return why_set(why, ERR_INVALID, NULL, "is empty");
    enum err err = config_value_number(key, text, &value, why);
    if (err == ERR_NONE)
        *(int64_t *)place(key, config) = value;
    return err;
}

static enum err set_text(const struct config_key *key, struct str text, struct config *config,
                         struct why *why)
{
    char *copy = NULL;
    if (text.n == 0 && key->preset != NULL)
        return why_set(why, ERR_INVALID, NULL, "is empty");
    if (text.n > 0) {
        enum err err = check_text(key, text, why);
        if (err != ERR_NONE)
            return err;
        copy = str_dup(text);
        if (copy == NULL)
            return no_memory(why);
    }
    char **at = place(key, config);
    free(*at);
    *at = copy;
    return ERR_NONE;
}

enum err config_value_set(const struct config_key *key, struct str text, struct config *config,
                          struct why *why)
{
    if (key->kind == CONFIG_LIST)
        return refuse(why, text, "is not a list");
    return config_key_is_number(key) ? set_number(key, text, config, why)
                                     : set_text(key, text, config, why);
}

static void free_list(struct config_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct config_list){0};
}

static enum err copy_list(const struct str *texts, size_t count, struct config_list *ret,
                          struct why *why)
{
    struct config_list list = {.items = calloc(count + 1, sizeof *list.items)};
    if (list.items == NULL)
        return no_memory(why);
    for (; list.count < count; list.count++) {
        list.items[list.count] = str_dup(texts[list.count]);
        if (list.items[list.count] == NULL) {
            free_list(&list);
            return no_memory(why);
        }
    }
    free_list(ret);
    *ret = list;
    return ERR_NONE;
}

enum err config_value_set_list(const struct config_key *key, const struct str *texts, size_t count,
                               struct config *config, struct why *why)
{
    if (count > (size_t)key->max)
        return why_set(why, ERR_INVALID, NULL, "has %zu entries", count);
    for (size_t i = 0; i < count; i++) {
        if (texts[i].n == 0 || !utf8_is_printable(texts[i]))
            return why_set(why, ERR_INVALID, NULL, "entry %zu is empty or not printable", i + 1);
        enum err err = check_kind(key->item, texts[i], why);
        if (err != ERR_NONE)
            return err;
    }
    return copy_list(texts, count, place(key, config), why);
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool is_same_list(const struct config_list *a, const struct config_list *b)
{
    bool is_same = a->count == b->count;
    for (size_t i = 0; is_same && i < a->count; i++)
        is_same = is_same_text(a->items[i], b->items[i]);
    return is_same;
}

bool config_value_is_same(const struct config_key *key, const struct config *a,
                          const struct config *b)
{
    const void *at_a = (const char *)a + key->offset;
    const void *at_b = (const char *)b + key->offset;
    if (key->kind == CONFIG_LIST)
        return is_same_list(at_a, at_b);
    if (config_key_is_number(key))
        return *(const int64_t *)at_a == *(const int64_t *)at_b;
    return is_same_text(*(char *const *)at_a, *(char *const *)at_b);
}

void config_value_forget(const struct config_key *key, struct config *config)
{
    if (key->kind == CONFIG_LIST)
        free_list(place(key, config));
    else if (!config_key_is_number(key))
        free(*(char **)place(key, config));
}

/* In the largest unit that leaves no rest. */
static void add_quantity(const struct units *units, int64_t value, struct buf *out)
{
    const struct unit *unit = units->list;
    while (value % unit->size != 0)
        unit++;
    buf_add_int(out, value / unit->size);
    buf_add_text(out, unit->name);
}

static void add_range(const struct config_key *key, struct buf *out)
{
    const struct units *units = &units_of_kind[key->kind];
    buf_format(out, "%s from ", units->noun);
    add_quantity(units, key->min, out);
    buf_add_text(out, " to ");
    add_quantity(units, key->max, out);
    if (units->example != NULL)
        buf_format(out, ", such as %s", units->example);
}

static void add_choices(const struct config_choice *choice, struct buf *out)
{
    bool is_first = true;
    for (; choice->name != NULL; choice++) {
        buf_format(out, "%s%s", is_first ? "" : ", ", choice->name);
        is_first = false;
    }
}

void config_value_expected(const struct config_key *key, struct buf *out)
{
    static const char *const texts[] = {
        [CONFIG_TEXT] = "a text without control characters",
        [CONFIG_PATH] = "a path",
        [CONFIG_ROOT] = "one topic level of letters, digits and _ . : -, at most 64 in all",
        [CONFIG_PREFIX] = "topic levels without wildcards and without a slash at either end",
        [CONFIG_GROUP] = "a text without / + and #, at most 64 bytes",
        [CONFIG_REGION] = "a region such as us-east-1",
        [CONFIG_BROKER] = "mqtt://host[:port] or mqtts://host[:port]",
        [CONFIG_ENDPOINT] = "embedded, aws, https://host[:port] or http://<loopback>[:port]",
        [CONFIG_PROVIDER] = "<prefix>.credentials.iot.<region>.amazonaws.com",
        [CONFIG_ALIAS] = "letters, digits and _ = , @ -, at most 128 in all",
        [CONFIG_THING] = "letters, digits and : _ -, at most 128 in all",
        [CONFIG_FOLLOWED] = "things",
        [CONFIG_NAMESPACE] = "namespaces",
        [CONFIG_LISTEN] = "address:port such as 127.0.0.1:9099 or [::1]:9099",
        [CONFIG_LOOPBACK] = "loopback address:port such as 127.0.0.1:8099 or [::1]:8099",
    };
    switch (key->kind) {
    case CONFIG_INTEGER:
    case CONFIG_PERCENT:
    case CONFIG_DURATION:
    case CONFIG_SIZE:
        add_range(key, out);
        break;
    case CONFIG_CHOICE:
        add_choices(key->choices, out);
        break;
    case CONFIG_FLAG:
        buf_add_text(out, "true or false");
        break;
    case CONFIG_LIST:
        buf_format(out, "a list of at most %lld %s", (long long)key->max,
                   key->item == CONFIG_TEXT ? "texts" : texts[key->item]);
        break;
    default:
        buf_add_text(out, texts[key->kind]);
        break;
    }
}
