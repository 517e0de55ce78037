#include "store/keep.h"

enum err keep_texts(struct buf *to, struct str *const *texts, size_t count, struct why *why)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += texts[i]->n;
    buf_clear(to);
    char *at = buf_reserve(to, n);
    if (at == NULL)
        return why_set(why, buf_err(to), NULL, "a command: %s", err_name(buf_err(to)));
    for (size_t i = 0; i < count; i++) {
        if (str_is_absent(*texts[i]))
            continue;
        if (texts[i]->n > 0)
            memcpy(at, texts[i]->p, texts[i]->n);
        texts[i]->p = at;
        at += texts[i]->n;
    }
    buf_added(to, n);
    return ERR_NONE;
}
