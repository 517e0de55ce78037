#include "daemon/news.h"

#include "base/utf8.h"

#include <stdatomic.h>
#include <stdlib.h>

#define WORDS      ((sizeof(struct news_item) + sizeof(uint64_t) - 1) / sizeof(uint64_t))
#define CALL_EVERY (LIMITS_NEWS / 4)

/* An item as words, since only words can be atomic. */
union cargo {
    struct news_item item;
    uint64_t words[WORDS];
};

/* The writer makes the turn odd, writes, and makes it even: 2 (n + 1) once item n is whole. A word
 * of a later item that the reader may have seen (acquire) was written (release) behind the odd
 * turn, so that its second look at the turn finds it changed. */
struct slot {
    _Atomic uint64_t turn;
    _Atomic uint64_t words[WORDS];
};

struct news {
    _Atomic uint64_t added;
    uint64_t taken; /* the reader's own; those it has missed included */
    struct slot slots[LIMITS_NEWS];
};

enum err news_new(struct news **ret)
{
    struct news *news = calloc(1, sizeof *news);
    if (news == NULL)
        return ERR_NO_MEMORY;
    *ret = news;
    return ERR_NONE;
}

void news_free(struct news *news)
{
    free(news);
}

/* The bytes of whole characters at its start, at most max. */
static size_t fitting(struct str text, size_t max)
{
    size_t n = 0;
    uint32_t character;
    for (size_t next = 1; n < text.n && next > 0; n += next) {
        next = utf8_next((struct str){text.p + n, text.n - n}, &character);
        if (n + next > max)
            break;
    }
    return n;
}

static void copy(char *to, size_t size, struct str text)
{
    static const char ellipsis[] = "\xe2\x80\xa6";
    bool fits = text.n < size;
    size_t n = fits ? text.n : fitting(text, size - sizeof ellipsis);
    if (n > 0)
        memcpy(to, text.p, n);
    memcpy(to + n, fits ? "" : ellipsis, fits ? 1 : sizeof ellipsis);
}

static void pack(struct news_item *item, const struct decision *decision, int64_t wall_ms)
{
    item->at_ms = wall_ms;
    item->latency_ms = decision->latency_ms;
    item->attempts = decision->attempts;
    item->shared_by = decision->shared_by;
    item->code = (uint8_t)decision->code;
    item->is_dry_run = decision->is_dry_run;
    copy(item->thing, sizeof item->thing, decision->thing);
    copy(item->field, sizeof item->field, decision->field);
    copy(item->message, sizeof item->message, decision->message);
    copy(item->job, sizeof item->job, decision->job);
    copy(item->namespace, sizeof item->namespace, decision->namespace);
}

bool news_add(struct news *news, const struct decision *decision, int64_t wall_ms)
{
    union cargo cargo = {.words = {0}};
    pack(&cargo.item, decision, wall_ms);
    uint64_t n = atomic_load_explicit(&news->added, memory_order_relaxed);
    struct slot *slot = &news->slots[n % LIMITS_NEWS];
    atomic_store_explicit(&slot->turn, 2 * n + 1, memory_order_relaxed);
    for (size_t i = 0; i < WORDS; i++)
        atomic_store_explicit(&slot->words[i], cargo.words[i], memory_order_release);
    atomic_store_explicit(&slot->turn, 2 * (n + 1), memory_order_release);
    atomic_store_explicit(&news->added, n + 1, memory_order_release);
    return (n + 1) % CALL_EVERY == 0;
}

static bool read_slot(struct slot *slot, uint64_t n, union cargo *ret)
{
    if (atomic_load_explicit(&slot->turn, memory_order_acquire) != 2 * (n + 1))
        return false;
    for (size_t i = 0; i < WORDS; i++)
        ret->words[i] = atomic_load_explicit(&slot->words[i], memory_order_acquire);
    return atomic_load_explicit(&slot->turn, memory_order_relaxed) == 2 * (n + 1);
}

bool news_take(struct news *news, struct news_item *ret, uint64_t *missed)
{
    uint64_t added;
    while ((added = atomic_load_explicit(&news->added, memory_order_acquire)) > news->taken) {
        uint64_t n = news->taken;
        /* The oldest slot may be written right now: it counts as gone. */
        if (added - n >= LIMITS_NEWS) {
            uint64_t oldest = added - LIMITS_NEWS + 1;
            *missed += oldest - n;
            n = oldest;
        }
        news->taken = n + 1;
        union cargo cargo;
        if (read_slot(&news->slots[n % LIMITS_NEWS], n, &cargo)) {
            *ret = cargo.item;
            return true;
        }
        (*missed)++;
    }
    return false;
}
