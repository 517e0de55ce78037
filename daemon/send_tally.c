#include "daemon/send_tally.h"

#include "base/limits.h"

#include <stdlib.h>

#define BAR_WIDTH 30

void send_tally_init(struct send_tally *tally)
{
    *tally = (struct send_tally){0};
    buf_init(&tally->latencies, LIMITS_SEND_COMMANDS * sizeof(uint32_t));
}

void send_tally_fini(struct send_tally *tally)
{
    buf_fini(&tally->latencies);
}

static void keep_latency(struct send_tally *tally, int64_t latency_ms)
{
    uint32_t kept = latency_ms < 0            ? 0
                    : latency_ms > UINT32_MAX ? UINT32_MAX
                                              : (uint32_t)latency_ms;
    buf_add(&tally->latencies, (struct str){(const char *)&kept, sizeof kept});
}

void send_tally_accepted(struct send_tally *tally, int64_t latency_ms)
{
    tally->accepted++;
    keep_latency(tally, latency_ms);
}

void send_tally_rejected(struct send_tally *tally, struct str code, int64_t latency_ms)
{
    int at = REJECT_COUNT - 1;
    while (at > REJECT_NONE && !str_eq_text(code, reject_name((enum reject)at)))
        at--;
    tally->rejected[at]++;
    keep_latency(tally, latency_ms);
}

void send_tally_unanswered(struct send_tally *tally)
{
    tally->unanswered++;
}

static uint64_t all_rejected(const struct send_tally *tally)
{
    uint64_t sum = 0;
    for (int i = 0; i < REJECT_COUNT; i++)
        sum += tally->rejected[i];
    return sum;
}

uint64_t send_tally_total(const struct send_tally *tally)
{
    return tally->accepted + all_rejected(tally) + tally->unanswered;
}

enum verb_exit send_tally_exit(const struct send_tally *tally)
{
    if (tally->unanswered > 0)
        return VERB_NO_ANSWER;
    return all_rejected(tally) > 0 ? VERB_REFUSED : VERB_OK;
}

static int compare(const void *a, const void *b)
{
    uint32_t left;
    uint32_t right;
    memcpy(&left, a, sizeof left);
    memcpy(&right, b, sizeof right);
    return (left > right) - (left < right);
}

/* The least latency that so many percent do not exceed. */
static uint32_t percentile(const struct buf *sorted, size_t percent)
{
    uint32_t ret;
    size_t count = sorted->n / sizeof ret;
    size_t rank = (count * percent + 99) / 100;
    memcpy(&ret, sorted->p + (rank > 0 ? rank - 1 : 0) * sizeof ret, sizeof ret);
    return ret;
}

static void write_codes(const struct send_tally *tally, struct buf *out)
{
    const char *before = " (";
    for (int i = 0; i < REJECT_COUNT; i++) {
        if (tally->rejected[i] == 0)
            continue;
        buf_format(out, "%s%llu %s", before, (unsigned long long)tally->rejected[i],
                   i == REJECT_NONE ? "with another code" : reject_name((enum reject)i));
        before = ", ";
    }
    if (all_rejected(tally) > 0)
        buf_add_byte(out, ')');
}

void send_tally_write(struct send_tally *tally, struct buf *out)
{
    buf_format(out, "%llu accepted, %llu rejected", (unsigned long long)tally->accepted,
               (unsigned long long)all_rejected(tally));
    write_codes(tally, out);
    buf_format(out, ", %llu without an answer", (unsigned long long)tally->unanswered);
    if (tally->latencies.n == 0)
        return;
    qsort(tally->latencies.p, tally->latencies.n / sizeof(uint32_t), sizeof(uint32_t), compare);
    buf_format(out, "; latency p50 %u ms, p99 %u ms", percentile(&tally->latencies, 50),
               percentile(&tally->latencies, 99));
}

void send_tally_write_progress(const struct send_tally *tally, uint64_t total, int64_t elapsed_ms,
                               struct buf *out)
{
    uint64_t done = send_tally_total(tally);
    uint64_t per_second = elapsed_ms > 0 ? done * 1000 / (uint64_t)elapsed_ms : 0;
    buf_add_byte(out, '\r');
    if (total > 0) {
        uint64_t filled = done * BAR_WIDTH / total;
        buf_add_byte(out, '[');
        for (uint64_t i = 0; i < BAR_WIDTH; i++)
            buf_add_byte(out, i < filled ? '#' : ' ');
        buf_format(out, "] %llu/%llu", (unsigned long long)done, (unsigned long long)total);
    } else {
        buf_format(out, "%llu", (unsigned long long)done);
    }
    buf_format(out, ", %llu rejected, %llu/s  ", (unsigned long long)all_rejected(tally),
               (unsigned long long)per_second);
}
