#include "daemon/interrupt.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

int interrupt_open(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        sigprocmask(SIG_UNBLOCK, &set, NULL);
    return fd;
}

void interrupt_close(int fd)
{
    if (fd >= 0)
        close(fd);
}

bool interrupt_came(int fd)
{
    struct signalfd_siginfo info;
    return fd >= 0 && read(fd, &info, sizeof info) == (ssize_t)sizeof info;
}
