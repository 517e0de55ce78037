/* The command line: jobs-bridge VERB [OPTION...]. */
#ifndef DAEMON_CLI_H
#define DAEMON_CLI_H

/* The process's exit code: see daemon/verb.h. */
int cli_main(int argc, char **argv);

#endif
