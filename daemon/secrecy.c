#include "daemon/secrecy.h"

#include <sys/prctl.h>
#include <sys/resource.h>

bool secrecy_is_whole(void)
{
#ifdef JOBS_BRIDGE_SANITIZED
    return false;
#else
    return true;
#endif
}

enum err secrecy_begin(struct why *why)
{
    static const struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return why_errno(why, "core dumps cannot be turned off");
    if (secrecy_is_whole() && prctl(PR_SET_DUMPABLE, 0) != 0)
        return why_errno(why, "the memory cannot be kept from others");
    return ERR_NONE;
}
