/*
 * What a crowd of waiting commands took of memory goes back to the system once the last of them is
 * done: malloc gives back nothing that lies beneath something still in use.
 */
#ifndef DAEMON_CROWD_H
#define DAEMON_CROWD_H

#include <stdbool.h>
#include <stdint.h>

#define CROWD_MIN 10000 /* commands; fewer leave little behind */

/* Zero: none so far. */
struct crowd {
    uint64_t most; /* commands that waited at once since the last one */
};

/* Once for each crowd, when it is gone: none waits and the bridge has nothing else to do. */
bool crowd_is_gone(struct crowd *crowd, uint64_t waiting, bool is_idle);

/* Gives the memory back, if it is time to. */
void crowd_turn(struct crowd *crowd, uint64_t waiting, bool is_idle);

#endif
