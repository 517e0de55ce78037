#include "store/reserve.h"
#include "tests/check.h"
#include "tests/local/scratch.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define BYTES INT64_C(1048576)

struct fixture {
    struct scratch scratch;
    char path[128];
    char file[160];
    struct reserve *reserve;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    scratch_init(&fixture.scratch);
    snprintf(fixture.path, sizeof fixture.path, "%s/journal.db", fixture.scratch.path);
    snprintf(fixture.file, sizeof fixture.file, "%s.reserve", fixture.path);
    *state = &fixture;
    return reserve_new(fixture.path, BYTES, &fixture.reserve, NULL) != ERR_NONE;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    reserve_free(fixture->reserve);
    scratch_fini(&fixture->scratch);
    return 0;
}

static int64_t bytes_on_disk(const struct fixture *fixture)
{
    struct stat info;
    return stat(fixture->file, &info) == 0 ? (int64_t)info.st_blocks * 512 : -1;
}

static void it_takes_real_space_and_gives_it_up(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(bytes_on_disk(fixture), -1);
    assert_true(reserve_keep(fixture->reserve, 0));
    assert_true(bytes_on_disk(fixture) >= BYTES);
    assert_true(reserve_release(fixture->reserve, 0));
    assert_int_equal(bytes_on_disk(fixture), -1);
    assert_false(reserve_release(fixture->reserve, 0));
}

static void it_stays_for_the_next_one(void **state)
{
    struct fixture *fixture = *state;
    struct stat before;
    struct stat after;
    assert_true(reserve_keep(fixture->reserve, 0));
    assert_int_equal(stat(fixture->file, &before), 0);
    reserve_free(fixture->reserve);
    assert_int_equal(reserve_new(fixture->path, BYTES, &fixture->reserve, NULL), ERR_NONE);
    assert_true(reserve_keep(fixture->reserve, 0));
    assert_int_equal(stat(fixture->file, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

static void a_file_without_its_space_is_no_reserve(void **state)
{
    struct fixture *fixture = *state;
    scratch_write(fixture->file, "");
    assert_int_equal(truncate(fixture->file, BYTES), 0);
    assert_true(bytes_on_disk(fixture) < BYTES);
    assert_true(reserve_keep(fixture->reserve, 0));
    assert_true(bytes_on_disk(fixture) >= BYTES);
}

static void it_comes_back_but_is_not_asked_for_all_the_time(void **state)
{
    struct fixture *fixture = *state;
    assert_true(reserve_keep(fixture->reserve, 0));
    assert_true(reserve_release(fixture->reserve, 1000));
    assert_false(reserve_keep(fixture->reserve, 1000));
    assert_false(reserve_keep(fixture->reserve, 1000 + RESERVE_LOOK_MS - 1));
    assert_int_equal(bytes_on_disk(fixture), -1);
    assert_true(reserve_keep(fixture->reserve, 1000 + RESERVE_LOOK_MS));
    assert_true(bytes_on_disk(fixture) >= BYTES);
}

/* A limit on the size of files stands for a disk that is full. */
static void where_there_is_no_space_nothing_is_left_behind(void **state)
{
    struct fixture *fixture = *state;
    struct rlimit before;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit tight = {.rlim_cur = BYTES / 2, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    bool is_held = reserve_keep(fixture->reserve, 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(is_held);
    assert_int_equal(bytes_on_disk(fixture), -1);
    assert_true(reserve_keep(fixture->reserve, RESERVE_LOOK_MS));
}

/* It would fit, but then what has been given up would be taken back at once. */
static void a_disk_is_not_filled_with_it(void **state)
{
    struct fixture *fixture = *state;
    struct statvfs disk;
    struct reserve *large = NULL;
    assert_int_equal(statvfs(fixture->scratch.path, &disk), 0);
    int64_t bytes = (int64_t)(disk.f_bavail * disk.f_frsize / 4 * 3);
    assert_int_equal(reserve_new(fixture->path, bytes, &large, NULL), ERR_NONE);
    assert_false(reserve_keep(large, 0));
    assert_int_equal(bytes_on_disk(fixture), -1);
    reserve_free(large);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(it_takes_real_space_and_gives_it_up),
        CASE(it_stays_for_the_next_one),
        CASE(a_file_without_its_space_is_no_reserve),
        CASE(it_comes_back_but_is_not_asked_for_all_the_time),
        CASE(where_there_is_no_space_nothing_is_left_behind),
        CASE(a_disk_is_not_filled_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
