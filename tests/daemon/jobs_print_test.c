#include "daemon/jobs_print.h"
#include "tests/check.h"

typedef void print_fn(const struct jobs_words *words, struct str answer, struct buf *out);

static void check_text(print_fn *print, const char *answer, const char *text)
{
    const struct jobs_words words = {.job = STR("j-1")};
    struct buf out;
    buf_init(&out, 4096);
    print(&words, str_of(answer), &out);
    assert_string_equal(buf_text(&out), text);
    buf_fini(&out);
}

static void done(void **state)
{
    (void)state;
    check_text(jobs_print_created, "{\"jobArn\":\"a\"}", "j-1: created\n");
    check_text(jobs_print_updated, "", "j-1: updated\n");
    check_text(jobs_print_cancelled, "{}", "j-1: cancelled\n");
    check_text(jobs_print_deleted, "", "j-1: deleted\n");
}

static void one_job(void **state)
{
    (void)state;
    check_text(jobs_print_job,
               "{\"job\":{\"status\":\"IN_PROGRESS\",\"createdAt\":1700000000.5,"
               "\"targets\":[\"a\"],\"comment\":\"a\\u001b[1mb\"}}",
               "j-1\n"
               "  status: IN_PROGRESS\n"
               "  createdAt: 2023-11-14T22:13:20Z\n"
               "  targets: [\"a\"]\n"
               "  comment: a?[1mb\n");
    check_text(jobs_print_document, "{\"document\":\"{\\\"a\\\":1}\"}", "{\"a\":1}\n");
}

static void rows(void **state)
{
    (void)state;
    check_text(jobs_print_jobs,
               "{\"jobs\":[{\"jobId\":\"a\",\"status\":\"SCHEDULED\",\"lastUpdatedAt\":0},"
               "{\"jobId\":\"b\",\"status\":\"COMPLETED\"}]}",
               "a                                 SCHEDULED             1970-01-01T00:00:00Z\n"
               "b                                 COMPLETED             -\n");
    check_text(jobs_print_executions,
               "{\"executionSummaries\":[{\"thingArn\":\"arn:aws:iot:r:1:thing/pump\","
               "\"jobExecutionSummary\":{\"status\":\"QUEUED\"}},"
               "{\"jobId\":\"j-2\",\"jobExecutionSummary\":{\"status\":\"FAILED\"}}]}",
               "pump                              QUEUED                -\n"
               "j-2                               FAILED                -\n");
    check_text(jobs_print_jobs, "{\"jobs\":[]}", "");
}

static void unexpected(void **state)
{
    (void)state;
    check_text(jobs_print_job, "<html>\r\n", "<html>?\n\n");
    check_text(jobs_print_job, "{\"jobs\":1}", "{\"jobs\":1}\n");
    check_text(jobs_print_document, "{}", "{}\n");
    check_text(jobs_print_jobs, "nothing", "nothing\n");
    check_text(jobs_print_executions, "nothing", "nothing\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(done),
        cmocka_unit_test(one_job),
        cmocka_unit_test(rows),
        cmocka_unit_test(unexpected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
