#include "jobs/text.h"

#include "base/utf8.h"

#include <utf8proc.h>

typedef bool test_fn(uint32_t character);

static bool all(struct str text, test_fn *test)
{
    while (text.n > 0) {
        uint32_t character;
        size_t length = utf8_next(text, &character);
        if (length == 0 || !test(character))
            return false;
        text.p += length;
        text.n -= length;
    }
    return true;
}

static bool is_printable(uint32_t character)
{
    switch (utf8proc_category((utf8proc_int32_t)character)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
        return false;
    default:
        return true;
    }
}

static bool is_tag_character(uint32_t character)
{
    switch (utf8proc_category((utf8proc_int32_t)character)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return true;
    default:
        return character < 0x80 && character != 0 && strchr("_.:/=+-@", (int)character) != NULL;
    }
}

bool text_is_printable(struct str text)
{
    return text.n > 0 && all(text, is_printable);
}

bool text_is_tag_key(struct str text)
{
    return all(text, is_tag_character);
}
