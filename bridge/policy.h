/*
 * The policy: who may change what of which job. Ordered rules; the first that matches the sender,
 * the job and the namespace of a command decides alone, and where none does, the command is
 * denied. Without a policy everything is allowed.
 *
 * A command is judged when it arrives, on its own, before it is taken in. What was taken in stays
 * allowed: commands that share a call, wait or are recovered after a restart are not judged again.
 *
 * Made once (daemon/policy_file.h), read-only from then on. Judging allocates nothing.
 */
#ifndef BRIDGE_POLICY_H
#define BRIDGE_POLICY_H

#include "bridge/glob.h"
#include "bridge/known.h"
#include "jobs/field.h"

enum policy_sender { POLICY_ANYONE, POLICY_THINGS, POLICY_OPERATORS };
enum policy_direction { POLICY_ANY_WAY, POLICY_DOWN, POLICY_UP };

struct policy_globs {
    struct glob *items;
    size_t count;
};

/* What a number must keep to, where a command sets its top-level member. */
struct policy_bound {
    enum field field;
    double min; /* -HUGE_VAL: none */
    double max; /* HUGE_VAL: none */
    enum policy_direction only;
    bool allows_unknown; /* where only judges and nothing is known */
};

struct policy_rule {
    char *name;    /* NULL: it has none */
    size_t number; /* from 1 */
    size_t line;   /* in its file */
    enum policy_sender sender;
    struct policy_globs things; /* count 0 in each of these: any */
    struct policy_globs jobs;
    struct policy_globs namespaces; /* a command without one has the empty one */
    bool denies;                    /* all that it matches; otherwise the rest applies */
    uint32_t fields;                /* FIELD_BITs that may be set */
    struct policy_bound bounds[FIELD_COUNT];
    size_t bound_count;
    struct policy_globs notify; /* what `things` may name beside the sender; count 0: nothing */
};

struct policy {
    struct policy_rule *rules;
    size_t count;
    uint32_t tracked; /* bits of the slots whose last known values are needed */
};

void policy_free(struct policy *policy);

/* Whether the rule matches everything that the other one does. Never wrongly true. */
bool policy_rule_covers(const struct policy_rule *rule, const struct policy_rule *other);

/* A command, as far as rules look at it. */
struct policy_subject {
    struct str thing; /* absent: an operator */
    struct str job;
    struct str namespace;      /* absent: none */
    const struct str *targets; /* things to notify */
    size_t target_count;
    const struct field_values *values;
    const struct known *known;
};

enum policy_reason {
    POLICY_ALLOWED,
    POLICY_NO_RULE,
    POLICY_DENIES,  /* the rule denies all */
    POLICY_FIELD,   /* must not be set */
    POLICY_MIN,     /* value is below bound->min */
    POLICY_MAX,     /* value is above bound->max */
    POLICY_ONLY,    /* value is not on the right side of last */
    POLICY_UNKNOWN, /* nothing is known to judge a direction by */
    POLICY_TWICE,   /* a failure type is there twice, so nobody can say which way it goes */
    POLICY_TARGET,  /* a thing that must not be named */
};

struct policy_decision {
    enum policy_reason reason;
    const struct policy_rule *rule; /* NULL: none matched */
    enum field field;               /* of POLICY_FIELD to POLICY_TWICE */
    const struct policy_bound *bound;
    unsigned slot;
    double value;
    double last;
    struct str target; /* of POLICY_TARGET */
};

struct policy_decision policy_judge(const struct policy *policy,
                                    const struct policy_subject *subject);

/* ERR_NONE: allowed. Otherwise ERR_REFUSED with rule, field and reason in why. */
nodiscard enum err policy_explain(const struct policy_decision *decision, struct why *why);

/* "rule 2 \"line controllers\"" */
void policy_rule_title(const struct policy_rule *rule, char *text, size_t size);

#endif
