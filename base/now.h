/* The real clocks, behind the ports that bridge/port.h asks for. */
#ifndef BASE_NOW_H
#define BASE_NOW_H

#include <stdint.h>

int64_t now_mono_ms(void); /* never steps; only differences mean anything */
int64_t now_mono_us(void); /* the same, finer */
int64_t now_wall_ms(void); /* since the epoch, UTC */

#endif
