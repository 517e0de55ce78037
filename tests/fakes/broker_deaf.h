/*
 * An address that swallows every attempt to connect, as one behind a firewall does: a listening
 * socket whose backlog is full. Calls fail the test when they cannot do their work.
 */
#ifndef FAKES_BROKER_DEAF_H
#define FAKES_BROKER_DEAF_H

#define BROKER_DEAF_FILL 4

struct broker_deaf {
    int port;
    int listen_fd;
    int fill[BROKER_DEAF_FILL];
};

/* On an IPv4 address of this machine; port 0: any. */
void broker_deaf_init(struct broker_deaf *deaf, const char *address, int port);
void broker_deaf_fini(struct broker_deaf *deaf);

#endif
