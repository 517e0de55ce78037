/*
 * The context of a distributed trace, as W3C Trace Context (level 1) writes it. It is handed on as
 * it came; nothing here starts a trace or a span.
 */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#include "base/str.h"

/* Views into texts that somebody else owns. */
struct trace {
    struct str parent; /* "00-<trace id>-<parent id>-<flags>"; absent: none */
    struct str state;  /* "vendor=value,..."; absent: none. Never without a parent */
};

/* What of them is valid. The parent: version 00, in lower-case hexadecimal, its ids not all zero.
 * The state: at most 512 bytes with at most 32 members; one that is not is left out alone. So what
 * is returned has no character that could end a header or a line. */
struct trace trace_of(struct str parent, struct str state);

bool trace_is_absent(const struct trace *trace);

/* Parts of a valid parent; absent without one. */
struct str trace_id(const struct trace *trace);        /* 32 digits */
struct str trace_parent_id(const struct trace *trace); /* 16 digits: the sender's span */

#endif
