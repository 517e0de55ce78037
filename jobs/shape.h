/*
 * What a JSON value may be: one table row per member of the service model, and the one checker that
 * reads the rows. A refusal is worded as AWS's services word theirs, and names the path, the value
 * (cut to about SHAPE_EXCERPT_MAX bytes) and the constraint.
 *
 * Shapes are constants; checking needs no state and may happen on any thread. null is never a
 * value.
 */
#ifndef JOBS_SHAPE_H
#define JOBS_SHAPE_H

#include "base/why.h"
#include "jobs/doc.h"
#include "jobs/pattern.h"

#define SHAPE_EXCERPT_MAX 64 /* bytes of a value in a message */

enum shape_kind {
    SHAPE_STRING,
    SHAPE_INTEGER, /* 32 bits, as the model's "integer" */
    SHAPE_LONG,    /* 64 bits */
    SHAPE_DOUBLE,  /* an integer is fine, too */
    SHAPE_BOOLEAN,
    SHAPE_LIST,
    SHAPE_MAP,
    SHAPE_STRUCTURE,
    SHAPE_KIND_COUNT
};

/* A limit on the value of a number, the characters of a string, the items of a list or map. */
struct shape_limit {
    bool is_set;
    double value;
};

#define SHAPE_MIN(limit)       .min = {true, (limit)}
#define SHAPE_MAX(limit)       .max = {true, (limit)}
#define SHAPE_RANGE(low, high) SHAPE_MIN(low), SHAPE_MAX(high)

struct shape_row {
    const char *name; /* of the member; NULL where it has none: list items, map keys and values */
    enum shape_kind kind;
    bool is_required;
    struct shape_limit min;
    struct shape_limit max;
    struct shape_limit decimals;   /* SHAPE_DOUBLE: most digits after the point */
    const struct pattern *pattern; /* SHAPE_STRING */
    const char *const *words;      /* SHAPE_STRING: the only values, up to a NULL */
    const struct shape_row *item;  /* SHAPE_LIST and SHAPE_MAP: what each value is */
    const struct shape_row *key;   /* SHAPE_MAP: what each key is */
    const struct shape *shape;     /* SHAPE_STRUCTURE: its members */
};

/* Where a value stands in the document; shape_refuse makes a path of it. */
struct shape_place {
    const struct shape_place *parent;
    struct str name; /* absent: an item of a list */
    size_t index;
};

struct shape {
    const struct shape_row *rows;
    size_t count;
    const struct shape *base; /* its rows belong to this shape as well; NULL: none */
    /* What single rows can't say; called when all of them hold. NULL: nothing. */
    enum err (*check)(const struct shape_place *at, struct doc_node object, struct why *why);
};

#define SHAPE_OF(table) .rows = (table), .count = COUNT_OF(table)

/* Everything: members that are there, required ones that are not, and unknown ones.
 * ERR_INVALID with the path in why->field. */
nodiscard enum err shape_check(const struct shape *shape, struct doc_node value, struct why *why);

/* The same without a look at unknown members. */
nodiscard enum err shape_check_known(const struct shape *shape, struct doc_node value,
                                     struct why *why);

/* The row of a member, the base's included; NULL if there is none. */
const struct shape_row *shape_find(const struct shape *shape, struct str name);

/* For the checks of a shape: refuses the value at a place. The constraint is what follows "Member
 * must ". Returns ERR_INVALID. */
nodiscard enum err shape_refuse(const struct shape_place *at, struct doc_node value,
                                struct why *why, const char *constraint);

#endif
