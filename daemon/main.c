#include "daemon/cli.h"

#include <fcntl.h>
#include <unistd.h>

/* Whoever starts us without standard streams must not get a socket for one: what is printed or
 * logged would be written into it. */
static void hold_standard_descriptors(void)
{
    int fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO)
        fd = open("/dev/null", O_RDWR);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    hold_standard_descriptors();
    return cli_main(argc, argv);
}
