#include "daemon/jobs_print.h"

#include "daemon/shown.h"
#include "jobs/doc.h"

#define NAME_COLUMNS   32
#define STATUS_COLUMNS 20

static void print_raw(struct str text, struct buf *out)
{
    shown_text(out, text);
    buf_add_byte(out, '\n');
}

static void print_done(const struct jobs_words *words, const char *done, struct buf *out)
{
    buf_format(out, "%.*s: %s\n", STR_ARG(words->job), done);
}

void jobs_print_created(const struct jobs_words *words, struct str answer, struct buf *out)
{
    (void)answer;
    print_done(words, "created", out);
}

void jobs_print_updated(const struct jobs_words *words, struct str answer, struct buf *out)
{
    (void)answer;
    print_done(words, "updated", out);
}

void jobs_print_cancelled(const struct jobs_words *words, struct str answer, struct buf *out)
{
    (void)answer;
    print_done(words, "cancelled", out);
}

void jobs_print_deleted(const struct jobs_words *words, struct str answer, struct buf *out)
{
    (void)answer;
    print_done(words, "deleted", out);
}

static bool is_time(struct str key, struct doc_node value)
{
    enum doc_kind kind = doc_kind_of(value);
    return str_ends(key, STR("At")) && (kind == DOC_INTEGER || kind == DOC_REAL);
}

static void add_member(struct buf *out, struct str key, struct doc_node value)
{
    buf_add_text(out, "  ");
    shown_line(out, key);
    buf_add_text(out, ": ");
    if (is_time(key, value))
        shown_time(out, (int64_t)doc_real(value));
    else if (doc_kind_of(value) == DOC_STRING)
        shown_line(out, doc_str(value));
    else
        doc_write(value, out);
    buf_add_byte(out, '\n');
}

static struct doc *parse(struct str answer)
{
    struct doc *doc = NULL;
    return doc_parse(answer, JOBS_CLIENT_ANSWER_BYTES, &doc, NULL) == ERR_NONE ? doc : NULL;
}

void jobs_print_job(const struct jobs_words *words, struct str answer, struct buf *out)
{
    struct doc *doc = parse(answer);
    struct doc_node job = doc != NULL ? doc_member(doc_root(doc), "job") : (struct doc_node){NULL};
    if (doc_kind_of(job) == DOC_OBJECT) {
        buf_format(out, "%.*s\n", STR_ARG(words->job));
        for (struct doc_walk at = doc_walk_start(job); at.p != NULL; doc_walk_next(job, &at))
            add_member(out, at.key, at.value);
    } else {
        print_raw(answer, out);
    }
    doc_free(doc);
}

void jobs_print_document(const struct jobs_words *words, struct str answer, struct buf *out)
{
    (void)words;
    struct doc *doc = parse(answer);
    struct str document = doc != NULL ? doc_str(doc_member(doc_root(doc), "document")) : STR_NONE;
    print_raw(str_is_absent(document) ? answer : document, out);
    doc_free(doc);
}

/* The name in an ARN such as arn:aws:iot:us-east-1:123456789012:thing/pump-1; else the text. */
static struct str last_part(struct str arn)
{
    size_t at = arn.n;
    while (at > 0 && arn.p[at - 1] != '/')
        at--;
    return at > 0 ? (struct str){arn.p + at, arn.n - at} : arn;
}

static void add_column(struct buf *out, struct str text, size_t width)
{
    shown_line(out, text);
    for (size_t n = text.n; n < width; n++)
        buf_add_byte(out, ' ');
    buf_add_text(out, "  ");
}

static void print_row(struct str name, struct doc_node row, struct buf *out)
{
    struct doc_node at = doc_member(row, "lastUpdatedAt");
    add_column(out, name, NAME_COLUMNS);
    add_column(out, doc_str(doc_member(row, "status")), STATUS_COLUMNS);
    if (is_time(STR("lastUpdatedAt"), at))
        shown_time(out, (int64_t)doc_real(at));
    else
        buf_add_byte(out, '-');
    buf_add_byte(out, '\n');
}

void jobs_print_jobs(const struct jobs_words *words, struct str answer, struct buf *out)
{
    (void)words;
    struct doc *doc = parse(answer);
    if (doc == NULL) {
        print_raw(answer, out);
        return;
    }
    struct doc_node jobs = doc_member(doc_root(doc), "jobs");
    for (size_t i = 0; i < doc_count(jobs); i++) {
        struct doc_node job = doc_item(jobs, i);
        print_row(doc_str(doc_member(job, "jobId")), job, out);
    }
    doc_free(doc);
}

void jobs_print_executions(const struct jobs_words *words, struct str answer, struct buf *out)
{
    (void)words;
    struct doc *doc = parse(answer);
    if (doc == NULL) {
        print_raw(answer, out);
        return;
    }
    struct doc_node rows = doc_member(doc_root(doc), "executionSummaries");
    for (size_t i = 0; i < doc_count(rows); i++) {
        struct doc_node row = doc_item(rows, i);
        struct str arn = doc_str(doc_member(row, "thingArn"));
        struct str name = str_is_absent(arn) ? doc_str(doc_member(row, "jobId")) : last_part(arn);
        print_row(name, doc_member(row, "jobExecutionSummary"), out);
    }
    doc_free(doc);
}
