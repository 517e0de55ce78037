/*
 * Every member that an UpdateJob body can have, at every depth, by its path
 * ("jobExecutionsRolloutConfig.maximumPerMinute"); lists are passed through without a word. And
 * the numbers among them: what a body says of each, also by leaving it out.
 *
 * UpdateJob replaces whole top-level members, so a number that is left out of a member that is set
 * is removed. What that means is the number's value when unset: no limit is infinity.
 *
 * A number has one slot, or, in a criteriaList, one for each failure type.
 */
#ifndef JOBS_FIELD_H
#define JOBS_FIELD_H

#include "jobs/doc.h"
#include "jobs/shape.h"
#include "jobs/update.h"

enum field {
    FIELD_ABORT,
    FIELD_ABORT_CRITERIA,
    FIELD_ABORT_FAILURE_TYPE,
    FIELD_ABORT_ACTION,
    FIELD_ABORT_THRESHOLD,
    FIELD_ABORT_MIN_EXECUTED,
    FIELD_DESCRIPTION,
    FIELD_RETRY,
    FIELD_RETRY_CRITERIA,
    FIELD_RETRY_FAILURE_TYPE,
    FIELD_RETRY_NUMBER,
    FIELD_ROLLOUT,
    FIELD_ROLLOUT_MAXIMUM,
    FIELD_ROLLOUT_EXPONENTIAL,
    FIELD_ROLLOUT_BASE,
    FIELD_ROLLOUT_INCREMENT,
    FIELD_ROLLOUT_INCREASE,
    FIELD_ROLLOUT_NOTIFIED,
    FIELD_ROLLOUT_SUCCEEDED,
    FIELD_PRESIGNED,
    FIELD_PRESIGNED_ROLE,
    FIELD_PRESIGNED_EXPIRES,
    FIELD_TIMEOUT,
    FIELD_TIMEOUT_MINUTES,
    FIELD_COUNT
};

#define FIELD_ALL           ((UINT32_C(1) << FIELD_COUNT) - 1)
#define FIELD_BIT(field)    (UINT32_C(1) << (field))
#define FIELD_FAILURE_TYPES 4
#define FIELD_SLOT_COUNT    19

const char *field_path(enum field field);
/* False: there is none. */
bool field_find(struct str path, enum field *ret);
enum field field_parent(enum field field); /* FIELD_COUNT: it is a top-level member */
enum update_member field_member(enum field field);
const struct shape_row *field_shape(enum field field);
/* FIELD_BITs of the field and of all that is inside of it. */
uint32_t field_tree(enum field field);

bool field_is_number(enum field field);
bool field_is_by_failure_type(enum field field); /* a number in a criteriaList */
unsigned field_slot(enum field number);          /* the first */
unsigned field_slot_count(enum field number);
double field_unset(enum field number);
const char *field_failure_type(unsigned index); /* "FAILED": of a number's slot, from its first */
enum field field_of_slot(unsigned slot);

/* What one body says. */
struct field_values {
    uint32_t set; /* FIELD_BITs: values that are there, and structures that are there but empty */
    uint32_t members;              /* bits of update_member that are there */
    uint32_t given;                /* bits of slots that are there */
    uint32_t given_more;           /* of them, more than once */
    double slot[FIELD_SLOT_COUNT]; /* the last that is there, or the number's value when unset */
};

/* The body must have been checked against the model. Allocates nothing. */
void field_read(struct doc_node body, struct field_values *ret);

/* The same of those members of a kept body whose bits are in wanted. ERR_NO_MEMORY. */
nodiscard enum err field_read_update(const struct update *update, uint32_t wanted,
                                     struct field_values *ret);

#endif
