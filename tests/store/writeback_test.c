/* When it starts; that it helps is shown by the benchmark, since what it promises is nothing. */
#include "store/writeback.h"
#include "tests/check.h"
#include "tests/local/scratch.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static struct scratch scratch;
static char path[128];

static int set_up(void **state)
{
    (void)state;
    char log[160];
    scratch_init(&scratch);
    snprintf(path, sizeof path, "%s/journal.db", scratch.path);
    snprintf(log, sizeof log, "%s-wal", path);
    int fd = open(log, O_RDWR | O_CREAT, 0600);
    return fd < 0 || write(fd, "log", 3) != 3 || close(fd) != 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_fini(&scratch);
    return 0;
}

static void it_starts_with_each_part_of_the_log(void **state)
{
    (void)state;
    struct writeback writeback;
    writeback_open(&writeback, path);
    assert_true(writeback.fd >= 0);
    writeback_push(&writeback, WRITEBACK_PAGES - 1);
    assert_int_equal(writeback.started_pages, 0);
    writeback_push(&writeback, WRITEBACK_PAGES + 5);
    assert_int_equal(writeback.started_pages, WRITEBACK_PAGES + 5);
    writeback_push(&writeback, 2 * WRITEBACK_PAGES);
    assert_int_equal(writeback.started_pages, WRITEBACK_PAGES + 5);
    writeback_push(&writeback, 2 * WRITEBACK_PAGES + 5);
    assert_int_equal(writeback.started_pages, 2 * WRITEBACK_PAGES + 5);
    writeback_close(&writeback);
}

static void it_follows_a_log_that_begins_anew(void **state)
{
    (void)state;
    struct writeback writeback;
    writeback_open(&writeback, path);
    writeback_push(&writeback, 1000);
    writeback_push(&writeback, 3);
    assert_int_equal(writeback.started_pages, 0);
    writeback_push(&writeback, WRITEBACK_PAGES);
    assert_int_equal(writeback.started_pages, WRITEBACK_PAGES);
    writeback_close(&writeback);
}

static void without_a_log_it_does_nothing(void **state)
{
    (void)state;
    struct writeback writeback;
    writeback_open(&writeback, "/nowhere/journal.db");
    assert_int_equal(writeback.fd, -1);
    writeback_push(&writeback, 1000);
    assert_int_equal(writeback.started_pages, 0);
    writeback_close(&writeback);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_starts_with_each_part_of_the_log),
        cmocka_unit_test(it_follows_a_log_that_begins_anew),
        cmocka_unit_test(without_a_log_it_does_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
