/* The process dies before each single thing that it does, one after the other. */
#include "tests/check.h"
#include "tests/fakes/world.h"

#define MANY 1000000

static size_t send(struct world *world, const char *job, const char *members)
{
    return world_send(world,
                      &(struct world_command){.thing = "pump", .job = job, .members = members});
}

/* All that a command may meet: it shares a job, is refused by a check and by AWS, is called again,
 * is planned only, goes to a Response Topic, has more things to tell. */
static void tell_the_story(struct world *world)
{
    world->endpoint.usual.takes_ms = 10;
    world->broker.delivers_in_ms = 5;
    world_endpoint_script(&world->endpoint, "shaky",
                          (struct world_reply){.fault = FAULT_TRANSPORT});
    world_endpoint_script(&world->endpoint, "gone",
                          (struct world_reply){.fault = FAULT_RESOURCE_NOT_FOUND});
    send(world, "rollout", NULL);
    send(world, "rollout", "\"things\":[\"fan\",\"valve\"]");
    send(world, "shaky", NULL);
    send(world, "gone", NULL);
    world_run_until(world, 12);
    send(world, "no.job", NULL);
    send(world, "rollout", "\"dryRun\":true");
    world_send(world, &(struct world_command){
                          .job = "rollout", .namespace = "site", .response_topic = "replies/7"});
    world_turn(world);
    world_link(world, false);
    world_run_until(world, 30);
    world_link(world, true);
    send(world, "rollout", NULL);
    world_run_until_idle(world, 100000);
}

static const char *const codes[] = {"accepted",     "accepted", "accepted", "ResourceNotFound",
                                    "InvalidTopic", "accepted", "accepted", "accepted"};

static void check_codes(const struct world *world, bool is_scripted)
{
    assert_int_equal(world->arrival_count, COUNT_OF(codes));
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        /* One who is asked again after a crash has no line left in the script. */
        bool is_as_ever = strcmp(world_code(world, i), codes[i]) == 0;
        assert_true(is_as_ever ||
                    (!is_scripted && i == 3 && strcmp(world_code(world, i), "accepted") == 0));
    }
}

/* What is being tried, for the one who reads of its failure. */
struct trial {
    bool coalesces;
    unsigned dies_in;
    unsigned dies_again_in;
};

static struct world *new_world(const struct trial *trial)
{
    struct world *world =
        world_new(&(struct world_options){.coalesces = trial->coalesces, .redelivers = true});
    world->dies_in = trial->dies_in;
    world->dies_again_in = trial->dies_again_in;
    return world;
}

/* How many things there are to die before. */
static unsigned count_deeds(bool coalesces)
{
    struct world *world = new_world(&(struct trial){coalesces, MANY, 0});
    tell_the_story(world);
    unsigned deeds = MANY - world->dies_in;
    assert_int_equal(world->broker.life, 0);
    check_codes(world, true);
    world_end(world);
    return deeds;
}

static void try_it(struct trial *trial)
{
    struct world *world = new_world(trial);
    tell_the_story(world);
    assert_true(world->broker.life > 0);
    check_codes(world, false);
    world_end(world);
}

static int begin_trials(void **state)
{
    static struct trial trial;
    trial = (struct trial){0};
    *state = &trial;
    return 0;
}

static int end_trials(void **state)
{
    const struct trial *trial = *state;
    print_message("the last: calls %s, dies before deed %u, and again before deed %u\n",
                  trial->coalesces ? "shared" : "not shared", trial->dies_in, trial->dies_again_in);
    return 0;
}

static void every_command_is_answered_wherever_it_dies(void **state)
{
    struct trial *trial = *state;
    for (int coalesces = 0; coalesces <= 1; coalesces++) {
        unsigned deeds = count_deeds(coalesces);
        assert_true(deeds > 50);
        trial->coalesces = coalesces;
        for (trial->dies_in = 1; trial->dies_in <= deeds; trial->dies_in++)
            try_it(trial);
    }
}

static void and_if_it_dies_again_soon_after(void **state)
{
    struct trial *trial = *state;
    trial->coalesces = true;
    unsigned deeds = count_deeds(true);
    for (trial->dies_in = 1; trial->dies_in <= deeds; trial->dies_in++)
        for (trial->dies_again_in = 1; trial->dies_again_in <= 24; trial->dies_again_in++)
            try_it(trial);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin_trials, end_trials)
    const struct CMUnitTest tests[] = {
        CASE(every_command_is_answered_wherever_it_dies),
        CASE(and_if_it_dies_again_soon_after),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
