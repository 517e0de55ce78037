/*
 * A parsed JSON document. jansson stays behind this header.
 *
 * Parsing is strict: valid UTF-8, no duplicate keys, no trailing bytes, bounded size and depth.
 * A struct doc owns the tree; a struct doc_node is a view into it, valid until doc_free.
 */
#ifndef JOBS_DOC_H
#define JOBS_DOC_H

#include "base/buf.h"
#include "base/emit.h"
#include "base/str.h"
#include "base/why.h"

#define DOC_DEPTH_MAX 16 /* levels of nesting; the deepest valid command has 6 */

struct doc; /* owns the tree */

/* An absent node has p == NULL, and every question about it is answered no. */
struct doc_node {
    const void *p;
};

enum doc_kind {
    DOC_ABSENT,
    DOC_NULL,
    DOC_BOOL,
    DOC_INTEGER,
    DOC_REAL,
    DOC_STRING,
    DOC_ARRAY,
    DOC_OBJECT
};

/* ERR_INVALID with line, column and cause in why; ERR_NO_MEMORY. */
nodiscard enum err doc_parse(struct str json, size_t bytes_max, struct doc **ret, struct why *why);
void doc_free(struct doc *doc);
struct doc_node doc_root(const struct doc *doc);

enum doc_kind doc_kind_of(struct doc_node node);
const char *doc_kind_name(enum doc_kind kind); /* "string", "integer", ... */

struct doc_node doc_member(struct doc_node object, const char *name);
size_t doc_count(struct doc_node array_or_object);
struct doc_node doc_item(struct doc_node array, size_t index);

struct str doc_str(struct doc_node string);       /* absent if it is no string */
int64_t doc_int(struct doc_node integer);         /* 0 if it is none */
double doc_real(struct doc_node integer_or_real); /* 0 if it is none */
bool doc_bool(struct doc_node boolean);           /* false if it is none */

/* Walks an object's members in the order they were written. */
struct doc_walk {
    void *p;
    struct str key; /* with a NUL behind it */
    struct doc_node value;
};
struct doc_walk doc_walk_start(struct doc_node object); /* p == NULL at the end */
void doc_walk_next(struct doc_node object, struct doc_walk *walk);

/* The same value: order counts in arrays, not in objects; 5 is 5.0. Absent equals nothing. */
bool doc_equal(struct doc_node a, struct doc_node b);

/* Appends the node as compact JSON. Numbers are written as short as they are read back the same:
 * 0.1 is 0.1, and 5.0 stays a real. */
void doc_write(struct doc_node node, struct buf *out);
/* The same into what is being written; nothing for an absent node. */
void doc_emit(struct emit *emit, const char *key, struct doc_node node);

#endif
