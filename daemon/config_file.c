#include "daemon/config_file.h"

#include "daemon/config_cross.h"
#include "daemon/config_value.h"
#include "daemon/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct reading {
    yaml_document_t *yaml;
    struct config *config;
    struct mistakes *mistakes;
    size_t lines[CONFIG_KEY_COUNT]; /* where each key stands; 0: not seen yet */
};

const char *config_file_find(const char *asked_for)
{
    const char *from_environment = getenv("JOBS_BRIDGE_CONFIG");
    if (asked_for != NULL)
        return asked_for;
    if (from_environment != NULL && from_environment[0] != '\0')
        return from_environment;
    return access(CONFIG_FILE_DEFAULT, F_OK) == 0 ? CONFIG_FILE_DEFAULT : NULL;
}

static void complain_of_value(struct reading *reading, const struct config_key *key, size_t line,
                              const char *problem, const char *expected)
{
    struct buf path;
    buf_init(&path, WHY_FIELD_MAX);
    config_key_path(key, &path);
    mistakes_add(reading->mistakes, line, buf_text(&path), "%s (expected %s)", problem, expected);
    buf_fini(&path);
}

/* What the value at fault is becomes a mistake, and reading goes on. */
static enum err settle(struct reading *reading, const struct config_key *key, size_t line,
                       enum err err, const struct why *why)
{
    struct buf expected;
    if (err != ERR_INVALID)
        return err;
    buf_init(&expected, WHY_TEXT_MAX);
    config_value_expected(key, &expected);
    complain_of_value(reading, key, line, why->text, buf_text(&expected));
    buf_fini(&expected);
    return ERR_NONE;
}

static enum err read_list(struct reading *reading, const struct config_key *key,
                          const yaml_node_t *node)
{
    struct why why;
    size_t line = document_line(node);
    size_t count = document_count(node);
    if (count > (size_t)key->max) {
        why_set(&why, ERR_INVALID, NULL, "has %zu entries", count);
        return settle(reading, key, line, ERR_INVALID, &why);
    }
    struct str *texts = calloc(count + 1, sizeof *texts);
    if (texts == NULL)
        return ERR_NO_MEMORY;
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < count; i++) {
        const yaml_node_t *item = document_item(reading->yaml, node, i);
        if (item->type == YAML_SCALAR_NODE && !document_has_tag(item))
            texts[i] = document_text(item);
        else
            err = why_set(&why, ERR_INVALID, NULL, "entry %zu is not a text", i + 1);
    }
    if (err == ERR_NONE)
        err = config_value_set_list(key, texts, count, reading->config, &why);
    free(texts);
    return settle(reading, key, line, err, &why);
}

static enum err read_value(struct reading *reading, const struct config_key *key,
                           const yaml_node_t *node)
{
    bool is_list = key->kind == CONFIG_LIST;
    struct why why;
    if (document_has_tag(node)) {
        why_set(&why, ERR_INVALID, NULL, "has a tag");
        return settle(reading, key, document_line(node), ERR_INVALID, &why);
    }
    if (node->type == YAML_SEQUENCE_NODE && is_list)
        return read_list(reading, key, node);
    if (node->type != YAML_SCALAR_NODE || is_list) {
        why_set(&why, ERR_INVALID, NULL, "%s", document_kind(node));
        return settle(reading, key, document_line(node), ERR_INVALID, &why);
    }
    struct str text = document_is_null(node) ? STR("") : document_text(node);
    enum err err = config_value_set(key, text, reading->config, &why);
    return settle(reading, key, document_line(node), err, &why);
}

static void complain_of_name(struct reading *reading, struct str section, const yaml_node_t *name)
{
    struct buf key;
    buf_init(&key, WHY_FIELD_MAX);
    if (section.n > 0)
        buf_format(&key, "%.*s.", STR_ARG(section));
    if (name->type != YAML_SCALAR_NODE) {
        mistakes_add(reading->mistakes, document_line(name), "", "a key is not a text");
    } else {
        struct str text = document_text(name);
        buf_format(&key, "%.*s%s", CONFIG_VALUE_ARG(text));
        const char *closest = config_key_closest(section, text);
        if (closest != NULL)
            mistakes_add(reading->mistakes, document_line(name), buf_text(&key),
                         "is not a known key (did you mean \"%s\"?)", closest);
        else
            mistakes_add(reading->mistakes, document_line(name), buf_text(&key),
                         "is not a known key");
    }
    buf_fini(&key);
}

