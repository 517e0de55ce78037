#include "local/page.h"

#include "local/percent.h"

#include <stdio.h>

/* A token is "<listing>/<key>" with every byte in hexadecimal: opaque, and safe in a URL. */

static enum err refuse_token(struct str token, struct why *why)
{
    return query_refuse(why, "nextToken", token, "be a token that this operation returned");
}

static void encode(struct buf *token, struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        buf_format(token, "%02x", (unsigned char)text.p[i]);
}

/* Reads pairs of digits as the escapes they would be in a URL. */
static bool decode(struct str token, struct page *page)
{
    size_t n = 0;
    if (token.n % 2 != 0)
        return false;
    for (size_t i = 0; i < token.n; i += 2, n++) {
        char escape[3] = {'%', token.p[i], token.p[i + 1]};
        struct str byte;
        if (!percent_decode((struct str){escape, sizeof escape}, page->text + n,
                            sizeof page->text - n, &byte))
            return false;
    }
    struct str rest = {page->text, n};
    if (!str_eq_text(str_cut(&rest, '/'), page->listing) || rest.n == 0)
        return false;
    page->after = rest;
    return true;
}

enum err page_read(const struct query *query, const char *listing, struct page *ret,
                   struct why *why)
{
    ret->listing = listing;
    ret->size = PAGE_SIZE_DEFAULT;
    ret->after = STR("");
    enum err err = query_int(query, "maxResults", 1, PAGE_SIZE_MAX, &ret->size, why);
    struct str token = query_get(query, "nextToken");
    if (err == ERR_NONE && !str_is_absent(token) && !decode(token, ret))
        err = refuse_token(token, why);
    return err;
}

enum err page_read_int(const struct query *query, const char *listing, struct page *ret,
                       int64_t *ret_before, struct why *why)
{
    enum err err = page_read(query, listing, ret, why);
    if (err != ERR_NONE)
        return err;
    int64_t before = INT64_MAX;
    if (ret->after.n > 0 && !str_to_int(ret->after, 1, INT64_MAX, &before))
        return refuse_token(query_get(query, "nextToken"), why);
    *ret_before = before;
    return ERR_NONE;
}

void page_write_token(struct emit *emit, const struct page *page, struct str last_key)
{
    struct buf token;
    buf_init(&token, 4 * sizeof page->text);
    encode(&token, str_of(page->listing));
    encode(&token, STR("/"));
    encode(&token, last_key);
    emit_str(emit, "nextToken", buf_str(&token));
    buf_fini(&token);
}

void page_write_token_int(struct emit *emit, const struct page *page, int64_t last_key)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%lld", (long long)last_key);
    page_write_token(emit, page, (struct str){text, (size_t)n});
}
