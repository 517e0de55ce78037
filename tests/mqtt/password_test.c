#include "mqtt/password.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka wants the above first */
#include <cmocka.h>

static enum err read_from(const char *bytes, size_t n, struct password *ret, struct why *why)
{
    char path[] = "/tmp/password-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), n);
    close(fd);
    enum err err = password_read(ret, path, why);
    unlink(path);
    return err;
}

static void test_one_newline_is_dropped(void **state)
{
    (void)state;
    static struct password password;
    assert_int_equal(read_from("secret\n", 7, &password, NULL), ERR_NONE);
    assert_int_equal(password.n, 6);
    assert_memory_equal(password.bytes, "secret", 6);
    assert_int_equal(read_from("a\n\n", 3, &password, NULL), ERR_NONE);
    assert_int_equal(password.n, 2);
    assert_int_equal(read_from("a\0b ", 4, &password, NULL), ERR_NONE);
    assert_int_equal(password.n, 4);
    assert_int_equal(read_from("", 0, &password, NULL), ERR_NONE);
    assert_int_equal(password.n, 0);
    password_wipe(&password);
    assert_int_equal(password.bytes[0], 0);
}

static void test_limits(void **state)
{
    (void)state;
    static struct password password;
    static char bytes[PASSWORD_MAX + 2];
    struct why why = {0};
    memset(bytes, 'x', sizeof bytes);
    assert_int_equal(read_from(bytes, PASSWORD_MAX, &password, NULL), ERR_NONE);
    assert_int_equal(password.n, PASSWORD_MAX);
    assert_int_equal(read_from(bytes, PASSWORD_MAX + 1, &password, &why), ERR_IO);
    assert_non_null(strstr(why.text, "longer than"));
    bytes[PASSWORD_MAX] = '\n';
    assert_int_equal(read_from(bytes, PASSWORD_MAX + 1, &password, NULL), ERR_NONE);
    assert_int_equal(password_read(&password, "/nonexistent", &why), ERR_IO);
    assert_null(strstr(why.text, "xxx"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_newline_is_dropped),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
