/* What stands where, and that all of it is there from the start. The formats are exposition_test's,
 * and what real tools say of the whole page is tests/system/test_metrics.py's. */
#include "daemon/metrics.h"
#include "tests/check.h"

#include <stdio.h>

#define TEXT_MAX 65536

static void write_page(const struct snapshot *snapshot, struct buf *out)
{
    buf_init(out, TEXT_MAX);
    metrics_write(snapshot, 61500, EXPOSITION_PROMETHEUS, out);
    assert_int_equal(buf_err(out), ERR_NONE);
}

static void check_line(const struct snapshot *snapshot, const char *line)
{
    struct buf page;
    char whole[160];
    write_page(snapshot, &page);
    snprintf(whole, sizeof whole, "\njobs_bridge_%s\n", line);
    check_has(buf_text(&page), whole);
    buf_fini(&page);
}

static void every_label_is_there_from_the_start(void **state)
{
    (void)state;
    static const struct snapshot nothing;
    char line[160];
    for (enum reject code = REJECT_NONE + 1; code < REJECT_COUNT; code++) {
        snprintf(line, sizeof line, "rejections_total{code=\"%s\"} 0", reject_name(code));
        check_line(&nothing, line);
    }
    static const char *const outcomes[] = {"done", "refused", "throttled", "failed",
                                           "unauthorized"};
    assert_int_equal(COUNT_OF(outcomes), FAULT_CLASS_COUNT);
    for (size_t i = 0; i < COUNT_OF(outcomes); i++) {
        snprintf(line, sizeof line, "calls_ended_total{outcome=\"%s\"} 0", outcomes[i]);
        check_line(&nothing, line);
    }
    check_line(&nothing, "command_latency_seconds_count{outcome=\"accepted\"} 0");
    check_line(&nothing, "command_latency_seconds_count{outcome=\"rejected\"} 0");
}

/* One number a field, so that no row can show another's. */
static void each_number_is_in_its_place(void **state)
{
    (void)state;
    struct snapshot snapshot = {
        .books = {.received = 1,
                  .accepted = 2,
                  .rejected = 3,
                  .waiting = 4,
                  .in_flight = 5,
                  .open_calls = 6,
                  .calls = 7,
                  .retries = 8,
                  .coalesced = 9,
                  .expired = 10,
                  .best_effort = 11,
                  .turned_away = 12,
                  .repeated = 13,
                  .undelivered = 14,
                  .buried = 15,
                  .held_back = 31,
                  .elsewhere = 32,
                  .rejected_for = {[REJECT_INVALID_TOPIC] = 16, [REJECT_SERVICE_UNAVAILABLE] = 17}},
        .partition = {.index = 33, .count = 34},
        .speed = {.rate = 1.5, .configured = 2.5, .tokens = 3.5},
        .journal = {.commits = 18, .unfinished = 19, .bytes = 20, .bytes_max = 21},
        .dead_letters = 22,
        .calls = {.ended = {[FAULT_NONE] = 23, [FAULT_CREDENTIALS] = 24}, .described = 25},
        .links[SIDE_LOCAL].stats =
            {.connects = 26, .failures = 27, .losses = 28, .acknowledged = 29, .on_their_way = 30},
    };
    histogram_add(&snapshot.latency.accepted, 1000000);
    histogram_add(&snapshot.latency.rejected, 2000000);
    histogram_add(&snapshot.latency.delivered, 5000000);
    histogram_add(&snapshot.calls.latency, 3000000);
    histogram_add(&snapshot.journal.commit_latency, 4000000);
    static const char *const lines[] = {
        "commands_received_total 1",
        "commands_accepted_total 2",
        "commands_rejected_total 3",
        "commands_waiting 4",
        "commands_in_flight 5",
        "calls_open 6",
        "calls_started_total 7",
        "calls_retried_total 8",
        "commands_coalesced_total 9",
        "commands_expired_total 10",
        "commands_best_effort_total 11",
        "commands_turned_away_total 12",
        "commands_repeated_total 13",
        "commands_held_back 31",
        "commands_elsewhere_total 32",
        "partition_index 33",
        "partitions 34",
        "mqtt_publishes_refused_total 14",
        "dead_letters_buried_total 15",
        "rejections_total{code=\"InvalidTopic\"} 16",
        "rejections_total{code=\"ServiceUnavailable\"} 17",
        "rate_calls_per_second 1.5",
        "rate_limit_calls_per_second 2.5",
        "rate_tokens 3.5",
        "journal_commits_total 18",
        "journal_unfinished_commands 19",
        "journal_size_bytes 20",
        "journal_size_limit_bytes 21",
        "dead_letters 22",
        "calls_ended_total{outcome=\"done\"} 23",
        "calls_ended_total{outcome=\"unauthorized\"} 24",
        "calls_described_total 25",
        "mqtt_connects_total{link=\"local\"} 26",
        "mqtt_connect_failures_total{link=\"local\"} 27",
        "mqtt_losses_total{link=\"local\"} 28",
        "mqtt_publishes_acknowledged_total{link=\"local\"} 29",
        "mqtt_publishes_unacknowledged{link=\"local\"} 30",
        "command_latency_seconds_sum{outcome=\"accepted\"} 1.000000",
        "command_latency_seconds_sum{outcome=\"rejected\"} 2.000000",
        "command_delivery_seconds_sum 5.000000",
        "call_latency_seconds_sum 3.000000",
        "journal_commit_seconds_sum 4.000000",
    };
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        check_line(&snapshot, lines[i]);
}

