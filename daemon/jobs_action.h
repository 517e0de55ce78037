/* What can be done with jobs: from the words of the command line to a request, and from the answer
 * to text. */
#ifndef DAEMON_JOBS_ACTION_H
#define DAEMON_JOBS_ACTION_H

#include "base/limits.h"
#include "daemon/jobs_client.h"

#define JOBS_ACTION_THINGS_MAX 100 /* service model: targets of one job */

struct jobs_words {
    struct str job;                            /* absent: none */
    struct str namespace;                      /* likewise, and all below */
    struct str things[JOBS_ACTION_THINGS_MAX]; /* names or ARNs */
    size_t thing_count;
    const char *document;
    const char *description;
    const char *comment;
    const char *status;
    const char *update;
    bool is_forced;
    const char *region; /* for the ARN of a thing's bare name; NULL: there is no making one up */
};

struct jobs_action {
    const char *name;
    const char *options; /* the letters of the options that it takes */
    bool needs_job;
    const char *summary;
    enum err (*build)(const struct jobs_words *words, struct jobs_request *request,
                      struct why *why);
    void (*print)(const struct jobs_words *words, struct str answer, struct buf *out);
};

const struct jobs_action *jobs_action_find(const char *name); /* NULL if there is none */
const struct jobs_action *jobs_action_at(size_t index);       /* NULL at the end */

/* Adds name=value to the query. */
void jobs_action_add_query(struct jobs_request *request, const char *name, struct str value);

#endif
