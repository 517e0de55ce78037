#include "daemon/config_file.h"

#include "daemon/config_cross.h"
#include "daemon/config_value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <yaml.h>

struct reading {
    struct str text;
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

static size_t line_of(const yaml_node_t *node)
{
    return node->start_mark.line + 1;
}

static struct str text_of(const yaml_node_t *scalar)
{
    return (struct str){(const char *)scalar->data.scalar.value, scalar->data.scalar.length};
}

/* The words by which YAML leaves a value out. */
static bool is_null(const yaml_node_t *node)
{
    if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return false;
    struct str text = text_of(node);
    return text.n == 0 || str_eq_text(text, "~") || str_eq_text(text, "null");
}

/* Tags could only change what a value means; nothing here needs them. */
static bool has_foreign_tag(const yaml_node_t *node)
{
    const char *tag = (const char *)node->tag;
    return strcmp(tag, YAML_DEFAULT_SCALAR_TAG) != 0 &&
           strcmp(tag, YAML_DEFAULT_SEQUENCE_TAG) != 0 &&
           strcmp(tag, YAML_DEFAULT_MAPPING_TAG) != 0;
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
    buf_init(&expected, WHY_TEXT_MAX);
    if (err == ERR_INVALID)
        config_value_expected(key, &expected);
    else if (err == ERR_REFUSED)
        buf_add_text(&expected, key->today != NULL ? key->today : "no value");
    else
        return err;
    complain_of_value(reading, key, line, why->text, buf_text(&expected));
    buf_fini(&expected);
    return ERR_NONE;
}

static enum err read_list(struct reading *reading, const struct config_key *key,
                          const yaml_node_t *node)
{
    struct why why;
    size_t line = line_of(node);
    size_t count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    if (count > (size_t)key->max) {
        why_set(&why, ERR_INVALID, NULL, "has %zu entries", count);
        return settle(reading, key, line, ERR_INVALID, &why);
    }
    struct str *texts = calloc(count + 1, sizeof *texts);
    if (texts == NULL)
        return ERR_NO_MEMORY;
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < count; i++) {
        int id = node->data.sequence.items.start[i];
        const yaml_node_t *item = yaml_document_get_node(reading->yaml, id);
        if (item->type == YAML_SCALAR_NODE && !has_foreign_tag(item))
            texts[i] = text_of(item);
        else
            err = why_set(&why, ERR_INVALID, NULL, "entry %zu is not a text", i + 1);
    }
    if (err == ERR_NONE)
        err = config_value_set_list(key, texts, count, reading->config, &why);
    free(texts);
    return settle(reading, key, line, err, &why);
}

static const char *kind_name(const yaml_node_t *node)
{
    if (node->type == YAML_MAPPING_NODE)
        return "is a mapping";
    return node->type == YAML_SEQUENCE_NODE ? "is a list" : "is a single value";
}

static enum err read_value(struct reading *reading, const struct config_key *key,
                           const yaml_node_t *node)
{
    bool is_list = key->kind == CONFIG_LIST;
    struct why why;
    if (has_foreign_tag(node)) {
        why_set(&why, ERR_INVALID, NULL, "has a tag");
        return settle(reading, key, line_of(node), ERR_INVALID, &why);
    }
    if (node->type == YAML_SEQUENCE_NODE && is_list)
        return read_list(reading, key, node);
    if (node->type != YAML_SCALAR_NODE || is_list) {
        why_set(&why, ERR_INVALID, NULL, "%s", kind_name(node));
        return settle(reading, key, line_of(node), ERR_INVALID, &why);
    }
    struct str text = is_null(node) ? STR("") : text_of(node);
    enum err err = config_value_set(key, text, reading->config, &why);
    return settle(reading, key, line_of(node), err, &why);
}

static void complain_of_name(struct reading *reading, struct str section, const yaml_node_t *name)
{
    struct buf key;
    buf_init(&key, WHY_FIELD_MAX);
    if (section.n > 0)
        buf_format(&key, "%.*s.", STR_ARG(section));
    if (name->type != YAML_SCALAR_NODE) {
        mistakes_add(reading->mistakes, line_of(name), "", "a key is not a text");
    } else {
        struct str text = text_of(name);
        buf_format(&key, "%.*s%s", CONFIG_VALUE_ARG(text));
        const char *closest = config_key_closest(section, text);
        if (closest != NULL)
            mistakes_add(reading->mistakes, line_of(name), buf_text(&key),
                         "is not a known key (did you mean \"%s\"?)", closest);
        else
            mistakes_add(reading->mistakes, line_of(name), buf_text(&key), "is not a known key");
    }
    buf_fini(&key);
}

/* A key or section; false if it stood there before. */
static bool note_line(struct reading *reading, struct str section, const yaml_node_t *name,
                      size_t *seen)
{
    struct str text = text_of(name);
    if (*seen == 0) {
        *seen = line_of(name);
        return true;
    }
    char key[WHY_FIELD_MAX];
    snprintf(key, sizeof key, "%.*s%s%.*s", STR_ARG(section), section.n > 0 ? "." : "",
             STR_ARG(text));
    mistakes_add(reading->mistakes, line_of(name), key, "stands on line %zu already", *seen);
    return false;
}

