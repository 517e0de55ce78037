/*
 * One page of a listing: maxResults and nextToken in, nextToken out. A token names the listing and
 * the key of the last row, so it stays good whatever happens between two pages.
 */
#ifndef LOCAL_PAGE_H
#define LOCAL_PAGE_H

#include "base/emit.h"
#include "base/limits.h"
#include "local/query.h"

#define PAGE_SIZE_MAX     250 /* service model: LaserMaxResults */
#define PAGE_SIZE_DEFAULT 50  /* AWS gives none */

struct page {
    const char *listing; /* a word that other listings don't have */
    int64_t size;
    struct str after; /* key of the last row before; "" on the first page */
    char text[LIMITS_THING_NAME + 32];
};

/* A struct page is not copied: after points into it. */
nodiscard enum err page_read(const struct query *query, const char *listing, struct page *ret,
                             struct why *why);

/* The same for a listing whose keys are integers; *ret_before is INT64_MAX on the first page. */
nodiscard enum err page_read_int(const struct query *query, const char *listing, struct page *ret,
                                 int64_t *ret_before, struct why *why);

void page_write_token(struct emit *emit, const struct page *page, struct str last_key);
void page_write_token_int(struct emit *emit, const struct page *page, int64_t last_key);

#endif
