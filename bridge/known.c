#include "bridge/known.h"

#include "base/emit.h"
#include "base/limits.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME_MAX_BYTES 128 /* of a slot */
#define TEXT_MAX       ((size_t)FIELD_SLOT_COUNT * 256)

/* Of values; low above high: none. */
struct range {
    double low;
    double high;
};

static const struct range nothing = {HUGE_VAL, -HUGE_VAL};

struct slot {
    struct range settled; /* what decided commands left; nothing: unknown */
    struct range entered; /* what undecided commands ask for */
};

struct job {
    struct map_node by_job;
    struct list_node node; /* in settled, while no command is undecided */
    size_t undecided;
    struct slot slots[]; /* of the tracked ones, in their order; then the job's name */
};

static bool is_empty(struct range range)
{
    return range.low > range.high;
}

static void widen(struct range *range, struct range by)
{
    range->low = fmin(range->low, by.low);
    range->high = fmax(range->high, by.high);
}

static bool is_tracked(const struct known *known, unsigned slot)
{
    return (known->tracked & (UINT32_C(1) << slot)) != 0;
}

static unsigned slot_count(const struct known *known)
{
    return (unsigned)__builtin_popcount(known->tracked);
}

static unsigned place_of(const struct known *known, unsigned slot)
{
    return (unsigned)__builtin_popcount(known->tracked & ((UINT32_C(1) << slot) - 1));
}

void known_init(struct known *known, uint32_t tracked, const struct port_memory *memory)
{
    *known = (struct known){.tracked = tracked, .memory = *memory};
    map_init(&known->jobs);
    list_init(&known->settled);
    for (unsigned slot = 0; slot < FIELD_SLOT_COUNT; slot++)
        if (is_tracked(known, slot))
            known->members |= UINT32_C(1) << field_member(field_of_slot(slot));
}

static void free_job(void *context, struct map_node *node)
{
    (void)context;
    free(map_entry(node, struct job, by_job));
}

void known_fini(struct known *known)
{
    map_each(&known->jobs, free_job, NULL);
    map_fini(&known->jobs);
}

static struct job *find(const struct known *known, struct str name)
{
    struct map_node *node = map_find(&known->jobs, name);
    return node == NULL ? NULL : map_entry(node, struct job, by_job);
}

static void drop(struct known *known, struct job *job)
{
    if (list_has_node(&job->node))
        list_remove(&job->node);
    map_remove(&known->jobs, &job->by_job);
    free(job);
}

static struct job *make(struct known *known, struct str name)
{
    size_t slots_size = slot_count(known) * sizeof(struct slot);
    struct job *job = calloc(1, sizeof *job + slots_size + name.n);
    if (job == NULL)
        return NULL;
    char *text = (char *)job->slots + slots_size;
    memcpy(text, name.p, name.n);
    job->by_job.key = (struct str){text, name.n};
    for (unsigned i = 0; i < slot_count(known); i++)
        job->slots[i] = (struct slot){nothing, nothing};
    if (map_insert(&known->jobs, &job->by_job) == ERR_NONE)
        return job;
    free(job);
    return NULL;
}

static void name_slot(unsigned slot, char name[static NAME_MAX_BYTES])
{
    enum field field = field_of_slot(slot);
    bool is_by_type = field_is_by_failure_type(field);
    snprintf(name, NAME_MAX_BYTES, "%s%s%s", field_path(field), is_by_type ? "/" : "",
             is_by_type ? field_failure_type(slot - field_slot(field)) : "");
}

static void write_number(struct emit *emit, double value)
{
    char text[32] = "null"; /* no limit */
    if (!isinf(value))
        snprintf(text, sizeof text, "%.17g", value);
    emit_raw(emit, NULL, str_of(text));
}

