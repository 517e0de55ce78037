/* Exit codes and output of the program itself, without a broker. */
#include "daemon/verb.h"
#include "tests/check.h"
#include "tests/daemon/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* However it is asked for. */
static void check_help_of(const char *verb, const char *expected)
{
    static const char *const options[] = {"--help", "-?", "-h"};
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        struct program_outcome help;
        char words[32];
        snprintf(words, sizeof words, "%s %s", verb, options[i]);
        program_run(words, &help);
        assert_int_equal(help.status, VERB_OK);
        assert_string_equal(help.out, expected);
    }
}

static void version_and_help(void **state)
{
    (void)state;
    static const char *const same[][2] = {{"version", "--version"}, {"help", "--help"}};
    for (size_t i = 0; i < COUNT_OF(same); i++) {
        struct program_outcome verb, option;
        program_run(same[i][0], &verb);
        program_run(same[i][1], &option);
        assert_int_equal(verb.status, VERB_OK);
        assert_int_equal(option.status, VERB_OK);
        assert_string_equal(verb.out, option.out);
        assert_string_equal(verb.err, "");
        check_has(verb.out, "jobs-bridge ");
    }
    static const char *const verbs[] = {"run", "check", "send", "watch", "jobs", "policy", "dead"};
    for (size_t i = 0; i < COUNT_OF(verbs); i++) {
        struct program_outcome help;
        char words[32], usage[64];
        snprintf(words, sizeof words, "help %s", verbs[i]);
        snprintf(usage, sizeof usage, "Usage: jobs-bridge %s ", verbs[i]);
        program_run(words, &help);
        assert_int_equal(help.status, VERB_OK);
        check_has(help.out, usage);
        check_has(help.out, "\nExamples:\n  jobs-bridge ");
        check_has(help.out, "Exits with 0 ");
        check_help_of(verbs[i], help.out);
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
        {"wacth", "did you mean 'watch'?"},
        {"sned", "did you mean 'send'?"},
        {"--config x run", "options stand behind the verb"},
        {"watch dance", "options only"},
        {"watch --count 0", "'0' is no whole number"},
        {"watch --timeout 0s", "--timeout"},
        {"watch --job a/b", "jobId"},
        {"check x.yaml", "a file is named by --config"},
        {"help dance", "'dance'"},
        {"version 2", "'2'"},
        {"run --colour", "--colour"},
        {"run --log-level loud", "'loud'"},
        {"send {}", "--job is needed"},
        {"send --job a/b {}", "jobId"},
        {"send --job j --thing a/b {}", "thingName"},
        {"send --job j --namespace a.b {}", "namespaceId"},
        {"send --job j --timeout 5 {}", "has no unit"},
        {"send --job j --timeout 25h {}", "out of range"},
        {"send --job j", "the command is needed"},
        {"send --job j {} {}", "one command"},
        {"send --job j --lines {}", "come from standard input"},
        {"send --job j --lines --repeat 2", "either --repeat or --lines"},
        {"send --job j --repeat 0 {}", "--repeat: '0' is no whole number from 1 to 1000000"},
        {"send --job j --rate x {}", "--rate: 'x'"},
        {"send --job j {", "the command:"},
        {"send --job j -", "a JSON object is expected"},
        {"policy", "an action is needed: test"},
        {"policy test {}", "--job is needed"},
        {"policy test --job j", "the command is needed"},
        {"send --job j []", "no JSON object"},
        {"send --job j --dry-run {\"dryRun\":false}", "no dry run"},
        {"send --job j {\"clientToken\":\"a.b\"}", "clientToken"},
        {"dead", "an action"},
        {"dead dance", "'dance'"},
        {"dead lst", "did you mean 'list'?"},
        {"dead show", "needs the number"},
        {"dead show x", "'x' is not the number"},
        {"dead show 0", "'0' is not the number"},
        {"dead show 1 2", "one dead letter"},
        {"dead list 1", "takes no number"},
        {"dead list --all", "--all is for drop"},
        {"dead drop", "needs the number"},
        {"dead drop 1 --all", "--all is for drop"},
        {"dead replay 1 --timeout 5", "has no unit"},
        {"jobs", "an action"},
        {"jobs dance", "'dance'"},
        {"jobs descirbe", "did you mean 'describe'?"},
        {"policy try", "the only one is test"},
        {"jobs describe", "needs a job"},
        {"jobs describe a.b", "jobId"},
        {"jobs describe a b", "too many"},
        {"jobs describe a --force", "does not take --force"},
        {"jobs create a", "--thing"},
        {"jobs update a", "the update"},
        {"jobs update a []", "no JSON object"},
        {"jobs executions", "a job or one --thing"},
        {"jobs executions a --thing t", "a job or one --thing"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct program_outcome outcome;
        program_run(cases[i].words, &outcome);
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
    struct program_outcome outcome;
    char words[512];
    snprintf(words, sizeof words, "check --config %s", wrong);
    program_run(words, &outcome);
    assert_int_equal(outcome.status, VERB_REFUSED);
    assert_string_equal(outcome.out, "");
    check_has(outcome.err, "every-mistake-at-once.yaml:3: mqtt.url: ");
    check_has(outcome.err, "every-mistake-at-once.yaml:13: elephant: ");
    snprintf(words, sizeof words, "run --config %s", wrong);
    program_run(words, &outcome);
    assert_int_equal(outcome.status, VERB_REFUSED);
    check_has(outcome.err, "every-mistake-at-once.yaml:3: mqtt.url: ");
    snprintf(words, sizeof words, "check --config %s", right);
    program_run(words, &outcome);
    assert_int_equal(outcome.status, VERB_OK);
    check_has(outcome.out, "short-deadline.yaml: ok\n");
    assert_string_equal(outcome.err, "");
    program_run("check --config /nonexistent.yaml", &outcome);
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