/* A key or section; false if it stood there before. */
static bool note_line(struct reading *reading, struct str section, const yaml_node_t *name,
                      size_t *seen)
{
    struct str text = document_text(name);
    if (*seen == 0) {
        *seen = document_line(name);
        return true;
    }
    char key[WHY_FIELD_MAX];
    snprintf(key, sizeof key, "%.*s%s%.*s", STR_ARG(section), section.n > 0 ? "." : "",
             STR_ARG(text));
    mistakes_add(reading->mistakes, document_line(name), key, "stands on line %zu already", *seen);
    return false;
}

static enum err read_key(struct reading *reading, struct str section, const yaml_node_t *name,
                         const yaml_node_t *value)
{
    const struct config_key *key = NULL;
    if (name->type == YAML_SCALAR_NODE)
        key = config_key_find(section, document_text(name));
    if (key == NULL) {
        complain_of_name(reading, section, name);
        return ERR_NONE;
    }
    if (!note_line(reading, section, name, &reading->lines[config_key_index(key)]))
        return ERR_NONE;
    return read_value(reading, key, value);
}

static enum err read_section(struct reading *reading, struct str section, const yaml_node_t *node)
{
    if (document_is_null(node))
        return ERR_NONE;
    if (node->type != YAML_MAPPING_NODE || document_has_tag(node)) {
        char key[WHY_FIELD_MAX];
        snprintf(key, sizeof key, "%.*s", STR_ARG(section));
        mistakes_add(reading->mistakes, document_line(node), key,
                     "%s (expected a mapping of keys to values)",
                     document_has_tag(node) ? "has a tag" : document_kind(node));
        return ERR_NONE;
    }
    enum err err = ERR_NONE;
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    for (; err == ERR_NONE && pair < node->data.mapping.pairs.top; pair++)
        err = read_key(reading, section, yaml_document_get_node(reading->yaml, pair->key),
                       yaml_document_get_node(reading->yaml, pair->value));
    return err;
}

/* Where each section stands; there are fewer than keys. */
struct seen_section {
    struct str name;
    size_t line;
};

static size_t *find_seen(struct seen_section seen[CONFIG_KEY_COUNT], struct str name)
{
    while (!str_is_absent(seen->name) && !str_eq(seen->name, name))
        seen++;
    seen->name = name;
    return &seen->line;
}

static enum err read_root(void *context, yaml_document_t *yaml, const yaml_node_t *root)
{
    struct reading *reading = context;
    struct seen_section seen[CONFIG_KEY_COUNT] = {0};
    reading->yaml = yaml;
    if (root == NULL || document_is_null(root))
        return ERR_NONE; /* nothing but comments: the defaults */
    if (root->type != YAML_MAPPING_NODE || document_has_tag(root)) {
        mistakes_add(reading->mistakes, document_line(root), "",
                     "the file %s (expected a mapping of sections)", document_kind(root));
        return ERR_NONE;
    }
    enum err err = ERR_NONE;
    const yaml_node_pair_t *pair = root->data.mapping.pairs.start;
    for (; err == ERR_NONE && pair < root->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(reading->yaml, pair->key);
        const yaml_node_t *value = yaml_document_get_node(reading->yaml, pair->value);
        if (name->type != YAML_SCALAR_NODE || !config_key_is_section(document_text(name)))
            err = read_key(reading, STR(""), name, value);
        else if (note_line(reading, STR(""), name, find_seen(seen, document_text(name))))
            err = read_section(reading, document_text(name), value);
    }
    return err;
}

enum err config_file_load(const char *file, struct config **ret, struct mistakes *mistakes)
{
    struct reading reading = {.mistakes = mistakes};
    enum err err = config_new(&reading.config);
    if (err == ERR_NONE && file != NULL)
        err = document_read(file, read_root, &reading, mistakes);
    if (err != ERR_NONE)
        goto fail;
    config_cross_check(reading.config, reading.lines, mistakes);
    if (reading.config->jobs.call_timeout_ms > reading.config->jobs.deadline_ms)
        reading.config->jobs.call_timeout_ms = reading.config->jobs.deadline_ms; /* its default */
    if (mistakes->total > 0) {
        err = ERR_INVALID;
        goto fail;
    }
    *ret = reading.config;
    return ERR_NONE;
fail:
    config_free(reading.config);
    return err;
}
