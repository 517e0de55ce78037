#include "base/now.h"
#include "http/credentials_process.h"
#include "tests/check.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct {
    const char *command;
    const char *words; /* joined by '|'; NULL: refused */
} splits[] = {
    {"a", "a"},
    {"  a \t b  ", "a|b"},
    {"a 'b c' \"d e\"", "a|b c|d e"},
    {"a b'c d'e", "a|bc de"},
    {"a '' \"\"", "a||"},
    {"a \"b'c\" 'd\"e'", "a|b'c|d\"e"},
    {"a b\\ c \"d\\\"e\" 'f\\g'", "a|b c|d\"e|f\\g"},
    {"a $HOME `b` ;c >d *", "a|$HOME|`b`|;c|>d|*"},
    {"a\\", "a\\"},
    {"", NULL},
    {" \t", NULL},
    {"a 'b", NULL},
    {"a \"b\\\"", NULL},
};

static void commands_are_split_as_a_shell_would(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(splits); i++) {
        char command[64];
        char joined[64] = "";
        char *words[CREDENTIALS_PROCESS_WORDS_MAX + 1];
        snprintf(command, sizeof command, "%s", splits[i].command);
        enum err err = credentials_process_split(command, words);
        assert_int_equal(err, splits[i].words != NULL ? ERR_NONE : ERR_INVALID);
        for (size_t n = 0; err == ERR_NONE && words[n] != NULL; n++) {
            size_t at = strlen(joined);
            snprintf(joined + at, sizeof joined - at, "%s%s", n > 0 ? "|" : "", words[n]);
        }
        if (err == ERR_NONE)
            assert_string_equal(joined, splits[i].words);
    }
    char many[2 * CREDENTIALS_PROCESS_WORDS_MAX + 3];
    char *words[CREDENTIALS_PROCESS_WORDS_MAX + 1];
    for (size_t i = 0; i < sizeof many; i++)
        many[i] = i % 2 == 0 ? 'a' : ' ';
    many[sizeof many - 1] = '\0';
    assert_int_equal(credentials_process_split(many, words), ERR_INVALID);
}

static enum err run(const char *command, int64_t timeout_ms, struct credential *ret,
                    struct why *why)
{
    struct credentials_process *process = NULL;
    enum err err = credentials_process_start(command, timeout_ms, &process, why);
    int64_t limit_ms = now_mono_ms() + 10000;
    while (process != NULL && !credentials_process_poll(process, &err, ret, why)) {
        assert_true(now_mono_ms() < limit_ms);
        usleep(5000);
    }
    credentials_process_free(process);
    assert_null(strstr(why->text, "HUSH"));
    return err;
}

static void what_it_prints_are_the_keys(void **state)
{
    (void)state;
    struct credential found = {0};
    struct why why = {0};
    enum err err = run("printf '%s' '{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":"
                       "\"HUSH\",\"SessionToken\":\"C\",\"Expiration\":\"2018-01-18T09:18:06Z\"}'",
                       5000, &found, &why);
    assert_string_equal(why.text, "");
    assert_int_equal(err, ERR_NONE);
    assert_string_equal(found.access_key, "A");
    assert_string_equal(found.token, "C");
    assert_int_equal(found.expires_at_s, 1516267086);
}

static void failures_are_told_without_the_output(void **state)
{
    (void)state;
    static const struct {
        const char *command;
        const char *reason;
    } cases[] = {
        {"/nonexistent/program", "/nonexistent/program: No such file"},
        {"'open", "a quote is open"},
        {"true", "no valid JSON"},
        {"echo HUSH", "no valid JSON"},
        {"echo '{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"HUSH\"}'", "Version 1"},
        {"sh -c 'echo HUSH; echo HUSH >&2; exit 3'", "status 3"},
        {"sh -c 'kill -9 $$'", "signal 9"},
        {"sh -c 'while :; do echo HUSH; done'", "longer than 16383 bytes"},
        {"sh -c 'echo HUSH; exec sleep 60'", "did not end in time"},
        {"sh -c 'exec >&-; exec sleep 60'", "did not end in time"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct credential found = {0};
        struct why why = {0};
        int64_t started_ms = now_mono_ms();
        assert_int_not_equal(run(cases[i].command, 1000, &found, &why), ERR_NONE);
        check_has(why.text, cases[i].reason);
        assert_true(now_mono_ms() - started_ms < 5000);
        assert_string_equal(found.secret_key, "");
    }
}

static void its_children_do_not_hold_it_up(void **state)
{
    (void)state;
    struct credential found = {0};
    struct why why = {0};
    char file[] = "/tmp/jobs-bridge-child-XXXXXX";
    char command[256];
    close(mkstemp(file));
    snprintf(command, sizeof command,
             "sh -c 'sleep 60 & echo $! >%s; echo \"{\\\"Version\\\":1,\\\"AccessKeyId\\\":"
             "\\\"A\\\",\\\"SecretAccessKey\\\":\\\"B\\\"}\"'",
             file);
    enum err err = run(command, 5000, &found, &why);
    FILE *stream = fopen(file, "re");
    char text[32] = "";
    assert_non_null(stream);
    assert_non_null(fgets(text, sizeof text, stream));
    fclose(stream);
    unlink(file);
    int64_t pid = 0;
    assert_true(str_to_int((struct str){text, strcspn(text, "\n")}, 2, INT32_MAX, &pid));
    assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
    assert_string_equal(why.text, "");
    assert_int_equal(err, ERR_NONE);
    assert_string_equal(found.secret_key, "B");
}

/* Signals that are blocked here are not blocked there, and no descriptor of ours is open there. */
static void it_starts_clean(void **state)
{
    (void)state;
    sigset_t set;
    int leak = dup(STDERR_FILENO);
    char command[512];
    struct credential found = {0};
    struct why why = {0};
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    assert_int_equal(sigprocmask(SIG_BLOCK, &set, NULL), 0);
    snprintf(command, sizeof command, "test ! -e /proc/self/fd/%d", leak);
    assert_int_not_equal(run(command, 3000, &found, &why), ERR_NONE);
    check_has(why.text, "no valid JSON"); /* it went well, but printed nothing */
    assert_int_not_equal(
        run("grep -q \"^SigBlk:.0000000000000000\" /proc/self/status", 3000, &found, &why),
        ERR_NONE);
    check_has(why.text, "no valid JSON");
    assert_int_equal(sigprocmask(SIG_UNBLOCK, &set, NULL), 0);
    close(leak);
}

static void freeing_ends_it(void **state)
{
    (void)state;
    struct credentials_process *process = NULL;
    int64_t started_ms = now_mono_ms();
    assert_int_equal(credentials_process_start("sleep 60", 60000, &process, NULL), ERR_NONE);
    credentials_process_free(process);
    credentials_process_free(NULL);
    assert_true(now_mono_ms() - started_ms < 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_split_as_a_shell_would),
        cmocka_unit_test(what_it_prints_are_the_keys),
        cmocka_unit_test(failures_are_told_without_the_output),
        cmocka_unit_test(its_children_do_not_hold_it_up),
        cmocka_unit_test(it_starts_clean),
        cmocka_unit_test(freeing_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
