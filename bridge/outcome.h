/*
 * What is published when a command is decided: its answer, the notify events, the dashboard event.
 * Nothing is kept: each post is written from the record when it is sent, and is the same each time.
 *
 * Posts of a record are numbered: 0 is the answer, then one per target and notify template, last
 * the dashboard event. A notice has neither the first nor the last: of it, one per event and notify
 * template.
 */
#ifndef BRIDGE_OUTCOME_H
#define BRIDGE_OUTCOME_H

#include "base/buf.h"
#include "bridge/record.h"

#define OUTCOME_TEMPLATES_MAX 8

struct outcome_options {
    struct str root;
    struct str reserved_prefix; /* "$aws" */
    struct str templates[OUTCOME_TEMPLATES_MAX];
    size_t template_count;
    struct port_executions executions;
};

/* How many posts a decided record has. */
unsigned outcome_post_count(const struct outcome_options *options, const struct record *record);

/* Whether that post is the answer to its sender. */
bool outcome_is_answer(const struct record *record, unsigned index);

/* Writes post number index into the cleared topic and payload. */
nodiscard enum err outcome_write(const struct outcome_options *options, const struct record *record,
                                 unsigned index, struct buf *topic, struct buf *payload);

/* Whether the answer to an accepted record keeps to LIMITS_COMMAND_BYTES; only that to a dry run
 * with many things may not. */
bool outcome_answer_fits(const struct outcome_options *options, const struct record *record);

/* The notify topics of every target, checked. ERR_INVALID names the member and the topic's fault.
 */
nodiscard enum err outcome_check_notify(const struct outcome_options *options,
                                        const struct record *record, struct why *why);

#endif
