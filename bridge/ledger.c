#include "bridge/ledger.h"

#include "base/limits.h"

void ledger_init(struct ledger *ledger, const struct port_journal *port)
{
    *ledger = (struct ledger){.port = *port, .lazy_since_ms = DUE_NEVER};
}

bool ledger_has_journal(const struct ledger *ledger)
{
    return ledger->port.add != NULL;
}

uint64_t ledger_next_seq(const struct ledger *ledger)
{
    struct journal_totals totals = {.next_seq = 1};
    if (ledger_has_journal(ledger))
        ledger->port.totals(ledger->port.context, &totals);
    return totals.next_seq;
}

static bool is_usable(const struct ledger *ledger)
{
    return ledger_has_journal(ledger) && !ledger->is_broken;
}

static bool has_row(const struct ledger *ledger, const struct record *record)
{
    return is_usable(ledger) && record->seq != 0;
}

static void note(struct ledger *ledger, enum err err)
{
    if (err != ERR_NONE)
        ledger->is_broken = true;
}

/* A clientToken names the command; otherwise its Correlation Data; otherwise nothing but its bytes,
 * as it is with notices. */
static struct str identity_of(const struct record *record)
{
    if (record->is_notice)
        return STR_NONE;
    return str_is_absent(record->client_token) ? record->correlation : record->client_token;
}

struct ending ledger_ending(const struct record *record)
{
    const struct outcome *outcome = &record->outcome;
    return (struct ending){
        .code = outcome->code,
        .field = outcome->field,
        .message = outcome->message,
        .request_id = outcome->request_id,
        .retry_after_s = outcome->retry_after_s,
        .decided_at_s = outcome->decided_at_s,
        .latency_ms = outcome->latency_ms,
        .attempts = record->attempts,
        .shared_by = record->shared_by,
    };
}

bool ledger_keeps_payload(const struct arrival *arrival)
{
    return arrival->payload.n > 0 && arrival->payload.n <= LIMITS_COMMAND_BYTES;
}

static struct journal_entry entry_of(const struct record *record, const struct arrival *arrival,
                                     int64_t wall_ms)
{
    return (struct journal_entry){
        .seq = record->seq,
        .state = record->state == RECORD_DECIDED ? JOURNAL_DECIDED : JOURNAL_OPEN,
        .from = record->from,
        .is_notice = record->is_notice,
        .topic = record->topic,
        .payload = ledger_keeps_payload(arrival) ? arrival->payload : STR(""),
        .response_topic = record->response_topic,
        .correlation = record->correlation,
        .repeat_of = identity_of(record),
        .trace = record->trace,
        .qos = record->qos,
        .arrived_at_ms = wall_ms,
        .expires_at_ms = arrival->expiry_s < 0 ? -1 : wall_ms + arrival->expiry_s * 1000,
        .ending = ledger_ending(record),
    };
}

enum err ledger_find(struct ledger *ledger, const struct record *record,
                     const struct arrival *arrival, int64_t wall_ms, struct journal_entry *ret)
{
    if (!is_usable(ledger))
        return ERR_NOT_FOUND;
    /* Equal bytes may be a new command of the same text; only DUP says that they are not. A notice
     * has a time in it. */
    bool is_one_of_a_kind = record->is_notice || arrival->is_duplicate;
    if (str_is_absent(identity_of(record)) && !is_one_of_a_kind)
        return ERR_NOT_FOUND;
    struct journal_entry like = entry_of(record, arrival, wall_ms);
    enum err err = ledger->port.find(ledger->port.context, &like, wall_ms, ret, &ledger->why);
    if (err != ERR_NOT_FOUND)
        note(ledger, err);
    return err;
}

struct arrival ledger_arrival(const struct journal_entry *entry)
{
    int64_t lifetime_ms = entry->expires_at_ms - entry->arrived_at_ms;
    return (struct arrival){
        .from = entry->from,
        .topic = entry->topic,
        .payload = entry->payload,
        .response_topic = entry->response_topic,
        .correlation = entry->correlation,
        .trace = entry->trace,
        .expiry_s = entry->expires_at_ms < 0 ? -1 : lifetime_ms / 1000,
        .qos = (int)entry->qos,
    };
}

void ledger_take(struct ledger *ledger, const struct record *record, const struct arrival *arrival,
                 int64_t wall_ms)
{
    if (!has_row(ledger, record))
        return;
    struct journal_entry entry = entry_of(record, arrival, wall_ms);
    note(ledger, ledger->port.add(ledger->port.context, &entry, &ledger->why));
    ledger->has_news = true;
}

void ledger_decide(struct ledger *ledger, const struct record *record)
{
    if (!has_row(ledger, record))
        return;
    struct ending ending = ledger_ending(record);
    note(ledger, ledger->port.decide(ledger->port.context, record->seq, &ending, &ledger->why));
    ledger->has_news = true;
}

void ledger_finish(struct ledger *ledger, const struct record *record, int64_t mono_ms)
{
    if (!has_row(ledger, record))
        return;
    note(ledger, ledger->port.finish(ledger->port.context, record->seq, &ledger->why));
    if (ledger->lazy_since_ms == DUE_NEVER)
        ledger->lazy_since_ms = mono_ms;
}

void ledger_bury(struct ledger *ledger, const struct record *record, int64_t wall_ms,
                 const char *reason)
{
    if (!has_row(ledger, record))
        return;
    note(ledger, ledger->port.bury(ledger->port.context, record->seq, str_of(reason), wall_ms,
                                   &ledger->why));
    ledger->has_news = true;
}

bool ledger_has_room(const struct ledger *ledger)
{
    return !ledger_has_journal(ledger) || ledger->port.has_room(ledger->port.context);
}

bool ledger_commit(struct ledger *ledger, int64_t mono_ms, int64_t wall_ms, bool is_forced)
{
    if (!ledger_has_journal(ledger))
        return true;
    bool is_due = ledger->has_news || mono_ms >= ledger_due_ms(ledger) || is_forced;
    if (!ledger->is_broken && is_due) {
        note(ledger, ledger->port.commit(ledger->port.context, wall_ms, &ledger->why));
        ledger->has_news = false;
        ledger->lazy_since_ms = DUE_NEVER;
    }
    return !ledger->is_broken;
}

int64_t ledger_due_ms(const struct ledger *ledger)
{
    return ledger->lazy_since_ms == DUE_NEVER ? DUE_NEVER : ledger->lazy_since_ms + LEDGER_LAZY_MS;
}
