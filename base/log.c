#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static const char *const level_names[LOG_LEVEL_COUNT] = {"error", "warn", "info", "debug"};

static _Atomic int level_now = LOG_INFO;

void log_set_level(enum log_level level)
{
    level_now = (int)level;
}

bool log_level_parse(struct str word, enum log_level *ret)
{
    for (int level = 0; level < LOG_LEVEL_COUNT; level++) {
        if (str_eq_text(word, level_names[level])) {
            *ret = (enum log_level)level;
            return true;
        }
    }
    return false;
}

static void add(struct log_line *line, const char *bytes, size_t n)
{
    size_t room = LOG_LINE_MAX - sizeof "...\n" - line->n;
    line->cut = line->cut || n > room;
    if (line->cut)
        return;
    memcpy(line->text + line->n, bytes, n);
    line->n += n;
}

static bool needs_quotes(struct str value)
{
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\')
            return true;
    }
    return value.n == 0;
}

static void add_quoted(struct log_line *line, struct str value)
{
    size_t start = line->n;
    add(line, "\"", 1);
    for (size_t i = 0; i < value.n && !line->cut; i++) {
        unsigned char c = (unsigned char)value.p[i];
        char escape[8];
        if (line->n - start >= LOG_VALUE_MAX) {
            add(line, "...", 3);
            break;
        }
        if (c == '"' || c == '\\')
            add(line, (char[]){'\\', (char)c}, 2);
        else if (c < 0x20 || c >= 0x7f)
            add(line, escape, (size_t)snprintf(escape, sizeof escape, "\\x%02x", c));
        else
            add(line, &value.p[i], 1);
    }
    add(line, "\"", 1);
}

static void add_key(struct log_line *line, const char *key)
{
    add(line, " ", 1);
    add(line, key, strlen(key));
    add(line, "=", 1);
}

void log_start(struct log_line *line, enum log_level level, const char *event)
{
    line->on = (int)level <= level_now;
    line->cut = false;
    line->n = 0;
    if (!line->on)
        return;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct tm utc;
    gmtime_r(&now.tv_sec, &utc);
    char head[96];
    size_t n = strftime(head, sizeof head, "time=%Y-%m-%dT%H:%M:%S", &utc);
    n += (size_t)snprintf(head + n, sizeof head - n, ".%03dZ level=%s",
                          (int)(now.tv_nsec / 1000000), level_names[level]);
    add(line, head, n);
    log_text(line, "event", event);
}

void log_str(struct log_line *line, const char *key, struct str value)
{
    if (!line->on || line->cut || str_is_absent(value))
        return;
    add_key(line, key);
    if (needs_quotes(value) || value.n > LOG_VALUE_MAX)
        add_quoted(line, value);
    else
        add(line, value.p, value.n);
}

void log_text(struct log_line *line, const char *key, const char *value)
{
    if (value != NULL && value[0] != '\0')
        log_str(line, key, str_of(value));
}

void log_int(struct log_line *line, const char *key, int64_t value)
{
    char digits[24];
    if (!line->on)
        return;
    snprintf(digits, sizeof digits, "%lld", (long long)value);
    log_str(line, key, str_of(digits));
}

void log_end(struct log_line *line)
{
    if (!line->on)
        return;
    if (line->cut) {
        memcpy(line->text + line->n, "...", 3);
        line->n += 3;
    }
    line->text[line->n++] = '\n';
    /* A log that cannot be written has nowhere to say so. */
    ssize_t written = write(STDERR_FILENO, line->text, line->n);
    (void)written;
}

void log_say(enum log_level level, const char *event, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct log_line line;
    log_start(&line, level, event);
    log_text(&line, "msg", text);
    log_end(&line);
}
