/* jobs-bridge jobs: AWS IoT Jobs' control plane from the command line, at the configured endpoint
 * with the configured credentials. */
#ifndef DAEMON_JOBS_COMMAND_H
#define DAEMON_JOBS_COMMAND_H

/* The process's exit code: VERB_REFUSED when the endpoint said no, VERB_NO_ANSWER. */
int jobs_command_main(int argc, char **argv);

#endif
