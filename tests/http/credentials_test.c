#include "http/credentials.h"
#include "tests/check.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const variables[] = {"AWS_ACCESS_KEY_ID",
                                        "AWS_SECRET_ACCESS_KEY",
                                        "AWS_SESSION_TOKEN",
                                        "AWS_SECURITY_TOKEN",
                                        "AWS_CREDENTIAL_EXPIRATION",
                                        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                        "AWS_PROFILE",
                                        "AWS_CONFIG_FILE",
                                        "AWS_SHARED_CREDENTIALS_FILE",
                                        "HOME"};

static char home[] = "/tmp/jobs-bridge-credentials-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", home, name);
    return path;
}

static void write_bytes(const char *name, struct str bytes)
{
    FILE *file = fopen(path_of(name), "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.p, 1, bytes.n, file), bytes.n);
    assert_int_equal(fclose(file), 0);
}

static void write_text(const char *name, const char *text)
{
    write_bytes(name, str_of(text));
}

static int remove_one(const char *path, const struct stat *status, int flag, struct FTW *ftw)
{
    (void)status;
    (void)flag;
    return ftw->level == 0 ? 0 : remove(path);
}

/* An empty home and nothing in the environment but where that is. */
static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(variables); i++)
        unsetenv(variables[i]);
    nftw(home, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return setenv("HOME", home, 1) != 0 || mkdir(path_of(".aws"), 0700) != 0;
}

static int make_home(void **state)
{
    (void)state;
    return mkdtemp(home) == NULL;
}

static int remove_home(void **state)
{
    (void)state;
    nftw(home, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return rmdir(home);
}

static struct credentials *open_source(enum credentials_source source)
{
    struct credentials *credentials = NULL;
    assert_int_equal(credentials_new(source, path_of("embedded"), &credentials, NULL), ERR_NONE);
    return credentials;
}

static void assert_keys(enum credentials_source source, const char *access_key,
                        const char *secret_key, const char *token)
{
    struct credentials *credentials = open_source(source);
    struct why why = {0};
    const struct credential *credential = credentials_current(credentials, &why);
    if (credential == NULL)
        fail_msg("%s", why.text);
    assert_string_equal(credential->access_key, access_key);
    assert_string_equal(credential->secret_key, secret_key);
    assert_string_equal(credential->token, token);
    assert_int_equal(credential->expires_at_s, -1);
    credentials_free(credentials);
}

static void assert_none(enum credentials_source source, const char *reason)
{
    struct credentials *credentials = open_source(source);
    struct why why = {0};
    assert_null(credentials_current(credentials, &why));
    check_has(why.text, reason);
    assert_null(strstr(why.text, "HUSH"));
    credentials_free(credentials);
}

static void the_environment_is_read(void **state)
{
    (void)state;
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "HUSH/+=", 1);
    assert_keys(CREDENTIALS_ENVIRONMENT, "AKIDEXAMPLE", "HUSH/+=", "");
    setenv("AWS_SECURITY_TOKEN", "legacy", 1);
    assert_keys(CREDENTIALS_ENVIRONMENT, "AKIDEXAMPLE", "HUSH/+=", "legacy");
    setenv("AWS_SESSION_TOKEN", "session/token+with=signs", 1);
    assert_keys(CREDENTIALS_AUTO, "AKIDEXAMPLE", "HUSH/+=", "session/token+with=signs");
}

static void the_environment_can_end(void **state)
{
    (void)state;
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "HUSH", 1);
    setenv("AWS_CREDENTIAL_EXPIRATION", "2018-01-18T09:18:06Z", 1);
    assert_none(CREDENTIALS_ENVIRONMENT, "environment: its keys have expired");
    setenv("AWS_CREDENTIAL_EXPIRATION", "tomorrow", 1);
    assert_none(CREDENTIALS_ENVIRONMENT, "AWS_CREDENTIAL_EXPIRATION is no date");
    setenv("AWS_CREDENTIAL_EXPIRATION", "2099-01-18T09:18:06Z", 1);
    struct credentials *credentials = open_source(CREDENTIALS_AUTO);
    assert_int_equal(credentials_current(credentials, NULL)->expires_at_s, 4072411086);
    credentials_free(credentials);
}

static void half_an_environment_is_an_error(void **state)
{
    (void)state;
    write_text(".aws/credentials", "[default]\naws_access_key_id=A\naws_secret_access_key=B\n");
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    assert_none(CREDENTIALS_AUTO, "AWS_SECRET_ACCESS_KEY is not");
    unsetenv("AWS_ACCESS_KEY_ID");
    setenv("AWS_SECRET_ACCESS_KEY", "HUSH", 1);
    assert_none(CREDENTIALS_ENVIRONMENT, "AWS_ACCESS_KEY_ID is not");
    setenv("AWS_SECRET_ACCESS_KEY", "", 1);
    assert_none(CREDENTIALS_ENVIRONMENT, "are not set");
}

