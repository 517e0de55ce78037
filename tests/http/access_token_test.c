/* Tokens from real files, and the headers that show them. */
#include "http/access_token.h"
#include "tests/check.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOKEN "0123456789:abcde" /* the shortest */

static enum err read_from(const char *text, mode_t mode, struct access_token **ret, struct why *why)
{
    char path[] = "/tmp/access-token-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    enum err err = access_token_read(path, ret, why);
    unlink(path);
    return err;
}

static struct access_token *token_of(const char *text)
{
    struct access_token *token = NULL;
    struct why why = {0};
    enum err err = read_from(text, 0600, &token, &why);
    if (err != ERR_NONE)
        print_error("%s\n", why.text);
    assert_int_equal(err, ERR_NONE);
    return token;
}

static bool is_in(const struct access_token *token, const char *authorization)
{
    return access_token_is_in(token, str_of(authorization));
}

static bool is_login(const struct access_token *token, const char *login)
{
    unsigned char base64[2048];
    char header[2100];
    size_t n = strlen(login);
    assert_true(n < sizeof base64 / 2);
    EVP_EncodeBlock(base64, (const unsigned char *)login, (int)n);
    snprintf(header, sizeof header, "Basic %s", (const char *)base64);
    return is_in(token, header);
}

static void bearer(void **state)
{
    (void)state;
    struct access_token *token = token_of(TOKEN "\n");
    assert_true(is_in(token, "Bearer " TOKEN));
    assert_true(is_in(token, "bearer   " TOKEN));
    assert_false(is_in(token, "Bearer " TOKEN "x"));
    assert_false(is_in(token, "Bearer 0123456789:abcd"));
    assert_false(is_in(token, "Bearer 0123456789:ABCDE"));
    assert_false(is_in(token, "Bearer"));
    assert_false(is_in(token, "Bearer "));
    assert_false(is_in(token, "Bear " TOKEN));
    assert_false(is_in(token, TOKEN));
    assert_false(is_in(token, ""));
    assert_false(access_token_is_in(token, STR_NONE));
    access_token_free(token);
}

static void basic(void **state)
{
    (void)state;
    struct access_token *token = token_of(TOKEN);
    assert_true(is_login(token, ":" TOKEN));
    assert_true(is_login(token, "a:" TOKEN));
    assert_true(is_login(token, "ab:" TOKEN)); /* with no, one and two '=' at the end */
    assert_true(is_login(token, "abc:" TOKEN));
    assert_false(is_login(token, "0123456789"));
    assert_false(is_login(token, TOKEN)); /* its first part is a user name */
    assert_false(is_login(token, "a:b:" TOKEN));
    assert_false(is_login(token, "a:" TOKEN "x"));
    assert_false(is_login(token, "a:"));
    assert_false(is_in(token, "Basic"));
    assert_false(is_in(token, "Basic ===="));
    assert_false(is_in(token, "Basic a"));
    assert_false(is_in(token, "Basic !!!!!!!!"));
    assert_false(is_in(token, "Basic " TOKEN));
    access_token_free(token);
}

static void long_ones(void **state)
{
    (void)state;
    char text[ACCESS_TOKEN_MAX + 2] = {0};
    char header[4096] = "Bearer ";
    memset(text, 'x', ACCESS_TOKEN_MAX);
    struct access_token *token = token_of(text);
    memcpy(header + 7, text, sizeof text);
    assert_true(is_in(token, header));
    snprintf(header, sizeof header, "user:%s", text);
    assert_true(is_login(token, header));
    memset(header, 'A', sizeof header - 1);
    memcpy(header, "Basic ", 6);
    assert_false(is_in(token, header));
    access_token_free(token);
    struct why why = {0};
    text[ACCESS_TOKEN_MAX] = 'x';
    token = NULL;
    assert_int_equal(read_from(text, 0600, &token, &why), ERR_INVALID);
    assert_null(token);
    check_has(why.text, "513 bytes (expected 16 to 512)");
}

static void check_refused(const char *text, mode_t mode, const char *part)
{
    struct access_token *token = NULL;
    struct why why = {0};
    assert_int_equal(read_from(text, mode, &token, &why), ERR_INVALID);
    assert_null(token);
    check_has(why.text, part);
    assert_null(strstr(why.text, "hush"));
}

static void files_of_no_use(void **state)
{
    (void)state;
    check_refused("", 0600, "holds 0 bytes");
    check_refused("hush", 0600, "holds 4 bytes");
    check_refused("hushhushhushhus\n", 0600, "holds 15 bytes");
    check_refused("hush hush hush hush", 0600, "blanks");
    check_refused("hushhushhushhush\n\n", 0600, "blanks");
    check_refused("hushhushhushhush\r\n", 0600, "blanks");
    check_refused("hushhushhushhush\xc3\xa9", 0600, "not printable ASCII");
    check_refused(TOKEN, 0640, "chmod 600");
    check_refused(TOKEN, 0620, "chmod 600");
    check_refused(TOKEN, 0604, "chmod 600");
    struct access_token *token = NULL;
    struct why why;
    assert_int_equal(access_token_read("/nonexistent", &token, &why), ERR_NOT_FOUND);
    assert_int_equal(access_token_read("/tmp", &token, &why), ERR_INVALID);
    assert_int_equal(access_token_read("/dev/null", &token, &why), ERR_INVALID);
    assert_null(token);
}

/* Their modes are systemd's own affair. */
static void files_from_systemd(void **state)
{
    (void)state;
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "/tmp", 1), 0);
    struct access_token *token = NULL;
    assert_int_equal(read_from(TOKEN, 0440, &token, NULL), ERR_NONE);
    access_token_free(token);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "/tm", 1), 0);
    check_refused(TOKEN, 0440, "chmod 600");
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "/tmp/access", 1), 0);
    check_refused(TOKEN, 0440, "chmod 600");
    unsetenv("CREDENTIALS_DIRECTORY");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bearer),
        cmocka_unit_test(basic),
        cmocka_unit_test(long_ones),
        cmocka_unit_test(files_of_no_use),
        cmocka_unit_test(files_from_systemd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
