#include "daemon/crowd.h"

#include <malloc.h>

bool crowd_is_gone(struct crowd *crowd, uint64_t waiting, bool is_idle)
{
    if (waiting > crowd->most)
        crowd->most = waiting;
    if (waiting > 0 || !is_idle)
        return false;
    bool was_crowd = crowd->most >= CROWD_MIN;
    crowd->most = 0;
    return was_crowd;
}

void crowd_turn(struct crowd *crowd, uint64_t waiting, bool is_idle)
{
    if (crowd_is_gone(crowd, waiting, is_idle))
        malloc_trim(0);
}
