/* jobs-bridge send: publishes one command as a client of the broker, and prints the answer. */
#ifndef DAEMON_SEND_H
#define DAEMON_SEND_H

/* The process's exit code: VERB_OK when the command was accepted, VERB_REFUSED when it was rejected
 * or could not be sent, VERB_NO_ANSWER. */
int send_main(int argc, char **argv);

#endif
