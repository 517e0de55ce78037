/*
 * What is known of the numbers in jobs, for rules that let a number go only down or only up: by
 * job, the values that may be in force, from the commands that went through this bridge.
 *
 * A range, because more than one value may be in force: an accepted command leaves one value; one
 * that ended without anybody knowing whether its call took effect leaves its own beside those that
 * were there; and as long as commands for the job are undecided, theirs count as well. Nothing is
 * known of a job before a command for it was accepted, nor after AWS said that it does not exist.
 * What others change at AWS is never seen.
 *
 * Kept in the journal, with the decision that it follows from. At most LIMITS_KNOWN_JOBS jobs; the
 * one that was decided longest ago is forgotten first.
 */
#ifndef BRIDGE_KNOWN_H
#define BRIDGE_KNOWN_H

#include "base/list.h"
#include "base/map.h"
#include "bridge/record.h"
#include "jobs/field.h"

struct known {
    uint32_t tracked; /* bits of slots; 0: nothing is kept */
    uint32_t members; /* bits of the update_members that they are in */
    struct port_memory memory;
    struct map jobs;
    struct list settled; /* jobs without undecided commands, in order of their last decision */
};

/* Nothing is kept where there is no memory port, either. */
void known_init(struct known *known, uint32_t tracked, const struct port_memory *memory);
void known_fini(struct known *known);

/* Takes up what the memory holds: before anything else. What is not tracked any more is left out.
 */
nodiscard enum err known_load(struct known *known, struct why *why);

/* A command that may change its job is taken in. ERR_NO_MEMORY: nothing has happened. */
nodiscard enum err known_enter(struct known *known, const struct record *record);
/* It was not taken in after all. */
void known_cancel(struct known *known, const struct record *record);
/* It is decided, as its outcome says. An error is the memory's. */
nodiscard enum err known_leave(struct known *known, const struct record *record, struct why *why);

struct known_range {
    double low;
    double high;
    bool has_values; /* low and high are something */
    bool is_known;   /* and nothing else may be in force */
};

/* known may be NULL: nothing is known. */
struct known_range known_look(const struct known *known, struct str job, unsigned slot);

#endif
