#include "daemon/board_json.h"

#include "base/emit.h"
#include "base/now.h"
#include "daemon/asset.h"
#include "daemon/health.h"

#include <math.h>
#include <stdio.h>

static void emit_count(struct emit *emit, const char *key, uint64_t count)
{
    emit_int(emit, key, (int64_t)count);
}

static void emit_number(struct emit *emit, const char *key, double number)
{
    char text[48];
    snprintf(text, sizeof text, "%.3f", isfinite(number) ? number : 0);
    emit_raw(emit, key, str_of(text));
}

static void emit_said(struct emit *emit, const char *key, const char *text)
{
    emit_text(emit, key, text[0] != '\0' ? text : NULL);
}

static void emit_books(struct emit *emit, const struct bridge_books *books)
{
    emit_object(emit, "books");
    emit_count(emit, "received", books->received);
    emit_count(emit, "accepted", books->accepted);
    emit_count(emit, "rejected", books->rejected);
    emit_count(emit, "waiting", books->waiting);
    emit_count(emit, "inFlight", books->in_flight);
    emit_object_end(emit);
    emit_object(emit, "rejectedFor");
    for (int code = REJECT_NONE + 1; code < REJECT_COUNT; code++)
        emit_count(emit, reject_name((enum reject)code), books->rejected_for[code]);
    emit_object_end(emit);
    emit_object(emit, "calls");
    emit_count(emit, "made", books->calls);
    emit_count(emit, "open", books->open_calls);
    emit_count(emit, "throttled", books->throttled);
    emit_count(emit, "retries", books->retries);
    emit_count(emit, "coalesced", books->coalesced);
    emit_object_end(emit);
    emit_count(emit, "elsewhere", books->elsewhere);
    emit_count(emit, "repeated", books->repeated);
    emit_count(emit, "expired", books->expired);
    emit_count(emit, "undelivered", books->undelivered);
}

static void emit_speed(struct emit *emit, const struct snapshot *now)
{
    emit_object(emit, "speed");
    emit_number(emit, "rate", now->speed.rate);
    emit_number(emit, "configured", now->speed.configured);
    emit_number(emit, "tokens", now->speed.tokens);
    emit_object_end(emit);
    emit_text(emit, "breaker", breaker_state_name(now->breaker));
}

static void emit_link(struct emit *emit, const struct snapshot_link *link)
{
    emit_text(emit, "broker", link->broker);
    emit_bool(emit, "connected", link->is_connected);
    emit_text(emit, "problem", link->problem);
    emit_count(emit, "connects", link->stats.connects);
    emit_count(emit, "losses", link->stats.losses);
    emit_count(emit, "onTheirWay", link->stats.on_their_way);
}

static void emit_links(struct emit *emit, const struct snapshot *now)
{
    emit_object(emit, "mqtt");
    emit_link(emit, &now->links[SIDE_LOCAL]);
    emit_object_end(emit);
    if (now->links[SIDE_UPSTREAM].broker[0] == '\0')
        return;
    emit_object(emit, "upstream");
    emit_link(emit, &now->links[SIDE_UPSTREAM]);
    emit_count(emit, "notices", now->books.notices);
    emit_count(emit, "noticesWaiting", now->books.notices_waiting);
    emit_object_end(emit);
}

static void emit_parts(struct emit *emit, const struct snapshot *now)
{
    emit_links(emit, now);
    emit_object(emit, "journal");
    emit_bool(emit, "works", now->has_journal);
    emit_text(emit, "problem", now->journal_problem);
    emit_count(emit, "unfinished", now->journal.unfinished);
    emit_count(emit, "bytes", now->journal.bytes);
    emit_count(emit, "bytesMax", now->journal.bytes_max);
    emit_count(emit, "commits", now->journal.commits);
    emit_object_end(emit);
    emit_object(emit, "credentials");
    emit_bool(emit, "present", now->has_credentials);
    emit_text(emit, "problem", now->credentials_problem);
    emit_int(emit, "expiresAt", now->credentials_expire_at_s);
    emit_object_end(emit);
    emit_count(emit, "deadLetters", now->dead_letters);
}

static void emit_facts(struct emit *emit, const struct snapshot *now)
{
    emit_object(emit, "facts");
    emit_text(emit, "endpoint", now->endpoint);
    emit_text(emit, "region", now->region);
    emit_text(emit, "broker", now->links[SIDE_LOCAL].broker);
    emit_object(emit, "partition");
    emit_count(emit, "index", now->partition.index);
    emit_count(emit, "count", now->partition.count);
    emit_object_end(emit);
    emit_object_end(emit);
}

