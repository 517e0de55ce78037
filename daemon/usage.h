/* What the process has used, as the kernel says. On any thread. */
#ifndef DAEMON_USAGE_H
#define DAEMON_USAGE_H

double usage_cpu_seconds(void);  /* of all threads, since the start */
double usage_memory_bytes(void); /* resident; 0 where /proc does not tell */

#endif