/* {"timeoutConfig.inProgressTimeoutInMinutes":[10,10]}; empty: nothing is known. */
static void write_job(const struct known *known, const struct job *job, struct buf *out)
{
    struct emit emit = emit_to(out);
    bool is_open = false;
    for (unsigned slot = 0; slot < FIELD_SLOT_COUNT; slot++) {
        char name[NAME_MAX_BYTES];
        if (!is_tracked(known, slot) || is_empty(job->slots[place_of(known, slot)].settled))
            continue;
        if (!is_open)
            emit_object(&emit, NULL);
        is_open = true;
        name_slot(slot, name);
        emit_array(&emit, name);
        write_number(&emit, job->slots[place_of(known, slot)].settled.low);
        write_number(&emit, job->slots[place_of(known, slot)].settled.high);
        emit_array_end(&emit);
    }
    if (is_open)
        emit_object_end(&emit);
}

static enum err remember(struct known *known, const struct job *job, struct why *why)
{
    struct buf text;
    if (known->memory.remember == NULL)
        return ERR_NONE;
    buf_init(&text, TEXT_MAX);
    write_job(known, job, &text);
    enum err err = buf_err(&text);
    if (err == ERR_NONE)
        err = known->memory.remember(known->memory.context, job->by_job.key,
                                     text.n > 0 ? buf_str(&text) : STR_NONE, why);
    else
        err = why_set(why, err, NULL, "what is known of a job: %s", err_name(err));
    buf_fini(&text);
    return err;
}

/* Makes room for another job. Those with undecided commands are as bounded as these are. */
static enum err forget_oldest(struct known *known, struct why *why)
{
    struct list_node *oldest = list_first(&known->settled);
    if (known->jobs.count < LIMITS_KNOWN_JOBS || oldest == NULL)
        return ERR_NONE;
    struct job *job = list_entry(oldest, struct job, node);
    for (unsigned i = 0; i < slot_count(known); i++)
        job->slots[i].settled = nothing;
    enum err err = remember(known, job, why);
    drop(known, job);
    return err;
}

static bool is_number(struct doc_node node)
{
    return doc_kind_of(node) == DOC_INTEGER || doc_kind_of(node) == DOC_REAL;
}

/* Nothing where it is not what write_job writes. */
static struct range read_range(struct doc_node pair)
{
    struct doc_node ends[] = {doc_item(pair, 0), doc_item(pair, 1)};
    double values[] = {HUGE_VAL, HUGE_VAL};
    if (doc_kind_of(pair) != DOC_ARRAY || doc_count(pair) != 2)
        return nothing;
    for (int i = 0; i < 2; i++) {
        if (is_number(ends[i]))
            values[i] = doc_real(ends[i]);
        else if (doc_kind_of(ends[i]) != DOC_NULL)
            return nothing;
    }
    return (struct range){values[0], values[1]};
}

static enum err load_one(void *context, struct str name, struct str text)
{
    struct known *known = context;
    struct doc *doc;
    struct job *job = NULL;
    enum err err = doc_parse(text, TEXT_MAX, &doc, NULL);
    if (err == ERR_INVALID)
        return ERR_NONE; /* of another version, perhaps: then it is not known */
    if (err != ERR_NONE)
        return err;
    for (unsigned slot = 0; slot < FIELD_SLOT_COUNT; slot++) {
        char member[NAME_MAX_BYTES];
        name_slot(slot, member);
        struct range range = read_range(doc_member(doc_root(doc), member));
        if (!is_tracked(known, slot) || is_empty(range))
            continue;
        if (job == NULL)
            job = make(known, name);
        if (job == NULL)
            break;
        job->slots[place_of(known, slot)].settled = range;
        if (!list_has_node(&job->node))
            list_push_back(&known->settled, &job->node);
    }
    doc_free(doc);
    return ERR_NONE;
}

enum err known_load(struct known *known, struct why *why)
{
    if (known->tracked == 0 || known->memory.each == NULL)
        return ERR_NONE;
    return known->memory.each(known->memory.context, load_one, known, why);
}

