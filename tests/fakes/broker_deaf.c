#include "tests/fakes/broker_deaf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void check(bool is_fine, const char *what)
{
    if (is_fine)
        return;
    perror(what);
    abort();
}

void broker_deaf_init(struct broker_deaf *deaf, const char *address, int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    struct sockaddr *name = (struct sockaddr *)&at;
    socklen_t n = sizeof at;
    int on = 1;
    deaf->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(inet_pton(AF_INET, address, &at.sin_addr) == 1, "inet_pton");
    check(setsockopt(deaf->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
              bind(deaf->listen_fd, name, n) == 0 && listen(deaf->listen_fd, 0) == 0 &&
              getsockname(deaf->listen_fd, name, &n) == 0,
          "listen");
    deaf->port = ntohs(at.sin_port);
    for (int i = 0; i < BROKER_DEAF_FILL; i++) {
        deaf->fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        check(connect(deaf->fill[i], name, n) == 0 || errno == EINPROGRESS, "connect");
    }
}

void broker_deaf_fini(struct broker_deaf *deaf)
{
    for (int i = 0; i < BROKER_DEAF_FILL; i++)
        close(deaf->fill[i]);
    close(deaf->listen_fd);
}
