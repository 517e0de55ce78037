/* The PEM files of a link, with certificates made for the test. */
#include "mqtt/tls_files.h"
#include "tests/fakes/broker_process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* cmocka wants the above first */
#include <cmocka.h>

static struct broker_process broker; /* never started: only its certificates are wanted */
static char ca[128], cert[128], key[128];

static const char *in_folder(char *path, size_t size, const char *name)
{
    snprintf(path, size, "%s/%s", broker.dir, name);
    return path;
}

/* What is at the path becomes another file, as a renewal does it. */
static void replace(const char *path, const char *with)
{
    char command[512];
    snprintf(command, sizeof command, "cp '%s/%s' '%s.new' && mv '%s.new' '%s'", broker.dir, with,
             path, path, path);
    FILE *shell = popen(command, "r");
    assert_non_null(shell);
    assert_int_equal(pclose(shell), 0);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static int renew(void **state)
{
    (void)state;
    replace(in_folder(ca, sizeof ca, "trust.pem"), "ca.pem");
    replace(in_folder(cert, sizeof cert, "client.pem"), "server.pem");
    replace(in_folder(key, sizeof key, "client.key"), "server.key");
    return 0;
}

static void read_copy(const struct tls_files *files, enum tls_file which, char *ret, size_t size)
{
    FILE *file = fopen(tls_files_path(files, which), "r");
    assert_non_null(file);
    ret[fread(ret, 1, size - 1, file)] = '\0';
    fclose(file);
}

static void test_files_are_copied(void **state)
{
    (void)state;
    struct tls_files files;
    char before[4096], after[4096];
    assert_int_equal(tls_files_init(&files, (const char *[]){ca, cert, key}, NULL), ERR_NONE);
    read_copy(&files, TLS_FILE_CERT, before, sizeof before);
    assert_non_null(strstr(before, "BEGIN CERTIFICATE"));
    assert_false(tls_files_have_changed(&files));
    assert_int_equal(remove(cert), 0);
    assert_false(tls_files_have_changed(&files)); /* it is being replaced */
    read_copy(&files, TLS_FILE_CERT, after, sizeof after);
    assert_string_equal(before, after);
    tls_files_fini(&files);
}

static void test_there_may_be_none(void **state)
{
    (void)state;
    struct tls_files files;
    assert_int_equal(tls_files_init(&files, (const char *[]){NULL, NULL, NULL}, NULL), ERR_NONE);
    assert_null(tls_files_path(&files, TLS_FILE_CA));
    assert_false(tls_files_have_changed(&files));
    tls_files_fini(&files);
}

static void test_new_files_are_taken_once(void **state)
{
    (void)state;
    struct tls_files files;
    char before[4096], after[4096];
    assert_int_equal(tls_files_init(&files, (const char *[]){ca, NULL, NULL}, NULL), ERR_NONE);
    read_copy(&files, TLS_FILE_CA, before, sizeof before);
    replace(ca, "other-ca.pem");
    assert_true(tls_files_have_changed(&files));
    assert_int_equal(tls_files_take(&files, NULL), ERR_NONE);
    assert_false(tls_files_have_changed(&files));
    read_copy(&files, TLS_FILE_CA, after, sizeof after);
    assert_string_not_equal(before, after);
    tls_files_fini(&files);
}

static void test_bad_files_keep_the_old_ones(void **state)
{
    (void)state;
    struct tls_files files;
    struct why why;
    char before[4096], after[4096];
    assert_int_equal(tls_files_init(&files, (const char *[]){ca, cert, key}, NULL), ERR_NONE);
    read_copy(&files, TLS_FILE_CA, before, sizeof before);
    replace(ca, "other-ca.pem");
    replace(key, "other-ca.key");
    assert_int_equal(tls_files_take(&files, &why), ERR_INVALID);
    assert_string_equal(why.field, "key_file");
    assert_false(tls_files_have_changed(&files)); /* said once */
    read_copy(&files, TLS_FILE_CA, after, sizeof after);
    assert_string_equal(before, after); /* all or none */
    replace(key, "server.key");
    assert_true(tls_files_have_changed(&files));
    assert_int_equal(tls_files_take(&files, &why), ERR_NONE);
    tls_files_fini(&files);
}

static void expect_refusal(const char *const paths[TLS_FILE_COUNT], const char *field,
                           const char *words)
{
    struct tls_files files;
    struct why why = {0};
    assert_int_equal(tls_files_init(&files, paths, &why), ERR_INVALID);
    assert_string_equal(why.field, field);
    if (strstr(why.text, words) == NULL)
        fail_msg("%s: expected %s", why.text, words);
    tls_files_fini(&files);
}

static void test_what_makes_no_sense_is_named(void **state)
{
    (void)state;
    char other[128];
    in_folder(other, sizeof other, "other-ca.key");
    expect_refusal((const char *[]){ca, cert, other}, "key_file", "fits the certificate");
    expect_refusal((const char *[]){ca, key, key}, "cert_file", "no certificate");
    expect_refusal((const char *[]){"/dev/null", NULL, NULL}, "ca_file", "is no file");
    expect_refusal((const char *[]){"/nowhere", NULL, NULL}, "ca_file", "No such file");
    write_text(ca, "");
    expect_refusal((const char *[]){ca, NULL, NULL}, "ca_file", "no certificates");
    write_text(ca, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    expect_refusal((const char *[]){ca, NULL, NULL}, "ca_file", "no certificates");
}

/* Nobody could type a passphrase. */
static void test_an_encrypted_key_is_refused(void **state)
{
    (void)state;
    char command[512];
    snprintf(command, sizeof command,
             "openssl rsa -aes128 -passout pass:secret -in '%s/server.key' -out '%s' 2>&1",
             broker.dir, key);
    FILE *shell = popen(command, "r");
    assert_non_null(shell);
    char output[256];
    while (fgets(output, sizeof output, shell) != NULL)
        ;
    assert_int_equal(pclose(shell), 0);
    expect_refusal((const char *[]){ca, cert, key}, "key_file", "no key");
}

static int set_up(void **state)
{
    (void)state;
    broker_process_init(&broker, NULL, true);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    broker_process_fini(&broker);
    return 0;
}

#define UNIT(test) cmocka_unit_test_setup(test, renew)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_files_are_copied),
        UNIT(test_there_may_be_none),
        UNIT(test_new_files_are_taken_once),
        UNIT(test_bad_files_keep_the_old_ones),
        UNIT(test_what_makes_no_sense_is_named),
        UNIT(test_an_encrypted_key_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
