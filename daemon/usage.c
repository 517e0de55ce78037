#include "daemon/usage.h"

#include "base/str.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#define STATM_MAX 128

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1000000;
}

double usage_cpu_seconds(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return 0;
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/* "size resident ...", in pages. */
double usage_memory_bytes(void)
{
    char text[STATM_MAX];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text);
    close(fd);
    struct str rest = {text, n > 0 ? (size_t)n : 0};
    int64_t pages = 0;
    (void)str_cut(&rest, ' ');
    if (!str_to_int(str_cut(&rest, ' '), 0, INT64_MAX, &pages))
        return 0;
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}
