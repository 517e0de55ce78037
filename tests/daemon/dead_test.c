/* The verb "dead" on a journal, with a broker that does as it is told. */
#include "daemon/verb.h"
#include "tests/check.h"
#include "tests/daemon/program.h"
#include "tests/fakes/broker.h"
#include "tests/store/journal_file.h"

#include <stdio.h>
#include <stdlib.h>

#define TOPIC "jobs-bridge/jobs/j/update"

struct fixture {
    struct journal_file file;
    struct broker *broker;
    char config[160];
    struct program_outcome outcome;
};

static void bury(struct journal_file *file, const char *token)
{
    uint64_t seq = journal_file_add(file, token);
    journal_file_decide(file, seq, 0);
    assert_int_equal(journal_bury(file->journal, seq, STR("its answer was refused by the broker"),
                                  file->wall_ms, &file->why),
                     ERR_NONE);
    journal_file_finish(file, seq);
    journal_file_commit(file);
}

static int set_up(void **state)
{
    static struct fixture fixture;
    char text[512];
    journal_file_init(&fixture.file);
    fixture.broker = broker_new(&(struct broker_script){.version = 5});
    snprintf(fixture.config, sizeof fixture.config, "%s/config.yaml", fixture.file.scratch.path);
    snprintf(text, sizeof text, "state: %s\nmqtt: { url: \"mqtt://127.0.0.1:%d\" }\n",
             fixture.file.scratch.path, broker_port(fixture.broker));
    scratch_write(fixture.config, text);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    broker_free(fixture->broker);
    journal_file_fini(&fixture->file);
    return 0;
}

/* With two dead letters, 1 and 2, in a journal that is open. */
static int set_up_letters(void **state)
{
    set_up(state);
    struct fixture *fixture = *state;
    journal_file_open(&fixture->file);
    bury(&fixture->file, "a");
    bury(&fixture->file, "b");
    return 0;
}

static void run(struct fixture *fixture, const char *words, int status)
{
    char all[512];
    snprintf(all, sizeof all, "dead %s --config %s", words, fixture->config);
    program_run(all, &fixture->outcome);
    if (fixture->outcome.status != status)
        print_error("'%s' ends with %d: %s\n", words, fixture->outcome.status,
                    fixture->outcome.err);
    assert_int_equal(fixture->outcome.status, status);
}

static int64_t letters(struct fixture *fixture)
{
    return journal_file_ask(&fixture->file, "SELECT count(*) FROM dead");
}

static void without_a_journal_there_is_nothing_to_do(void **state)
{
    struct fixture *fixture = *state;
    run(fixture, "list", VERB_REFUSED);
    check_has(fixture->outcome.err, "there is no journal yet");
    journal_file_open(&fixture->file);
    run(fixture, "list", VERB_OK);
    assert_string_equal(fixture->outcome.out, "");
    run(fixture, "drop --all", VERB_OK);
    check_has(fixture->outcome.out, "0 dead letters");
}

static void they_are_listed_and_shown(void **state)
{
    struct fixture *fixture = *state;
    run(fixture, "list", VERB_OK);
    check_has(fixture->outcome.out, "1  2023-11-14T22:13:20Z  accepted  " TOPIC "  its answer");
    check_has(fixture->outcome.out, "\n2  ");
    run(fixture, "list --json", VERB_OK);
    check_has(fixture->outcome.out, "{\"id\":1,");
    check_has(fixture->outcome.out, "}\n{\"id\":2,");
    assert_null(strstr(fixture->outcome.out, "payload"));
    run(fixture, "show 2", VERB_OK);
    check_has(fixture->outcome.out, "dead letter 2\n");
    check_has(fixture->outcome.out, "xxxxxxxxxxxxxxxxxxxx\n");
    run(fixture, "show 1 --json", VERB_OK);
    check_has(fixture->outcome.out, "\"payload\":\"xxxxxxxxxxxxxxxxxxxx\"");
    run(fixture, "show 3", VERB_REFUSED);
    check_has(fixture->outcome.err, "there is no dead letter 3");
}

static void they_are_dropped(void **state)
{
    struct fixture *fixture = *state;
    run(fixture, "drop 1", VERB_OK);
    assert_string_equal(fixture->outcome.out, "dead letter 1: dropped\n");
    run(fixture, "drop 1", VERB_REFUSED);
    assert_int_equal(letters(fixture), 1);
    bury(&fixture->file, "c"); /* the service goes on beside it */
    run(fixture, "drop --all", VERB_OK);
    assert_string_equal(fixture->outcome.out, "2 dead letters dropped\n");
    assert_int_equal(letters(fixture), 0);
}

static void one_is_published_again_and_dropped(void **state)
{
    struct fixture *fixture = *state;
    char body[512];
    run(fixture, "replay 1", VERB_OK);
    assert_string_equal(fixture->outcome.out, "dead letter 1: published again\n");
    assert_int_equal(broker_count(fixture->broker, BROKER_PUBLISH), 1);
    size_t n = broker_last(fixture->broker, BROKER_PUBLISH, body, sizeof body);
    assert_int_equal(n, 2 + sizeof TOPIC - 1 + 2 + 1 + 20); /* no properties */
    assert_memory_equal(body + 2, TOPIC, sizeof TOPIC - 1);
    assert_memory_equal(body + n - 20, "xxxxxxxxxxxxxxxxxxxx", 20);
    assert_true(broker_has_clean_end(fixture->broker));
    assert_int_equal(letters(fixture), 1);
    run(fixture, "replay 1", VERB_REFUSED);
    check_has(fixture->outcome.err, "there is no dead letter 1");
}

/* By which the service knows that it is no new command. */
static void its_correlation_data_goes_with_it(void **state)
{
    struct fixture *fixture = *state;
    char body[512];
    journal_file_ask(&fixture->file, "UPDATE commands SET correlation = x'633700' WHERE seq = 2");
    run(fixture, "replay 2", VERB_OK);
    size_t n = broker_last(fixture->broker, BROKER_PUBLISH, body, sizeof body);
    assert_non_null(memmem(body, n,
                           "\x09\x00\x03"
                           "c7\0",
                           6));
}

static void one_that_the_broker_refuses_stays(void **state)
{
    struct fixture *fixture = *state;
    broker_rewrite(fixture->broker, &(struct broker_script){.version = 5, .puback_code = 0x87});
    run(fixture, "replay 1", VERB_REFUSED);
    check_has(fixture->outcome.err, "refused");
    assert_int_equal(letters(fixture), 2);
}

static void one_that_the_broker_does_not_take_in_time_stays(void **state)
{
    struct fixture *fixture = *state;
    broker_rewrite(fixture->broker,
                   &(struct broker_script){.version = 5, .puback_code = BROKER_NEVER});
    run(fixture, "replay 1 --timeout 300ms", VERB_NO_ANSWER);
    check_has(fixture->outcome.err, "did not take the command in time");
    assert_int_equal(letters(fixture), 2);
}

static int forget_environment(void **state)
{
    (void)state;
    return unsetenv("JOBS_BRIDGE_CONFIG");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up_letters, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_a_journal_there_is_nothing_to_do, set_up,
                                        tear_down),
        CASE(they_are_listed_and_shown),
        CASE(they_are_dropped),
        CASE(one_is_published_again_and_dropped),
        CASE(its_correlation_data_goes_with_it),
        CASE(one_that_the_broker_refuses_stays),
        CASE(one_that_the_broker_does_not_take_in_time_stays),
    };
    return cmocka_run_group_tests(tests, forget_environment, NULL);
}
