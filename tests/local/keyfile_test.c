#include "local/keyfile.h"
#include "tests/check.h"
#include "tests/local/scratch.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int set_up(void **state)
{
    static struct scratch scratch;
    scratch_init(&scratch);
    *state = &scratch;
    return 0;
}

static int tear_down(void **state)
{
    scratch_fini(*state);
    return 0;
}

/* The value behind the prefix, which has to be at *at, up to the end of the line. */
static struct str value(const char **at, const char *prefix)
{
    assert_memory_equal(*at, prefix, strlen(prefix));
    const char *start = *at + strlen(prefix);
    const char *end = strchr(start, '\n');
    assert_non_null(end);
    *at = end + 1;
    return (struct str){start, (size_t)(end - start)};
}

static void new_keys_have_the_form_of_aws_keys(void **state)
{
    const char *path = scratch_file(*state, "credentials");
    assert_int_equal(keyfile_ensure(path, NULL), ERR_NONE);
    const char *at = scratch_read(path);
    assert_non_null(at);
    assert_int_equal(value(&at, "[default]").n, 0);
    struct str access_key = value(&at, "aws_access_key_id = ");
    struct str secret_key = value(&at, "aws_secret_access_key = ");
    assert_string_equal(at, "");
    assert_int_equal(access_key.n, 20);
    assert_memory_equal(access_key.p, "AKIA", 4);
    assert_true(strspn(access_key.p + 4, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == 16);
    assert_int_equal(secret_key.n, 40);
    assert_true(strspn(secret_key.p, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789+/") == 40);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void keys_are_new_each_time(void **state)
{
    const char *first = scratch_file(*state, "first");
    const char *second = scratch_file(*state, "second");
    assert_int_equal(keyfile_ensure(first, NULL), ERR_NONE);
    assert_int_equal(keyfile_ensure(second, NULL), ERR_NONE);
    char *text = strdup(scratch_read(first));
    assert_string_not_equal(text, scratch_read(second));
    free(text);
}

static void a_file_that_is_there_stays(void **state)
{
    const char *path = scratch_file(*state, "credentials");
    scratch_write(path, "anything\n");
    assert_int_equal(keyfile_ensure(path, NULL), ERR_NONE);
    assert_string_equal(scratch_read(path), "anything\n");
}

static void nothing_else_is_left_behind(void **state)
{
    const struct scratch *scratch = *state;
    assert_int_equal(keyfile_ensure(scratch_file(scratch, "credentials"), NULL), ERR_NONE);
    int files = 0;
    DIR *dir = opendir(scratch->path);
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        files += entry->d_name[0] != '.';
    closedir(dir);
    assert_int_equal(files, 1);
}

static void a_directory_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct why why = {0};
    assert_int_equal(keyfile_ensure("/nonexistent/credentials", &why), ERR_IO);
    check_has(why.text, "/nonexistent/credentials");
    check_has(why.text, "No such file");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(new_keys_have_the_form_of_aws_keys),
        CASE(keys_are_new_each_time),
        CASE(a_file_that_is_there_stays),
        CASE(nothing_else_is_left_behind),
        CASE(a_directory_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