static void values_that_could_break_a_header_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"HUSH\r\nX: y", "HUSH y",       "HUSH\x01",
                                      "HUSH\x7f",     "HU\xc3\x89SH", "HUSH\""};
    char long_value[5000];
    memset(long_value, 'S', sizeof long_value - 1);
    long_value[sizeof long_value - 1] = '\0';
    for (size_t i = 0; i <= COUNT_OF(bad); i++) {
        const char *value = i < COUNT_OF(bad) ? bad[i] : long_value;
        setenv("AWS_ACCESS_KEY_ID", value, 1);
        setenv("AWS_SECRET_ACCESS_KEY", "B", 1);
        unsetenv("AWS_SESSION_TOKEN");
        assert_none(CREDENTIALS_ENVIRONMENT, "environment: the access key id is");
        setenv("AWS_ACCESS_KEY_ID", "A", 1);
        setenv("AWS_SECRET_ACCESS_KEY", value, 1);
        assert_none(CREDENTIALS_ENVIRONMENT, "the secret access key is");
        setenv("AWS_SECRET_ACCESS_KEY", "B", 1);
        setenv("AWS_SESSION_TOKEN", value, 1);
        assert_none(CREDENTIALS_ENVIRONMENT, "the session token is");
    }
}

static void the_default_profile_is_read(void **state)
{
    (void)state;
    write_text(".aws/credentials", "[other]\naws_access_key_id = X\naws_secret_access_key = Y\n"
                                   "[default]\naws_access_key_id = A # note\n"
                                   "aws_secret_access_key = B\naws_session_token = C\n");
    assert_keys(CREDENTIALS_PROFILE, "A", "B", "C");
    assert_keys(CREDENTIALS_AUTO, "A", "B", "C");
    setenv("AWS_PROFILE", "other", 1);
    assert_keys(CREDENTIALS_AUTO, "X", "Y", "");
    setenv("AWS_PROFILE", "missing", 1);
    assert_none(CREDENTIALS_AUTO, "no keys in profile missing");
    assert_none(CREDENTIALS_AUTO, "are not set");
}

static void the_config_file_comes_second(void **state)
{
    (void)state;
    write_text(".aws/config", "[default]\naws_access_key_id=A\naws_secret_access_key=B\n"
                              "[profile p]\naws_access_key_id=C\naws_secret_access_key=D\n"
                              "[profile \"q r\"]\naws_access_key_id=E\naws_secret_access_key=F\n"
                              "[p]\naws_access_key_id=G\naws_secret_access_key=H\n");
    assert_keys(CREDENTIALS_PROFILE, "A", "B", "");
    setenv("AWS_PROFILE", "p", 1);
    assert_keys(CREDENTIALS_PROFILE, "C", "D", "");
    setenv("AWS_PROFILE", "q r", 1);
    assert_keys(CREDENTIALS_PROFILE, "E", "F", "");
    write_text(".aws/credentials", "[q r]\naws_access_key_id=I\naws_secret_access_key=J\n");
    assert_keys(CREDENTIALS_PROFILE, "I", "J", "");
}

static void the_files_can_be_elsewhere(void **state)
{
    (void)state;
    write_text("credentials", "[default]\naws_access_key_id=A\naws_secret_access_key=B\n");
    setenv("AWS_SHARED_CREDENTIALS_FILE", path_of("credentials"), 1);
    assert_keys(CREDENTIALS_PROFILE, "A", "B", "");
    setenv("AWS_SHARED_CREDENTIALS_FILE", path_of("missing"), 1);
    write_text("config", "[profile default]\naws_access_key_id=C\naws_secret_access_key=D\n");
    setenv("AWS_CONFIG_FILE", path_of("config"), 1);
    assert_keys(CREDENTIALS_PROFILE, "C", "D", "");
    unsetenv("HOME");
    assert_keys(CREDENTIALS_PROFILE, "C", "D", "");
    unsetenv("AWS_SHARED_CREDENTIALS_FILE");
    unsetenv("AWS_CONFIG_FILE");
    assert_none(CREDENTIALS_PROFILE, "HOME");
}

static void what_is_not_supported_is_said(void **state)
{
    (void)state;
    static const char *const members[] = {"mfa_serial", "login_session", "sso_session",
                                          "sso_start_url", "web_identity_token_file"};
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        char text[256];
        snprintf(text, sizeof text, "[default]\n%s = x\n", members[i]);
        write_text(".aws/config", text);
        assert_none(CREDENTIALS_PROFILE, members[i]);
        assert_none(CREDENTIALS_AUTO, "not supported");
    }
}

