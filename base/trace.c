#include "base/trace.h"

#include "base/limits.h"

/* Where the parts of a traceparent of version 00 are. */
#define ID_AT        3
#define ID_BYTES     32
#define PARENT_AT    36
#define PARENT_BYTES 16
#define FLAGS_AT     53
#define FLAGS_BYTES  2
#define ALL_BYTES    55

#define STATE_PART_MAX 256 /* bytes of a key, or of a value */

static struct str part(struct str s, size_t at, size_t n)
{
    return (struct str){s.p + at, n};
}

static bool is_digit_or_lower(char c, char last_letter)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= last_letter);
}

static bool is_hex(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit_or_lower(s.p[i], 'f'))
            return false;
    return true;
}

/* An id: one of zeros stands for none. */
static bool is_id(struct str s)
{
    size_t zeros = 0;
    while (zeros < s.n && s.p[zeros] == '0')
        zeros++;
    return is_hex(s) && zeros < s.n;
}

static bool is_parent(struct str s)
{
    return s.n == ALL_BYTES && str_starts(s, STR("00-")) && s.p[PARENT_AT - 1] == '-' &&
           s.p[FLAGS_AT - 1] == '-' && is_id(part(s, ID_AT, ID_BYTES)) &&
           is_id(part(s, PARENT_AT, PARENT_BYTES)) && is_hex(part(s, FLAGS_AT, FLAGS_BYTES));
}

static bool is_key(struct str key)
{
    if (key.n == 0 || key.n > STATE_PART_MAX || !is_digit_or_lower(key.p[0], 'z'))
        return false;
    for (size_t i = 1; i < key.n; i++)
        if (!is_digit_or_lower(key.p[i], 'z') && !str_has(STR("_-*/@"), key.p[i]))
            return false;
    return true;
}

static bool is_value(struct str value)
{
    if (value.n == 0 || value.n > STATE_PART_MAX || value.p[value.n - 1] == ' ')
        return false;
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] < ' ' || value.p[i] > '~' || value.p[i] == '=')
            return false;
    return true;
}

/* Members may be empty. */
static bool is_state(struct str s)
{
    size_t count = 0;
    if (s.n == 0 || s.n > LIMITS_TRACESTATE_BYTES)
        return false;
    while (!str_is_absent(s)) {
        struct str value = str_trim(str_cut(&s, ','));
        if (value.n == 0)
            continue;
        struct str key = str_cut(&value, '=');
        if (str_is_absent(value) || !is_key(key) || !is_value(value) ||
            ++count > LIMITS_TRACESTATE_MEMBERS)
            return false;
    }
    return count > 0;
}

struct trace trace_of(struct str parent, struct str state)
{
    if (str_is_absent(parent) || !is_parent(parent))
        return (struct trace){0};
    bool has_state = !str_is_absent(state) && is_state(state);
    return (struct trace){parent, has_state ? state : STR_NONE};
}

bool trace_is_absent(const struct trace *trace)
{
    return str_is_absent(trace->parent);
}

struct str trace_id(const struct trace *trace)
{
    return trace_is_absent(trace) ? STR_NONE : part(trace->parent, ID_AT, ID_BYTES);
}

struct str trace_parent_id(const struct trace *trace)
{
    return trace_is_absent(trace) ? STR_NONE : part(trace->parent, PARENT_AT, PARENT_BYTES);
}
