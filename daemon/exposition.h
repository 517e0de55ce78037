/*
 * The two text formats that Prometheus reads: its own, version 0.0.4, and OpenMetrics 1.0. Both
 * call a series by the same name and labels; they differ in how a family is introduced.
 *
 * Names, label names and label values are ours: nothing in them needs to be escaped.
 */
#ifndef DAEMON_EXPOSITION_H
#define DAEMON_EXPOSITION_H

#include "base/buf.h"
#include "base/histogram.h"

enum exposition_format { EXPOSITION_PROMETHEUS, EXPOSITION_OPENMETRICS };
enum exposition_type { EXPOSITION_COUNTER, EXPOSITION_GAUGE, EXPOSITION_HISTOGRAM };

struct exposition {
    struct buf *out;
    enum exposition_format format;
};

/* A counter's name is without "_total", which is written where it belongs. */
struct exposition_family {
    const char *name;
    enum exposition_type type;
    const char *help;
};

/* The one label that a sample may have; name NULL: none. */
struct exposition_label {
    const char *name;
    const char *value;
};

/* What an Accept header (absent: there was none) asks for, and its media type. */
enum exposition_format exposition_choose(struct str accept);
struct str exposition_media_type(enum exposition_format format);

/* A family, then all of its samples, then the next; exposition_end behind the last. */
void exposition_begin(struct exposition *exposition, const struct exposition_family *family);
void exposition_count(struct exposition *exposition, const struct exposition_family *family,
                      struct exposition_label label, uint64_t value);
void exposition_number(struct exposition *exposition, const struct exposition_family *family,
                       struct exposition_label label, double value);
void exposition_durations(struct exposition *exposition, const struct exposition_family *family,
                          struct exposition_label label, const struct histogram *durations);
void exposition_end(struct exposition *exposition);

#endif
