/*
 * A real Mosquitto for one test: its own directory under /tmp, a loopback port chosen at run time,
 * no persistence. Calls fail the test when they cannot do their work.
 */
#ifndef FAKES_BROKER_PROCESS_H
#define FAKES_BROKER_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

struct broker_process {
    pid_t pid; /* 0: not running */
    int port;
    char dir[64];
    char url[64];
};

/* extra: more configuration lines, "%s" in them standing for the directory; NULL: none.
 * With has_tls the directory gets ca.pem, server.pem, server.key and other-ca.pem, and the broker
 * speaks TLS with a certificate for "localhost". */
void broker_process_init(struct broker_process *broker, const char *extra, bool has_tls);
void broker_process_start(struct broker_process *broker); /* waits until it listens */
void broker_process_kill(struct broker_process *broker);  /* SIGKILL */
void broker_process_fini(struct broker_process *broker);

/* Runs a program and waits for it; argv ends in NULL. Its standard output goes to *ret_output
 * (to be freed) unless that is NULL. Returns the exit status. */
int broker_process_run(const char *const *argv, char **ret_output);

int broker_process_free_port(void);

#endif