static enum err read_key(struct reading *reading, struct str section, const yaml_node_t *name,
                         const yaml_node_t *value)
{
    const struct config_key *key = NULL;
    if (name->type == YAML_SCALAR_NODE)
        key = config_key_find(section, text_of(name));
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
    if (is_null(node))
        return ERR_NONE;
    if (node->type != YAML_MAPPING_NODE || has_foreign_tag(node)) {
        char key[WHY_FIELD_MAX];
        snprintf(key, sizeof key, "%.*s", STR_ARG(section));
        mistakes_add(reading->mistakes, line_of(node), key,
                     "%s (expected a mapping of keys to values)",
                     has_foreign_tag(node) ? "has a tag" : kind_name(node));
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

static enum err read_root(struct reading *reading)
{
    struct seen_section seen[CONFIG_KEY_COUNT] = {0};
    const yaml_node_t *root = yaml_document_get_root_node(reading->yaml);
    if (root == NULL || is_null(root))
        return ERR_NONE; /* nothing but comments: the defaults */
    if (root->type != YAML_MAPPING_NODE || has_foreign_tag(root)) {
        mistakes_add(reading->mistakes, line_of(root), "",
                     "the file %s (expected a mapping of sections)", kind_name(root));
        return ERR_NONE;
    }
    enum err err = ERR_NONE;
    const yaml_node_pair_t *pair = root->data.mapping.pairs.start;
    for (; err == ERR_NONE && pair < root->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(reading->yaml, pair->key);
        const yaml_node_t *value = yaml_document_get_node(reading->yaml, pair->value);
        if (name->type != YAML_SCALAR_NODE || !config_key_is_section(text_of(name)))
            err = read_key(reading, STR(""), name, value);
        else if (note_line(reading, STR(""), name, find_seen(seen, text_of(name))))
            err = read_section(reading, text_of(name), value);
    }
    return err;
}

/* Where the file just ends too early, libyaml points behind its last line. */
static size_t line_of_problem(const yaml_parser_t *parser, struct str text)
{
    size_t line = 1;
    for (size_t i = 0; i + 1 < text.n && line <= parser->problem_mark.line; i++)
        line += text.p[i] == '\n';
    return line;
}

static void complain_of_yaml(const yaml_parser_t *parser, struct reading *reading)
{
    struct mistakes *mistakes = reading->mistakes;
    size_t line = line_of_problem(parser, reading->text);
    const char *problem = parser->problem != NULL ? parser->problem : "cannot be read";
    if (parser->error == YAML_READER_ERROR) /* only this one has no mark */
        mistakes_add(mistakes, 0, "", "not YAML: %s at byte %zu", problem, parser->problem_offset);
    else if (parser->context != NULL)
        mistakes_add(mistakes, line, "", "not YAML: %s %s", parser->context, problem);
    else
        mistakes_add(mistakes, line, "", "not YAML: %s", problem);
}

/* ERR_INVALID with the mistake noted if the next document is broken. */
static enum err load(yaml_parser_t *parser, yaml_document_t *ret, struct reading *reading)
{
    if (yaml_parser_load(parser, ret))
        return ERR_NONE;
    if (parser->error == YAML_MEMORY_ERROR)
        return ERR_NO_MEMORY;
    complain_of_yaml(parser, reading);
    return ERR_INVALID;
}

static enum err refuse_second_document(yaml_parser_t *parser, struct reading *reading)
{
    yaml_document_t second;
    enum err err = load(parser, &second, reading);
    if (err != ERR_NONE)
        return err == ERR_INVALID ? ERR_NONE : err;
    const yaml_node_t *root = yaml_document_get_root_node(&second);
    if (root != NULL)
        mistakes_add(reading->mistakes, line_of(root), "", "a second document (expected one)");
    yaml_document_delete(&second);
    return ERR_NONE;
}

static enum err parse(struct reading *reading)
{
    yaml_parser_t parser;
    yaml_document_t document;
    if (!yaml_parser_initialize(&parser))
        return ERR_NO_MEMORY;
    yaml_parser_set_input_string(&parser, (const unsigned char *)reading->text.p, reading->text.n);
    enum err err = load(&parser, &document, reading);
    if (err == ERR_NONE) {
        reading->yaml = &document;
        err = read_root(reading);
        if (err == ERR_NONE && yaml_document_get_root_node(&document) != NULL)
            err = refuse_second_document(&parser, reading);
        reading->yaml = NULL;
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    return err == ERR_INVALID ? ERR_NONE : err; /* it is among the mistakes */
}

static enum err read_bytes(FILE *stream, struct buf *out, struct mistakes *mistakes)
{
    char *to = buf_reserve(out, CONFIG_FILE_BYTES_MAX + 1);
    if (to == NULL)
        return ERR_NO_MEMORY;
    errno = 0;
    size_t n = fread(to, 1, CONFIG_FILE_BYTES_MAX + 1, stream);
    buf_added(out, n);
    if (ferror(stream))
        mistakes_add(mistakes, 0, "", "cannot be read: %s", strerror(errno));
    else if (n > CONFIG_FILE_BYTES_MAX)
        mistakes_add(mistakes, 0, "", "is too large (expected at most 1 MiB)");
    return ERR_NONE;
}

static enum err read_file(const char *file, struct reading *reading)
{
    FILE *stream = fopen(file, "re");
    if (stream == NULL) {
        mistakes_add(reading->mistakes, 0, "", "cannot be opened: %s", strerror(errno));
        return ERR_NONE;
    }
    struct buf text;
    buf_init(&text, CONFIG_FILE_BYTES_MAX + 1);
    enum err err = read_bytes(stream, &text, reading->mistakes);
    reading->text = buf_str(&text);
    if (err == ERR_NONE && reading->mistakes->total == 0)
        err = parse(reading);
    buf_fini(&text);
    fclose(stream);
    return err;
}

enum err config_file_load(const char *file, struct config **ret, struct mistakes *mistakes)
{
    struct reading reading = {.mistakes = mistakes};
    enum err err = config_new(&reading.config);
    if (err == ERR_NONE && file != NULL)
        err = read_file(file, &reading);
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
