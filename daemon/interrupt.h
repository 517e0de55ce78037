/* SIGINT and SIGTERM as something to wait for: a verb ends when it has tidied up. */
#ifndef DAEMON_INTERRUPT_H
#define DAEMON_INTERRUPT_H

#include <stdbool.h>

/* A descriptor that becomes readable when one of them comes; they end the process no more. -1, and
 * they still do, if there is none to be had. */
int interrupt_open(void);
void interrupt_close(int fd); /* fine with -1 */

bool interrupt_came(int fd);

#endif
