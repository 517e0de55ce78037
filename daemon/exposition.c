#include "daemon/exposition.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define US_PER_S   1000000
#define QUALITY_1  1000 /* an Accept header's q=1, in thousandths */
#define NUMBER_MAX 32

/* "0.75", with at most three digits behind the point; anything else counts as not wanted. */
static int quality_value(struct str text)
{
    struct str rest = text;
    struct str whole = str_cut(&rest, '.');
    int64_t value = 0;
    int64_t part = 0;
    if (!str_to_int(whole, 0, 1, &value))
        return 0;
    if (str_is_absent(rest) || rest.n == 0)
        return (int)value * QUALITY_1;
    if (rest.n > 3 || !str_to_int(rest, 0, 999, &part))
        return 0;
    for (size_t digits = rest.n; digits < 3; digits++)
        part *= 10;
    return value == 1 ? QUALITY_1 : (int)part;
}

/* How much one media range of an Accept header is wanted, if it is of that type and says no other
 * version; 0: not at all. */
static int quality_of(struct str range, const char *type, const char *version)
{
    int quality = QUALITY_1;
    if (!str_eq_text(str_trim(str_cut(&range, ';')), type))
        return 0;
    while (!str_is_absent(range)) {
        struct str value = str_trim(str_cut(&range, ';'));
        struct str name = str_trim(str_cut(&value, '='));
        if (str_eq_text(name, "version") && !str_eq_text(str_trim(value), version))
            return 0;
        if (str_eq_text(name, "q"))
            quality = quality_value(str_trim(value));
    }
    return quality;
}

enum exposition_format exposition_choose(struct str accept)
{
    int open_metrics = 0;
    int text = 0;
    while (!str_is_absent(accept)) {
        struct str range = str_cut(&accept, ',');
        int wanted = quality_of(range, "application/openmetrics-text", "1.0.0");
        open_metrics = wanted > open_metrics ? wanted : open_metrics;
        wanted = quality_of(range, "text/plain", "0.0.4");
        text = wanted > text ? wanted : text;
    }
    return open_metrics > 0 && open_metrics >= text ? EXPOSITION_OPENMETRICS
                                                    : EXPOSITION_PROMETHEUS;
}

struct str exposition_media_type(enum exposition_format format)
{
    return format == EXPOSITION_OPENMETRICS
               ? STR("application/openmetrics-text; version=1.0.0; charset=utf-8")
               : STR("text/plain; version=0.0.4; charset=utf-8");
}

static const char *total_of(const struct exposition_family *family)
{
    return family->type == EXPOSITION_COUNTER ? "_total" : "";
}

void exposition_begin(struct exposition *exposition, const struct exposition_family *family)
{
    static const char *const types[] = {
        [EXPOSITION_COUNTER] = "counter",
        [EXPOSITION_GAUGE] = "gauge",
        [EXPOSITION_HISTOGRAM] = "histogram",
    };
    /* OpenMetrics names the family, Prometheus the series. */
    const char *suffix = exposition->format == EXPOSITION_PROMETHEUS ? total_of(family) : "";
    buf_format(exposition->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", family->name, suffix,
               family->help, family->name, suffix, types[family->type]);
}

/* name{label="value",le="bound"} and a blank; le NULL: none. */
static void write_name(struct exposition *exposition, const char *name, const char *suffix,
                       struct exposition_label label, const char *le)
{
    struct buf *out = exposition->out;
    buf_add_text(out, name);
    buf_add_text(out, suffix);
    if (label.name != NULL || le != NULL)
        buf_add_byte(out, '{');
    if (label.name != NULL)
        buf_format(out, "%s=\"%s\"", label.name, label.value);
    if (label.name != NULL && le != NULL)
        buf_add_byte(out, ',');
    if (le != NULL)
        buf_format(out, "le=\"%s\"", le);
    if (label.name != NULL || le != NULL)
        buf_add_byte(out, '}');
    buf_add_byte(out, ' ');
}

static void write_count(struct exposition *exposition, uint64_t value)
{
    buf_format(exposition->out, "%" PRIu64 "\n", value);
}

void exposition_count(struct exposition *exposition, const struct exposition_family *family,
                      struct exposition_label label, uint64_t value)
{
    write_name(exposition, family->name, total_of(family), label, NULL);
    write_count(exposition, value);
}

void exposition_number(struct exposition *exposition, const struct exposition_family *family,
                       struct exposition_label label, double value)
{
    write_name(exposition, family->name, total_of(family), label, NULL);
    if (isinf(value))
        buf_add_text(exposition->out, value > 0 ? "+Inf\n" : "-Inf\n");
    else
        buf_format(exposition->out, "%.15g\n", value);
}

/* The shortest decimal fraction of seconds, with a point: OpenMetrics wants "1.0", and a bound has
 * to have the same name in both formats. */
static void format_bound(int64_t bound_us, char text[NUMBER_MAX])
{
    int length = snprintf(text, NUMBER_MAX, "%" PRId64 ".%06" PRId64, bound_us / US_PER_S,
                          bound_us % US_PER_S);
    while (text[length - 1] == '0' && text[length - 2] != '.')
        text[--length] = '\0';
}

void exposition_durations(struct exposition *exposition, const struct exposition_family *family,
                          struct exposition_label label, const struct histogram *durations)
{
    uint64_t so_far = 0;
    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        char bound[NUMBER_MAX] = "+Inf";
        if (i < HISTOGRAM_BOUNDS)
            format_bound(histogram_bound_us(i), bound);
        so_far += durations->counts[i];
        write_name(exposition, family->name, "_bucket", label, bound);
        write_count(exposition, so_far);
    }
    write_name(exposition, family->name, "_sum", label, NULL);
    buf_format(exposition->out, "%" PRIu64 ".%06" PRIu64 "\n", durations->sum_us / US_PER_S,
               durations->sum_us % US_PER_S);
    write_name(exposition, family->name, "_count", label, NULL);
    write_count(exposition, so_far);
}

void exposition_end(struct exposition *exposition)
{
    if (exposition->format == EXPOSITION_OPENMETRICS)
        buf_add_text(exposition->out, "# EOF\n");
}
