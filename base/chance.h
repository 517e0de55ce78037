/* Randomness from the kernel. */
#ifndef BASE_CHANCE_H
#define BASE_CHANCE_H

#include <stddef.h>
#include <stdint.h>

void chance_fill(void *bytes, size_t n);
uint64_t chance_below(uint64_t limit); /* uniform in [0, limit); 0 when limit is 0 */

/* n lower-case hexadecimal digits and a NUL at text, which has room for n + 1. */
void chance_hex(char *text, size_t n);

#endif