static void truths_and_states(void **state)
{
    (void)state;
    struct snapshot snapshot = {.taken_mono_ms = 61000};
    check_line(&snapshot, "ready 0");
    check_line(&snapshot, "full 0");
    check_line(&snapshot, "journal_up 0");
    check_line(&snapshot, "mqtt_connected{link=\"local\"} 0");
    check_line(&snapshot, "credentials_usable 0");
    check_line(&snapshot, "breaker_state{state=\"closed\"} 1");
    check_line(&snapshot, "breaker_state{state=\"probing\"} 0");
    snapshot.has_journal = snapshot.links[SIDE_LOCAL].is_connected = snapshot.has_credentials =
        true;
    check_line(&snapshot, "ready 1");
    check_line(&snapshot, "journal_up 1");
    check_line(&snapshot, "mqtt_connected{link=\"local\"} 1");
    check_line(&snapshot, "credentials_usable 1");
    snapshot.is_full = true;
    snapshot.breaker = BREAKER_PROBING;
    check_line(&snapshot, "ready 0");
    check_line(&snapshot, "full 1");
    check_line(&snapshot, "breaker_state{state=\"closed\"} 0");
    check_line(&snapshot, "breaker_state{state=\"probing\"} 1");
}

static void times(void **state)
{
    (void)state;
    struct snapshot snapshot = {
        .taken_mono_ms = 61250,
        .started_mono_ms = 1500,
        .started_at_s = 1700000000,
        .links[SIDE_LOCAL].stats = {.heard_ms = 51500},
    };
    check_line(&snapshot, "uptime_seconds 60");
    check_line(&snapshot, "start_time_seconds 1700000000");
    check_line(&snapshot, "loop_turn_age_seconds 0.25");
    check_line(&snapshot, "mqtt_last_acknowledgement_age_seconds{link=\"local\"} 10");
    snapshot.credentials_expire_at_s = -1;
    check_line(&snapshot, "credentials_expiry_timestamp_seconds 0");
    snapshot.has_credentials = true;
    check_line(&snapshot, "credentials_expiry_timestamp_seconds +Inf");
    snapshot.credentials_expire_at_s = 1800000000;
    check_line(&snapshot, "credentials_expiry_timestamp_seconds 1800000000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_label_is_there_from_the_start),
        cmocka_unit_test(each_number_is_in_its_place),
        cmocka_unit_test(truths_and_states),
        cmocka_unit_test(times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
