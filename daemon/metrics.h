/*
 * GET /metrics: a snapshot as Prometheus reads it. One table has every family: its name, what it
 * means, and where in the snapshot it is. docs/OPERATIONS.md says what to do about them.
 *
 * There are labels of few fixed values only, all present from the start; never things or jobs.
 */
#ifndef DAEMON_METRICS_H
#define DAEMON_METRICS_H

#include "daemon/exposition.h"
#include "daemon/snapshot.h"

/* At now_ms of now_mono_ms. */
void metrics_write(const struct snapshot *snapshot, int64_t now_ms, enum exposition_format format,
                   struct buf *out);

#endif
