#include "daemon/document.h"

#include <errno.h>
#include <stdio.h>

struct reading {
    struct str text;
    document_read_fn *read;
    void *context;
    struct mistakes *mistakes;
};

size_t document_line(const yaml_node_t *node)
{
    return node->start_mark.line + 1;
}

struct str document_text(const yaml_node_t *scalar)
{
    return (struct str){(const char *)scalar->data.scalar.value, scalar->data.scalar.length};
}

bool document_is_null(const yaml_node_t *node)
{
    if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return false;
    struct str text = document_text(node);
    return text.n == 0 || str_eq_text(text, "~") || str_eq_text(text, "null");
}

/* Tags could only change what a value means; nothing here needs them. */
bool document_has_tag(const yaml_node_t *node)
{
    const char *tag = (const char *)node->tag;
    return strcmp(tag, YAML_DEFAULT_SCALAR_TAG) != 0 &&
           strcmp(tag, YAML_DEFAULT_SEQUENCE_TAG) != 0 &&
           strcmp(tag, YAML_DEFAULT_MAPPING_TAG) != 0;
}

const char *document_kind(const yaml_node_t *node)
{
    if (node->type == YAML_MAPPING_NODE)
        return "is a mapping";
    return node->type == YAML_SEQUENCE_NODE ? "is a list" : "is a single value";
}

size_t document_count(const yaml_node_t *sequence)
{
    return (size_t)(sequence->data.sequence.items.top - sequence->data.sequence.items.start);
}

const yaml_node_t *document_item(yaml_document_t *yaml, const yaml_node_t *sequence, size_t index)
{
    return yaml_document_get_node(yaml, sequence->data.sequence.items.start[index]);
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
        mistakes_add(reading->mistakes, document_line(root), "",
                     "a second document (expected one)");
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
        err = reading->read(reading->context, &document, yaml_document_get_root_node(&document));
        if (err == ERR_NONE && yaml_document_get_root_node(&document) != NULL)
            err = refuse_second_document(&parser, reading);
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    return err == ERR_INVALID ? ERR_NONE : err; /* it is among the mistakes */
}

static enum err read_bytes(FILE *stream, struct buf *out, struct mistakes *mistakes)
{
    char *to = buf_reserve(out, DOCUMENT_BYTES_MAX + 1);
    if (to == NULL)
        return ERR_NO_MEMORY;
    errno = 0;
    size_t n = fread(to, 1, DOCUMENT_BYTES_MAX + 1, stream);
    buf_added(out, n);
    if (ferror(stream))
        mistakes_add(mistakes, 0, "", "cannot be read: %s", strerror(errno));
    else if (n > DOCUMENT_BYTES_MAX)
        mistakes_add(mistakes, 0, "", "is too large (expected at most 1 MiB)");
    return ERR_NONE;
}

enum err document_read(const char *file, document_read_fn *read, void *context,
                       struct mistakes *mistakes)
{
    struct reading reading = {.read = read, .context = context, .mistakes = mistakes};
    FILE *stream = fopen(file, "re");
    if (stream == NULL) {
        mistakes_add(mistakes, 0, "", "cannot be opened: %s", strerror(errno));
        return ERR_NONE;
    }
    struct buf text;
    buf_init(&text, DOCUMENT_BYTES_MAX + 1);
    size_t mistakes_before = mistakes->total;
    enum err err = read_bytes(stream, &text, mistakes);
    reading.text = buf_str(&text);
    if (err == ERR_NONE && mistakes->total == mistakes_before)
        err = parse(&reading);
    buf_fini(&text);
    fclose(stream);
    return err;
}