static bool concerns(const struct known *known, const struct record *record)
{
    for (int i = 0; i < UPDATE_MEMBER_COUNT; i++)
        if ((known->members & (UINT32_C(1) << i)) != 0 && !str_is_absent(record->update.member[i]))
            return true;
    return false;
}

enum err known_enter(struct known *known, const struct record *record)
{
    struct field_values values;
    if (!concerns(known, record))
        return ERR_NONE;
    enum err err = field_read_update(&record->update, known->members, &values);
    struct job *job = find(known, record->job);
    if (err == ERR_NONE && job == NULL)
        err = forget_oldest(known, NULL);
    if (err == ERR_NONE && job == NULL)
        job = make(known, record->job);
    if (err != ERR_NONE || job == NULL)
        return ERR_NO_MEMORY;
    if (list_has_node(&job->node))
        list_remove(&job->node);
    job->undecided++;
    for (unsigned slot = 0; slot < FIELD_SLOT_COUNT; slot++)
        if (is_tracked(known, slot) &&
            (values.members & (UINT32_C(1) << field_member(field_of_slot(slot)))) != 0)
            widen(&job->slots[place_of(known, slot)].entered,
                  (struct range){values.slot[slot], values.slot[slot]});
    return ERR_NONE;
}

/* What a decided command leaves in a slot of a member that it set. */
static struct range leave(struct range settled, const struct record *record, double value)
{
    if (record->outcome.code == REJECT_NONE)
        return (struct range){value, value};
    if (record->may_be_applied && !is_empty(settled))
        widen(&settled, (struct range){value, value});
    return settled;
}

/* True: something else is known now. */
static bool settle(const struct known *known, struct job *job, const struct record *record)
{
    struct field_values values;
    bool is_gone = record->outcome.code == REJECT_RESOURCE_NOT_FOUND;
    bool is_unread =
        field_read_update(&record->update, known->members, &values) != ERR_NONE; /* no memory */
    bool is_changed = false;
    for (unsigned slot = 0; slot < FIELD_SLOT_COUNT; slot++) {
        if (!is_tracked(known, slot))
            continue;
        struct range *settled = &job->slots[place_of(known, slot)].settled;
        struct range was = *settled;
        if (is_gone || is_unread)
            *settled = nothing;
        else if ((values.members & (UINT32_C(1) << field_member(field_of_slot(slot)))) != 0)
            *settled = leave(was, record, values.slot[slot]);
        is_changed = is_changed || settled->low != was.low || settled->high != was.high;
    }
    return is_changed;
}

/* With the last undecided command its job comes to rest, and goes if nothing is known of it. */
static void rest(struct known *known, struct job *job)
{
    bool is_known = false;
    for (unsigned i = 0; i < slot_count(known); i++) {
        job->slots[i].entered = nothing;
        is_known = is_known || !is_empty(job->slots[i].settled);
    }
    if (is_known)
        list_push_back(&known->settled, &job->node);
    else
        drop(known, job);
}

void known_cancel(struct known *known, const struct record *record)
{
    if (!concerns(known, record))
        return;
    struct job *job = find(known, record->job);
    if (--job->undecided == 0)
        rest(known, job);
}

enum err known_leave(struct known *known, const struct record *record, struct why *why)
{
    if (!concerns(known, record))
        return ERR_NONE;
    struct job *job = find(known, record->job);
    enum err err = ERR_NONE;
    if (settle(known, job, record))
        err = remember(known, job, why);
    if (--job->undecided == 0)
        rest(known, job);
    return err;
}

struct known_range known_look(const struct known *known, struct str job_name, unsigned slot)
{
    struct job *job = known == NULL ? NULL : find(known, job_name);
    if (job == NULL || !is_tracked(known, slot))
        return (struct known_range){0};
    const struct slot *at = &job->slots[place_of(known, slot)];
    struct range range = at->settled;
    widen(&range, at->entered);
    return (struct known_range){.low = range.low,
                                .high = range.high,
                                .has_values = !is_empty(range),
                                .is_known = !is_empty(at->settled)};
}
