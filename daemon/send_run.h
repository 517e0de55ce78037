/* One run of jobs-bridge send: commands out, answers in, until each is answered or its time is up.
 */
#ifndef DAEMON_SEND_RUN_H
#define DAEMON_SEND_RUN_H

#include "daemon/config.h"
#include "topics/command_topic.h"

struct send_options {
    const char *config;
    struct command_topic topic;
    bool is_dry_run;
    bool is_verbose;
    bool has_lines;
    int64_t repeat;     /* 0: not asked for */
    int64_t per_second; /* 0: as fast as it goes */
    int64_t timeout_ms;
    const char *json; /* a command, or "-"; NULL with lines */
};

/* Publishes, waits, prints; the process's exit code. */
int send_run(const struct send_options *options, const struct config *config);

#endif