static void hostile_files_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[default]\naws_access_key_id=A\n",
        "[default]\naws_secret_access_key=HUSH\n",
        "[default]\naws_access_key_id=A\naws_secret_access_key=HUSH HUSH\n",
        "[default]\naws_access_key_id=A\naws_secret_access_key=HUSH\naws_session_token=\x01\n",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        write_text("embedded", texts[i]);
        assert_none(CREDENTIALS_EMBEDDED, "embedded: profile default: the ");
    }
    write_bytes("embedded", STR("[default]\naws_access_key_id=A\naws_secret_access_key=HU\0SH\n"));
    assert_none(CREDENTIALS_EMBEDDED, "secret access key");
    write_text("embedded", "aws_access_key_id=A\naws_secret_access_key=HUSH\n[default\n");
    assert_none(CREDENTIALS_EMBEDDED, "no keys in profile default");
    size_t n = (size_t)300 * 1024;
    char *large = calloc(1, n);
    assert_non_null(large);
    write_bytes("embedded", (struct str){large, n});
    free(large);
    assert_none(CREDENTIALS_EMBEDDED, "larger than");
    assert_int_equal(unlink(path_of("embedded")), 0);
    assert_int_equal(mkfifo(path_of("embedded"), 0600), 0);
    assert_none(CREDENTIALS_EMBEDDED, "no regular file");
    assert_int_equal(unlink(path_of("embedded")), 0);
    assert_int_equal(mkdir(path_of("embedded"), 0700), 0);
    assert_none(CREDENTIALS_EMBEDDED, "no regular file");
}

static void the_null_device_is_an_empty_file(void **state)
{
    (void)state;
    setenv("AWS_CONFIG_FILE", "/dev/null", 1);
    write_text(".aws/credentials", "[default]\naws_access_key_id=A\naws_secret_access_key=B\n");
    assert_keys(CREDENTIALS_PROFILE, "A", "B", "");
    setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
    assert_none(CREDENTIALS_PROFILE, "/dev/null has no keys in profile default");
    setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/zero", 1);
    assert_none(CREDENTIALS_PROFILE, "no regular file");
}

static void a_missing_file_may_appear_later(void **state)
{
    (void)state;
    struct credentials *credentials = open_source(CREDENTIALS_EMBEDDED);
    struct why why;
    assert_null(credentials_current(credentials, &why));
    check_has(why.text, "there is no ");
    write_text("embedded", "[default]\naws_access_key_id=A\naws_secret_access_key=B\n");
    const struct credential *credential = credentials_current(credentials, &why);
    assert_non_null(credential);
    assert_string_equal(credential->access_key, "A");
    credentials_free(credentials);
}

static void keys_are_kept_until_reload(void **state)
{
    (void)state;
    write_text("embedded", "[default]\naws_access_key_id=A\naws_secret_access_key=B\n");
    struct credentials *credentials = open_source(CREDENTIALS_EMBEDDED);
    assert_string_equal(credentials_current(credentials, NULL)->access_key, "A");
    write_text("embedded", "[default]\naws_access_key_id=C\naws_secret_access_key=D\n");
    assert_string_equal(credentials_current(credentials, NULL)->access_key, "A");
    credentials_reload(credentials);
    assert_string_equal(credentials_current(credentials, NULL)->access_key, "C");
    assert_int_equal(unlink(path_of("embedded")), 0);
    credentials_reload(credentials);
    assert_null(credentials_current(credentials, NULL));
    credentials_free(credentials);
}

static void sources_have_names(void **state)
{
    (void)state;
    static const char *const names[] = {"auto",     "environment", "profile",
                                        "embedded", "container",   "imds"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct credentials *credentials = open_source((enum credentials_source)i);
        assert_string_equal(credentials_source_name(credentials), names[i]);
        credentials_free(credentials);
    }
    struct credentials *credentials = NULL;
    assert_int_equal(credentials_new(CREDENTIALS_EMBEDDED, NULL, &credentials, NULL), ERR_INVALID);
    assert_int_equal(credentials_new(CREDENTIALS_IOT, NULL, &credentials, NULL), ERR_INVALID);
    assert_null(credentials);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_environment_is_read, set_up),
        cmocka_unit_test_setup(the_environment_can_end, set_up),
        cmocka_unit_test_setup(half_an_environment_is_an_error, set_up),
        cmocka_unit_test_setup(values_that_could_break_a_header_are_refused, set_up),
        cmocka_unit_test_setup(the_default_profile_is_read, set_up),
        cmocka_unit_test_setup(the_config_file_comes_second, set_up),
        cmocka_unit_test_setup(the_files_can_be_elsewhere, set_up),
        cmocka_unit_test_setup(what_is_not_supported_is_said, set_up),
        cmocka_unit_test_setup(hostile_files_are_refused, set_up),
        cmocka_unit_test_setup(the_null_device_is_an_empty_file, set_up),
        cmocka_unit_test_setup(a_missing_file_may_appear_later, set_up),
        cmocka_unit_test_setup(keys_are_kept_until_reload, set_up),
        cmocka_unit_test_setup(sources_have_names, set_up),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
