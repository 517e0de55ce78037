#include "tests/jobs/cases.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX (1 << 20)

struct doc *cases_load(const char *file)
{
    char path[512];
    snprintf(path, sizeof path, "%s/jobs/%s", VECTORS_DIR, file);
    FILE *stream = fopen(path, "rb");
    if (stream == NULL)
        fail_msg("%s cannot be opened", path);
    struct buf text;
    buf_init(&text, FILE_MAX);
    char *room = buf_reserve(&text, FILE_MAX);
    buf_added(&text, fread(room, 1, FILE_MAX, stream));
    fclose(stream);
    struct doc *doc;
    struct why why;
    if (doc_parse(buf_str(&text), FILE_MAX, &doc, &why) != ERR_NONE)
        fail_msg("%s: %s", path, why.text);
    buf_fini(&text);
    return doc;
}

static int is_json(const struct dirent *entry)
{
    return str_ends(str_of(entry->d_name), STR(".json"));
}

void cases_each(const char *folder, int min, void (*visit)(const char *file, struct doc_node root))
{
    char path[512];
    snprintf(path, sizeof path, "%s/jobs/%s", VECTORS_DIR, folder);
    struct dirent **entries;
    int count = scandir(path, &entries, is_json, alphasort);
    assert_true(count >= min);
    for (int i = 0; i < count; i++) {
        char file[512];
        snprintf(file, sizeof file, "%s/%s", folder, entries[i]->d_name);
        struct doc *doc = cases_load(file);
        visit(file, doc_root(doc));
        doc_free(doc);
        free(entries[i]);
    }
    free(entries);
}

static void repeat(struct str text, int64_t count, struct buf *out)
{
    for (int64_t i = 0; i < count; i++) {
        struct str rest = text;
        buf_add(out, str_cut(&rest, '#'));
        while (!str_is_absent(rest)) {
            buf_add_int(out, i);
            buf_add(out, str_cut(&rest, '#'));
        }
    }
}

void cases_expand(struct str value, struct buf *out)
{
    struct str rest = value;
    buf_add(out, str_cut(&rest, '<'));
    while (!str_is_absent(rest)) {
        struct str text = str_cut(&rest, '>');
        struct str count = str_cut(&text, '*');
        int64_t n;
        if (!str_to_int(count, 1, FILE_MAX, &n))
            fail_msg("no count in <%.*s", STR_ARG(count));
        repeat(text, n, out);
        buf_add(out, str_cut(&rest, '<'));
    }
}

const char *cases_text(struct doc_node object, const char *name, struct buf *out)
{
    buf_clear(out);
    cases_expand(doc_str(doc_member(object, name)), out);
    return buf_text(out);
}

/* input as JSON, with value in the place of "@". */
static void fill(struct doc_node input, struct str value, struct buf *out)
{
    struct buf template;
    buf_init(&template, FILE_MAX);
    doc_write(input, &template);
    const char *text = buf_text(&template);
    const char *at = strstr(text, "\"@\"");
    if (at == NULL)
        fail_msg("no \"@\" in %s", text);
    buf_clear(out);
    buf_add(out, (struct str){text, (size_t)(at - text)});
    cases_expand(value, out);
    buf_add_text(out, at + 3);
    assert_int_equal(buf_err(out), ERR_NONE);
    buf_fini(&template);
}

/* The refusal that a case asks for. */
static void expect(struct doc_node file, struct doc_node refusal, struct why *ret)
{
    struct buf part;
    buf_init(&part, FILE_MAX);
    bool has_own = doc_kind_of(doc_member(refusal, "field")) != DOC_ABSENT;
    snprintf(ret->field, sizeof ret->field, "%s",
             cases_text(has_own ? refusal : file, "field", &part));
    char shown[256];
    snprintf(shown, sizeof shown, "%s", cases_text(refusal, "shown", &part));
    if (doc_kind_of(doc_member(refusal, "text")) != DOC_ABSENT)
        snprintf(ret->text, sizeof ret->text, "%s", cases_text(refusal, "text", &part));
    else
        snprintf(ret->text, sizeof ret->text,
                 "1 validation error detected: Value %s at '%s' failed to satisfy constraint: "
                 "Member must %s",
                 shown, ret->field, cases_text(refusal, "must", &part));
    buf_fini(&part);
}

static cases_check_fn *checker; /* cases_each takes no context */

static void judge_file(const char *file, struct doc_node root)
{
    struct doc_node input = doc_member(root, "input");
    struct doc_node accept = doc_member(root, "accept");
    struct doc_node refuse = doc_member(root, "refuse");
    if (doc_count(accept) == 0 || doc_count(refuse) == 0)
        fail_msg("%s lacks cases", file);
    struct buf json;
    buf_init(&json, FILE_MAX);
    for (size_t i = 0; i < doc_count(accept); i++) {
        struct why why = {0};
        fill(input, doc_str(doc_item(accept, i)), &json);
        if (!checker(buf_str(&json), &why))
            fail_msg("%s, accept %zu: %s", file, i, why.text);
    }
    for (size_t i = 0; i < doc_count(refuse); i++) {
        struct why why = {0};
        struct why expected;
        struct doc_node refusal = doc_item(refuse, i);
        fill(input, doc_str(doc_member(refusal, "value")), &json);
        expect(root, refusal, &expected);
        if (checker(buf_str(&json), &why))
            fail_msg("%s, refuse %zu: accepted", file, i);
        if (strcmp(why.field, expected.field) != 0 || strcmp(why.text, expected.text) != 0)
            fail_msg("%s, refuse %zu:\n[%s] %s\nis not\n[%s] %s", file, i, why.field, why.text,
                     expected.field, expected.text);
    }
    buf_fini(&json);
}

void cases_judge(const char *folder, int min, cases_check_fn *check)
{
    checker = check;
    cases_each(folder, min, judge_file);
}
