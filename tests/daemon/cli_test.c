/* Exit codes and output of the program itself, without a broker. */
#include "daemon/verb.h"
#include "tests/check.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX 16384
#define WORDS_MAX  12

extern char **environ;

struct outcome {
    int status;
    char out[OUTPUT_MAX];
    char err[OUTPUT_MAX];
};

static void read_all(FILE *stream, char text[OUTPUT_MAX])
{
    rewind(stream);
    text[fread(text, 1, OUTPUT_MAX - 1, stream)] = '\0';
    fclose(stream);
}

/* Runs "jobs-bridge <words>", split at blanks, and waits for its end. */
static void run(const char *words, struct outcome *ret)
{
    char copy[512];
    char program[] = PROGRAM;
    char *argv[WORDS_MAX + 2] = {program};
    char *rest = NULL;
    size_t argc = 1;
    FILE *out = tmpfile();
    FILE *err = tmpfile();
    assert_true(out != NULL && err != NULL);
    snprintf(copy, sizeof copy, "%s", words);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        assert_true(argc <= WORDS_MAX);
        argv[argc++] = word;
    }
    posix_spawn_file_actions_t actions;
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    posix_spawn_file_actions_adddup2(&actions, fileno(out), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(err), STDERR_FILENO);
    pid_t pid;
    int status;
    assert_int_equal(posix_spawn(&pid, program, &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    ret->status = WEXITSTATUS(status);
    read_all(out, ret->out);
    read_all(err, ret->err);
}

static void version_and_help(void **state)
{
    (void)state;
    static const char *const same[][2] = {{"version", "--version"}, {"help", "--help"}};
    for (size_t i = 0; i < COUNT_OF(same); i++) {
        struct outcome verb, option;
        run(same[i][0], &verb);
        run(same[i][1], &option);
        assert_int_equal(verb.status, VERB_OK);
        assert_int_equal(option.status, VERB_OK);
        assert_string_equal(verb.out, option.out);
        assert_string_equal(verb.err, "");
        check_has(verb.out, "jobs-bridge ");
    }
    static const char *const verbs[] = {"run", "check", "send", "jobs", "policy"};
    for (size_t i = 0; i < COUNT_OF(verbs); i++) {
        struct outcome help;
        char words[32], usage[64];
        snprintf(words, sizeof words, "help %s", verbs[i]);
        snprintf(usage, sizeof usage, "Usage: jobs-bridge %s ", verbs[i]);
        run(words, &help);
        assert_int_equal(help.status, VERB_OK);
        check_has(help.out, usage);
    }
}

static void wrong_words(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        const char *complaint;
    } cases[] = {
        {"", "Usage:"},
        {"dance", "'dance'"},
        {"watch", "not built yet"},
        {"dead list", "not built yet"},
        {"help dance", "'dance'"},
        {"version 2", "'2'"},
        {"run --colour", "--colour"},
        {"run --log-level loud", "'loud'"},
        {"send {}", "--job"},
        {"send --job j", "--job and the command"},
        {"send --job a/b {}", "jobId"},
        {"send --job j --thing a/b {}", "thingName"},
        {"send --job j --namespace a.b {}", "namespaceId"},
        {"send --job j --timeout 5 {}", "has no unit"},
        {"send --job j --timeout 2h {}", "out of range"},
        {"send --job j {} {}", "one command"},
        {"send --job j {", "the command:"},
        {"send --job j []", "no JSON object"},
        {"send --job j --dry-run {\"dryRun\":false}", "no dry run"},
        {"send --job j {\"clientToken\":\"a.b\"}", "clientToken"},
        {"jobs", "an action"},
        {"jobs dance", "'dance'"},
        {"jobs describe", "needs a job"},
        {"jobs describe a.b", "jobId"},
        {"jobs describe a b", "too many"},
        {"jobs describe a --force", "does not take -f"},
        {"jobs create a", "--thing"},
        {"jobs update a", "the update"},
        {"jobs update a []", "no JSON object"},
        {"jobs executions", "a job or one --thing"},
        {"jobs executions a --thing t", "a job or one --thing"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct outcome outcome;
        run(cases[i].words, &outcome);
        if (outcome.status != VERB_USAGE)
            print_error("'%s' ends with %d\n", cases[i].words, outcome.status);
        assert_int_equal(outcome.status, VERB_USAGE);
        assert_string_equal(outcome.out, "");
        check_has(outcome.err, cases[i].complaint);
    }
}

static void check_verb(void **state)
{
    (void)state;
    static const char wrong[] = VECTORS_DIR "/config/all/every-mistake-at-once.yaml";
    static const char right[] = VECTORS_DIR "/config/accepted/short-deadline.yaml";
    struct outcome outcome;
    char words[512];
    snprintf(words, sizeof words, "check --config %s", wrong);
    run(words, &outcome);
    assert_int_equal(outcome.status, VERB_REFUSED);
    assert_string_equal(outcome.out, "");
    check_has(outcome.err, "every-mistake-at-once.yaml:3: mqtt.url: ");
    check_has(outcome.err, "every-mistake-at-once.yaml:13: elephant: ");
    snprintf(words, sizeof words, "run --config %s", wrong);
    run(words, &outcome);
    assert_int_equal(outcome.status, VERB_REFUSED);
    check_has(outcome.err, "every-mistake-at-once.yaml:3: mqtt.url: ");
    snprintf(words, sizeof words, "check --config %s", right);
    run(words, &outcome);
    assert_int_equal(outcome.status, VERB_OK);
    check_has(outcome.out, "short-deadline.yaml: ok\n");
    assert_string_equal(outcome.err, "");
    run("check --config /nonexistent.yaml", &outcome);
    assert_int_equal(outcome.status, VERB_REFUSED);
    check_has(outcome.err, "/nonexistent.yaml: cannot be opened");
}

static int forget_environment(void **state)
{
    (void)state;
    return unsetenv("JOBS_BRIDGE_CONFIG");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_and_help),
        cmocka_unit_test(wrong_words),
        cmocka_unit_test(check_verb),
    };
    return cmocka_run_group_tests(tests, forget_environment, NULL);
}
