#include "http/credentials_xml.h"

#include <stdio.h>

#define TAG_MAX 64

/* The only place of the tag; NULL if there is none or more than one. */
static const char *find_once(struct str xml, const char *tag)
{
    size_t n = strlen(tag);
    const char *first = memmem(xml.p, xml.n, tag, n);
    if (first == NULL)
        return NULL;
    const char *behind = first + n;
    return memmem(behind, (size_t)(xml.p + xml.n - behind), tag, n) == NULL ? first : NULL;
}

struct str credentials_xml_element(struct str xml, const char *name)
{
    char opening[TAG_MAX];
    char closing[TAG_MAX];
    snprintf(opening, sizeof opening, "<%s>", name);
    snprintf(closing, sizeof closing, "</%s>", name);
    if (xml.n == 0)
        return STR_NONE;
    const char *start = find_once(xml, opening);
    const char *end = find_once(xml, closing);
    if (start == NULL || end == NULL || end < start + strlen(opening))
        return STR_NONE;
    start += strlen(opening);
    return (struct str){start, (size_t)(end - start)};
}
