#include "daemon/history.h"

void history_add(struct history *history, const struct history_sample *sample)
{
    history->samples[history->added++ % LIMITS_HISTORY] = *sample;
}

size_t history_count(const struct history *history)
{
    return history->added < LIMITS_HISTORY ? (size_t)history->added : LIMITS_HISTORY;
}

const struct history_sample *history_at(const struct history *history, size_t i)
{
    uint64_t first = history->added - history_count(history);
    return &history->samples[(first + i) % LIMITS_HISTORY];
}