static void emit_sample(struct emit *emit, const char *key, const struct history_sample *sample)
{
    emit_array(emit, key);
    emit_int(emit, NULL, sample->at_ms);
    emit_int(emit, NULL, sample->took_ms);
    emit_count(emit, NULL, sample->received);
    emit_count(emit, NULL, sample->accepted);
    emit_count(emit, NULL, sample->rejected);
    emit_count(emit, NULL, sample->calls);
    emit_count(emit, NULL, sample->waiting);
    emit_number(emit, NULL, sample->rate);
    emit_int(emit, NULL, sample->p50_ms);
    emit_int(emit, NULL, sample->p99_ms);
    emit_array_end(emit);
}

static void emit_history(struct emit *emit, const struct history *history, bool is_whole)
{
    size_t count = history_count(history);
    if (!is_whole) {
        if (count > 0)
            emit_sample(emit, "sample", history_at(history, count - 1));
        return;
    }
    emit_array(emit, "history");
    for (size_t i = 0; i < count; i++)
        emit_sample(emit, NULL, history_at(history, i));
    emit_array_end(emit);
}

void board_json_state(const struct board *board, bool has_history, struct buf *out)
{
    const struct snapshot *now = &board->sampled;
    struct emit emit = emit_to(out);
    emit_object(&emit, NULL);
    emit_text(&emit, "version", JOBS_BRIDGE_VERSION);
    emit_text(&emit, "page", asset_version);
    emit_int(&emit, "since", now->started_at_s);
    emit_int(&emit, "uptimeSeconds", (now_mono_ms() - now->started_mono_ms) / 1000);
    emit_array(&emit, "reasons");
    bool is_ready = health_is_ready(now, now_mono_ms(), &emit);
    emit_array_end(&emit);
    emit_bool(&emit, "ready", is_ready);
    emit_facts(&emit, now);
    emit_books(&emit, &now->books);
    emit_speed(&emit, now);
    emit_parts(&emit, now);
    emit_count(&emit, "missed", board->missed);
    emit_count(&emit, "watchers", board->watchers);
    emit_history(&emit, &board->history, has_history);
    emit_object_end(&emit);
}

/* What is read off buckets may lie a little above what was seen. */
static int64_t percentile(const struct roster_row *row, double share)
{
    int64_t ms = spread_at(&row->latency, share);
    return ms < row->latency_max_ms ? ms : row->latency_max_ms;
}

static void emit_row(struct emit *emit, const struct roster_row *row)
{
    emit_object(emit, NULL);
    emit_text(emit, "name", row->name);
    emit_count(emit, "accepted", row->accepted);
    emit_count(emit, "rejected", row->rejected);
    emit_int(emit, "p50", percentile(row, 0.5));
    emit_int(emit, "p99", percentile(row, 0.99));
    emit_int(emit, "max", row->latency_max_ms);
    emit_said(emit, "lastCode", reject_name((enum reject)row->last_code));
    emit_int(emit, "lastAt", row->last_at_ms);
    emit_object_end(emit);
}

void board_json_roster(const struct roster *roster, struct buf *out)
{
    struct emit emit = emit_to(out);
    emit_object(&emit, NULL);
    emit_count(&emit, "total", roster->map.count);
    emit_count(&emit, "forgotten", roster->forgotten);
    emit_array(&emit, "rows");
    for (const struct roster_row *row = roster_first(roster); row != NULL;
         row = roster_after(roster, row))
        emit_row(&emit, row);
    emit_array_end(&emit);
    emit_object_end(&emit);
}

static void emit_command(struct emit *emit, uint64_t number, const struct news_item *item)
{
    emit_object(emit, NULL);
    emit_count(emit, "number", number);
    emit_int(emit, "at", item->at_ms);
    emit_said(emit, "job", item->job);
    emit_said(emit, "thing", item->thing);
    emit_said(emit, "namespace", item->namespace);
    emit_said(emit, "code", reject_name((enum reject)item->code));
    emit_said(emit, "field", item->field);
    emit_said(emit, "message", item->message);
    if (item->is_dry_run)
        emit_bool(emit, "dryRun", true);
    emit_int(emit, "attempts", item->attempts);
    emit_int(emit, "coalesced", item->shared_by);
    emit_int(emit, "latencyMs", item->latency_ms);
    emit_object_end(emit);
}

void board_json_commands(const struct board *board, uint64_t first, uint64_t skipped,
                         struct buf *out)
{
    struct emit emit = emit_to(out);
    emit_object(&emit, NULL);
    emit_int(&emit, "run", board->run);
    emit_count(&emit, "skipped", skipped);
    emit_array(&emit, "commands");
    for (uint64_t number = first; number <= board->recent.last; number++)
        emit_command(&emit, number, recent_item(&board->recent, number));
    emit_array_end(&emit);
    emit_object_end(&emit);
}

void board_json_problem(struct buf *out, const char *message)
{
    struct emit emit = emit_to(out);
    emit_object(&emit, NULL);
    emit_text(&emit, "message", message);
    emit_object_end(&emit);
}
