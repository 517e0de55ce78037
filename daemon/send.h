/* jobs-bridge send: publishes commands as a client of the broker, and prints the answers. */
#ifndef DAEMON_SEND_H
#define DAEMON_SEND_H

/* The process's exit code: VERB_OK when every command was accepted, VERB_REFUSED when one was
 * rejected or could not be sent, VERB_NO_ANSWER, VERB_USAGE. */
int send_main(int argc, char **argv);

#endif
