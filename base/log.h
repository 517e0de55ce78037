/*
 * logfmt lines on standard error: time, level, event, then key=value pairs.
 *
 * One line is one write(2), so lines of different threads never mix. Values are quoted and escaped
 * where they need it: nothing logged can forge a line or reach a terminal as a control code.
 * The level is process wide: set it once, before threads start.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/attr.h"
#include "base/str.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_LEVEL_COUNT };

#define LOG_VALUE_MAX 640  /* bytes of one value as written; a longer one ends in "..." */
#define LOG_LINE_MAX  2048 /* bytes; a longer line is cut and ends in "..." */

struct log_line {
    bool on;
    bool cut;
    size_t n;
    char text[LOG_LINE_MAX];
};

void log_set_level(enum log_level level);
bool log_level_parse(struct str word, enum log_level *ret);

/* log_start, any number of pairs, log_end. An absent str leaves its pair out. */
void log_start(struct log_line *line, enum log_level level, const char *event);
void log_str(struct log_line *line, const char *key, struct str value);
void log_text(struct log_line *line, const char *key, const char *value); /* NULL or "": left out */
void log_int(struct log_line *line, const char *key, int64_t value);
void log_end(struct log_line *line);

/* A whole line: event and one msg="..." pair. */
void log_say(enum log_level level, const char *event, const char *format, ...) printf_like(3, 4);

#endif
