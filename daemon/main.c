#include "daemon/cli.h"
#include "daemon/secrecy.h"
#include "daemon/verb.h"

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
    struct why why = {0};
    hold_standard_descriptors();
    if (secrecy_begin(&why) != ERR_NONE) {
        verb_complain("%s", why.text);
        return VERB_REFUSED;
    }
    return cli_main(argc, argv);
}
