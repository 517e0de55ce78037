/* Raw HTTP over loopback sockets: a client that sends exact bytes, a server that follows a script.
 */
#ifndef TESTS_HTTP_RAWHTTP_H
#define TESTS_HTTP_RAWHTTP_H

#include <stdbool.h>
#include <stddef.h>

#define RAWHTTP_BYTES 65536

/* Sends the bytes on a new connection and reads until the peer hangs up. Returns the status, 0 when
 * there was no answer; the whole answer, NUL terminated, is in ret_text. */
int rawhttp_exchange(unsigned port, const char *request, size_t n, char ret_text[RAWHTTP_BYTES]);

/* What a scripted server does with one request, in order of arrival. */
struct rawhttp_step {
    const char *answer; /* NULL: none, hang up */
    unsigned delay_ms;  /* before the answer */
    bool keep_alive;    /* otherwise it hangs up behind the answer */
};

struct rawhttp_server;

/* Serves the steps, which are copied, one by one on a thread of its own, one connection at a time.
 */
struct rawhttp_server *rawhttp_server_start(const struct rawhttp_step *steps, size_t count);
void rawhttp_server_stop(struct rawhttp_server *server);
unsigned rawhttp_server_port(const struct rawhttp_server *server);
unsigned rawhttp_server_connections(const struct rawhttp_server *server); /* accepted so far */
/* The last request whole, NUL terminated. */
void rawhttp_server_request(struct rawhttp_server *server, char ret_text[RAWHTTP_BYTES]);
/* All of them, one behind the other; what does not fit is left out. */
void rawhttp_server_requests(struct rawhttp_server *server, char ret_text[RAWHTTP_BYTES]);

/* A port of 127.0.0.1 on which nobody listens. */
unsigned rawhttp_dead_port(void);

#endif
