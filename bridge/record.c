#include "bridge/record.h"

#include <assert.h>
#include <stdlib.h>

#define NEVER RECORD_STATE_COUNT

/* A letter for each state, so that the table can be seen whole; ARCHITECTURE.md has it in words. */
enum {
    W = RECORD_WAITING,
    C = RECORD_CALLING,
    P = RECORD_PAUSING,
    D = RECORD_DECIDED,
    E = RECORD_DONE,
    x = NEVER
};

/* clang-format off */
static const unsigned char table[RECORD_STATE_COUNT][RECORD_EVENT_COUNT] = {
    /*                   call accept refuse retry split resume expire deliver */
    [RECORD_WAITING] = { C,   D,     D,     x,    x,    x,     D,     x },
    [RECORD_CALLING] = { x,   D,     D,     P,    W,    x,     x,     x },
    [RECORD_PAUSING] = { x,   x,     D,     x,    x,    W,     D,     x },
    [RECORD_DECIDED] = { x,   x,     x,     x,    x,    x,     x,     E },
    [RECORD_DONE]    = { x,   x,     x,     x,    x,    x,     x,     x },
};
/* clang-format on */

static const char *const names[RECORD_STATE_COUNT] = {
    [RECORD_WAITING] = "waiting", [RECORD_CALLING] = "calling", [RECORD_PAUSING] = "pausing",
    [RECORD_DECIDED] = "decided", [RECORD_DONE] = "done",
};

enum record_state record_next(enum record_state state, enum record_event event)
{
    return (enum record_state)table[state][event];
}

const char *record_state_name(enum record_state state)
{
    return names[state];
}

void record_move(struct record *record, enum record_event event)
{
    enum record_state next = record_next(record->state, event);
    assert(next != NEVER);
    record->state = next;
}

/* The same part of the copy that part is of the original. */
static struct str shift(struct str part, struct str original, struct str copy)
{
    if (str_is_absent(part))
        return STR_NONE;
    return (struct str){copy.p + (part.p - original.p), part.n};
}

static size_t text_size(const struct record_draft *draft)
{
    size_t n = draft->arrival->topic.n + draft->namespace.n + draft->response_topic.n +
               draft->correlation.n + draft->trace.parent.n + draft->trace.state.n;
    if (draft->command == NULL)
        return n;
    n += draft->command->client_token.n;
    for (size_t i = 0; i < draft->command->thing_count; i++)
        n += draft->command->things[i].n;
    return n;
}

static void place_targets(struct record *record, const struct command *command, char **at)
{
    bool has_sender = !str_is_absent(record->thing);
    if (has_sender)
        record->targets[record->target_count++] = record->thing;
    for (size_t i = 0; i < command->thing_count; i++) {
        if (has_sender && str_eq(command->things[i], record->thing))
            continue;
        record->targets[record->target_count++] = str_place(at, command->things[i]);
    }
}

struct record *record_new(const struct record_draft *draft)
{
    const struct arrival *arrival = draft->arrival;
    size_t target_max = draft->command != NULL ? draft->command->thing_count + 1 : 0;
    struct record *record =
        calloc(1, sizeof(struct record) + target_max * sizeof(struct str) + text_size(draft));
    if (record == NULL)
        return NULL;
    record->targets = (struct str *)(record + 1);
    char *at = (char *)(record->targets + target_max);

    record->from = arrival->from;
    record->topic = str_place(&at, arrival->topic);
    record->thing = shift(draft->topic.thing, arrival->topic, record->topic);
    record->job = shift(draft->topic.job, arrival->topic, record->topic);
    record->namespace = str_place(&at, draft->namespace);
    record->response_topic = str_place(&at, draft->response_topic);
    record->correlation = str_place(&at, draft->correlation);
    record->trace.parent = str_place(&at, draft->trace.parent);
    record->trace.state = str_place(&at, draft->trace.state);
    record->expires_ms = DUE_NEVER;
    record->qos = arrival->qos;
    record->shared_by = 1;
    record->share_max = LIMITS_BATCH;
    record->outcome.retry_after_s = -1;
    if (draft->command != NULL) {
        record->client_token = str_place(&at, draft->command->client_token);
        record->is_dry_run = draft->command->is_dry_run;
        place_targets(record, draft->command, &at);
    }
    return record;
}

void record_free(struct record *record)
{
    if (record == NULL)
        return;
    update_free(&record->update);
    notice_free(&record->notice);
    free(record->outcome.text);
    free(record);
}

static void keep_texts(struct outcome *outcome, struct str field, struct str message,
                       struct str request_id)
{
    char *text = malloc(field.n + message.n + request_id.n + 1);
    if (text == NULL)
        return;
    free(outcome->text);
    outcome->text = text;
    outcome->field = str_place(&text, field);
    outcome->message = str_place(&text, message);
    outcome->request_id = str_place(&text, request_id);
}

void record_conclude(struct record *record, enum reject code, const struct why *why,
                     struct str request_id)
{
    record->outcome.code = code;
    keep_texts(&record->outcome,
               why != NULL && why->field[0] != '\0' ? str_of(why->field) : STR_NONE,
               why != NULL ? str_of(why->text) : STR_NONE, request_id);
}

void record_recall(struct record *record, const struct ending *ending)
{
    struct outcome *outcome = &record->outcome;
    bool is_known = ending->code >= REJECT_NONE && ending->code < REJECT_COUNT;
    outcome->code = is_known ? (enum reject)ending->code : REJECT_INTERNAL_ERROR;
    outcome->retry_after_s = ending->retry_after_s;
    outcome->decided_at_s = ending->decided_at_s;
    outcome->latency_ms = ending->latency_ms;
    record->attempts = (unsigned)ending->attempts;
    record->shared_by = (unsigned)ending->shared_by;
    keep_texts(outcome, ending->field, ending->message, ending->request_id);
    record_move(record, outcome->code == REJECT_NONE ? RECORD_ACCEPT : RECORD_REFUSE);
}
