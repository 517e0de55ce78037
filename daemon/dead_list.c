#include "daemon/dead_list.h"

#include "base/emit.h"
#include "base/limits.h"
#include "daemon/dead_print.h"
#include "store/dead_letter.h"

static enum err write_rows(struct dead_letters *letters, struct emit *rows, struct why *why)
{
    struct dead_letter letter = {.id = INT64_MAX};
    struct buf row;
    enum err err = ERR_NONE;
    buf_init(&row, DEAD_PRINT_MAX);
    for (size_t i = 0; i < LIMITS_SHOWN_LETTERS && err == ERR_NONE; i++) {
        err = dead_letter_before(letters, letter.id, &letter, why);
        if (err != ERR_NONE)
            break;
        buf_clear(&row);
        dead_print_json(&letter, false, &row);
        emit_raw(rows, NULL, buf_str(&row));
        err = buf_err(&row);
    }
    buf_fini(&row);
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

enum err dead_list_write(const char *journal, uint64_t total, struct buf *out, struct why *why)
{
    struct dead_letters *letters = NULL;
    struct emit emit = emit_to(out);
    enum err err = dead_letter_open_read(journal, &letters, why);
    if (err != ERR_NONE && err != ERR_NOT_FOUND)
        return err;
    emit_object(&emit, NULL);
    emit_int(&emit, "total", (int64_t)total);
    emit_array(&emit, "rows");
    if (letters != NULL)
        err = write_rows(letters, &emit, why);
    emit_array_end(&emit);
    emit_object_end(&emit);
    dead_letter_close(letters);
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}
