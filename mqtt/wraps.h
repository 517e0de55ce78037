/*
 * The functions that the linker puts in the place of those Paho calls on its sockets (--wrap, see
 * mqtt/CMakeLists.txt). A call that is not about an attached gate's socket passes through.
 *
 * Paho serves all its handles in one place: a call on one may read the packets of another, and give
 * up the one for the other's failure. So the caller says which gate it enters Paho for, and until
 * it leaves Paho sees nothing ready on any other: neither by poll nor in its list of TLS
 * connections with more to read. All that it still does to others is its keep alive: a PINGREQ,
 * which goes to the gate it belongs to, or giving up. Where it waits for an answer it does not even
 * that: a handle that it gave up in there it would wait for in vain, for 10 s.
 *
 * Also in the place of Paho's own accounts, which took half of its time: of every function it
 * enters (StackTrace), and of every allocation, in a tree under a lock (mymalloc). Its memory is
 * plainly the C library's, so that sanitizers see it as it is, and wiped when it is freed: Paho
 * keeps the password, and makes a CONNECT of it.
 *
 * --wrap reaches what is linked statically: Paho and our own objects, not libcurl or any other
 * shared library. Since Paho gives these calls no context, the attached gates are a variable of the
 * thread, and Paho's own globals make that one thread per process.
 */
#ifndef MQTT_WRAPS_H
#define MQTT_WRAPS_H

#include "mqtt/gate.h"

void wraps_attach(struct gate *gate); /* which must not move until it is detached */
void wraps_detach(struct gate *gate); /* fine if it is not attached */

/* Around calls of Paho's functions that may read or wait. They do not nest. */
void wraps_enter(struct gate *gate);
void wraps_leave(void);

/* The functions themselves. */
int wraps_ssl_write(SSL *ssl, const void *bytes, int n);
ssize_t wraps_recv(int fd, void *bytes, size_t n, int flags);
int wraps_poll(struct pollfd *fds, nfds_t count, int timeout_ms);

#endif
