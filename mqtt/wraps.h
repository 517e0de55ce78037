/*
 * The functions that the linker puts in the place of those Paho calls on its socket (--wrap, see
 * mqtt/CMakeLists.txt). A call that is not about the attached gate's socket passes through.
 *
 * Also in the place of Paho's own accounts, which took half of its time: of every function it
 * enters (StackTrace), and of every allocation, in a tree under a lock (mymalloc). Its memory is
 * plainly the C library's, so that sanitizers see it as it is, and wiped when it is freed: Paho
 * keeps the password, and makes a CONNECT of it.
 *
 * --wrap reaches what is linked statically: Paho and our own objects, not libcurl or any other
 * shared library. Since Paho gives these calls no context, the gate they belong to is a variable of
 * the thread: one link per thread, and Paho's own globals make that one per process.
 */
#ifndef MQTT_WRAPS_H
#define MQTT_WRAPS_H

#include "mqtt/gate.h"

/* False when another gate is attached. */
nodiscard bool wraps_attach(struct gate *gate);
void wraps_detach(const struct gate *gate);

/* The functions themselves. */
int wraps_ssl_write(SSL *ssl, const void *bytes, int n);
ssize_t wraps_recv(int fd, void *bytes, size_t n, int flags);
int wraps_poll(struct pollfd *fds, nfds_t count, int timeout_ms);

#endif
