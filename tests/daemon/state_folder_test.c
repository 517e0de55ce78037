#include "daemon/state_folder.h"
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/state_folder_test.XXXXXX";

static void a_missing_folder_is_made_for_its_owner_alone(void **state)
{
    (void)state;
    char path[64];
    struct stat found;
    int fd = -1;
    snprintf(path, sizeof path, "%s/new", folder);
    assert_int_equal(state_folder_take(path, &fd, NULL), ERR_NONE);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0700);
    close(fd);
    rmdir(path);
}

static void a_folder_is_taken_once(void **state)
{
    (void)state;
    struct why why = {0};
    int first = -1;
    int second = -1;
    assert_int_equal(state_folder_take(folder, &first, &why), ERR_NONE);
    assert_int_equal(state_folder_take(folder, &second, &why), ERR_EXISTS);
    check_has(why.text, "another jobs-bridge");
    assert_int_equal(second, -1);
    close(first);
    assert_int_equal(state_folder_take(folder, &second, &why), ERR_NONE);
    close(second);
}

static void what_is_no_folder_is_named(void **state)
{
    (void)state;
    struct why why = {0};
    int fd = -1;
    assert_int_equal(state_folder_take("/dev/null", &fd, &why), ERR_IO);
    check_has(why.text, "/dev/null");
    assert_int_equal(state_folder_take("/dev/null/below", &fd, &why), ERR_IO);
    check_has(why.text, "cannot create");
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int drop_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_folder_is_made_for_its_owner_alone),
        cmocka_unit_test(a_folder_is_taken_once),
        cmocka_unit_test(what_is_no_folder_is_named),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
