#include "bridge/relay.h"

#include "bridge/ending.h"
#include "bridge/report.h"
#include "topics/notice_topic.h"

/* NULL: out of memory. Without a code it has something to publish, or is about no job. */
static struct record *read_notice(const struct arrival *arrival, enum reject *ret_code,
                                  struct why *why)
{
    struct notice_topic topic = {0};
    struct notice notice = {0};
    enum reject code = REJECT_INVALID_TOPIC;
    if (notice_topic_parse(arrival->topic, &topic, why) == ERR_NONE) {
        const struct notice_place place = {topic.thing, topic.job, topic.namespace};
        code = notice_decode(arrival->payload, &place, &notice, why);
    }
    if (code == REJECT_INTERNAL_ERROR)
        return NULL;
    const struct record_draft draft = {
        .arrival = arrival,
        .topic = {.thing = topic.thing, .job = topic.job},
        .namespace = topic.namespace,
        .trace = trace_of(arrival->trace.parent, arrival->trace.state),
    };
    struct record *record = record_new(&draft);
    if (record == NULL) {
        notice_free(&notice);
        return NULL;
    }
    record->is_notice = true;
    record->notice = notice;
    *ret_code = code;
    return record;
}

static void decide(struct bridge *bridge, struct record *record, enum reject code,
                   const struct why *why)
{
    record_move(record, code == REJECT_NONE ? RECORD_ACCEPT : RECORD_REFUSE);
    record_conclude(record, code, code != REJECT_NONE ? why : NULL, STR_NONE);
    record->outcome.decided_at_s = inside_wall_ms(bridge) / 1000;
}

/* None where nothing is pending, or nobody is to be notified. */
static bool has_events(const struct bridge *bridge, const struct record *record)
{
    return outcome_post_count(&bridge->options.outcome, record) > 0;
}

static void send(struct bridge *bridge, struct record *record)
{
    bridge->open_notices++;
    bridge->open_notice_bytes += record->notice.bytes;
    ending_post(bridge, record);
}

void relay_forget(struct bridge *bridge, const struct record *record)
{
    bridge->open_notices--;
    bridge->open_notice_bytes -= record->notice.bytes;
}

/* It is in the journal, and nothing will be published of it. */
static void bury(struct bridge *bridge, struct record *record, const struct why *why)
{
    bridge->books.notices_unread++;
    bridge->books.buried++;
    ledger_bury(&bridge->ledger, record, inside_wall_ms(bridge), why->text);
    ledger_finish(&bridge->ledger, record, inside_mono_ms(bridge));
    record_free(record);
}

static bool is_known(struct bridge *bridge, const struct record *record,
                     const struct arrival *arrival)
{
    struct journal_entry known;
    if (!ledger_keeps_payload(arrival))
        return false;
    return ledger_find(&bridge->ledger, record, arrival, inside_wall_ms(bridge), &known) ==
           ERR_NONE;
}

bool relay_take(struct bridge *bridge, const struct arrival *arrival)
{
    struct why why = {0};
    enum reject code;
    if (spoken_is_one(bridge->spoken, arrival->topic, arrival->payload)) {
        bridge->books.notices_own++;
        return true;
    }
    struct record *record = read_notice(arrival, &code, &why);
    if (record == NULL)
        return false;
    if (is_known(bridge, record, arrival)) {
        bridge->books.notices_repeated++;
        record_free(record);
        return true;
    }
    bridge->books.notices++;
    decide(bridge, record, code, &why);
    report_notice(record);
    if (code == REJECT_NONE && !has_events(bridge, record)) {
        record_free(record);
        return true;
    }
    record->seq = bridge->next_seq++;
    ledger_take(&bridge->ledger, record, arrival, inside_wall_ms(bridge));
    if (code == REJECT_NONE)
        send(bridge, record);
    else
        bury(bridge, record, &why);
    return true;
}

enum err relay_recover(struct bridge *bridge, uint64_t seq, const struct arrival *arrival)
{
    struct why why = {0};
    enum reject code;
    struct record *record = read_notice(arrival, &code, &why);
    if (record == NULL)
        return ERR_NO_MEMORY;
    record->seq = seq;
    decide(bridge, record, code, &why);
    if (code != REJECT_NONE) {
        bury(bridge, record, &why);
    } else if (has_events(bridge, record)) {
        send(bridge, record);
    } else {
        ledger_finish(&bridge->ledger, record, inside_mono_ms(bridge));
        record_free(record);
    }
    return ERR_NONE;
}
