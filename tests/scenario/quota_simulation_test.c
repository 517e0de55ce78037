/*
 * A day of too much work in three minutes: 1,000 things, 20 jobs, 50 times as many commands as the
 * quota has calls, and a service that allows 10 calls a second, then 3 for a minute, then 10 again.
 * One thing sends a fifth of it all, one a single command now and then. What comes of it is printed
 * and left in quota-simulation.txt of the build folder.
 */
#include "tests/check.h"
#include "tests/fakes/world.h"

#include <stdio.h>
#include <stdlib.h>

#define THINGS       1000
#define JOBS         20
#define QUOTA        10 /* calls a second, and at once */
#define LOW_QUOTA    3
#define PHASE_MS     60000
#define PHASES       3
#define STEP_MS      100
#define PER_STEP     50   /* commands: 500 a second */
#define QUIET_MS     5000 /* between two commands of the quiet thing */
#define CALL_MS      80   /* a call to a far region */
#define COMMANDS_MAX (PHASES * PHASE_MS / STEP_MS * (PER_STEP + 1))

enum { NOISY = 0, QUIET = 1 }; /* the others are the crowd */

struct simulation {
    struct world *world;
    struct bucket service; /* the quota as AWS keeps it */
    bool is_low;
    unsigned short thing_of[COMMANDS_MAX]; /* by command */
    int64_t *waits;                        /* by command */
    FILE *report;
};

static void say(struct simulation *simulation, const char *format, ...) printf_like(2, 3);

static void say(struct simulation *simulation, const char *format, ...)
{
    char line[160];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    print_message("%s\n", line);
    if (simulation->report != NULL)
        fprintf(simulation->report, "%s\n", line);
}

static struct world_reply serve(void *context, const struct world_call *call)
{
    struct simulation *simulation = context;
    bool is_low = call->started_ms >= PHASE_MS && call->started_ms < INT64_C(2) * PHASE_MS;
    if (is_low != simulation->is_low)
        bucket_set_rate(&simulation->service, (is_low ? LOW_QUOTA : QUOTA) * BUCKET_TOKEN,
                        call->started_ms);
    simulation->is_low = is_low;
    bool is_allowed = bucket_take(&simulation->service, call->started_ms);
    return (struct world_reply){.fault = is_allowed ? FAULT_OK : FAULT_THROTTLING,
                                .takes_ms = CALL_MS};
}

static void send_as(struct simulation *simulation, unsigned thing)
{
    struct world *world = simulation->world;
    char name[32];
    char job[32];
    snprintf(name, sizeof name, "thing-%u", thing);
    snprintf(job, sizeof job, "job-%d", (int)world_below(world, JOBS));
    size_t number = world_send(world, &(struct world_command){.thing = name, .job = job});
    assert_true(number < COMMANDS_MAX);
    simulation->thing_of[number] = (unsigned short)thing;
}

static void load(struct simulation *simulation)
{
    struct world *world = simulation->world;
    for (int64_t at_ms = 0; at_ms < INT64_C(1) * PHASES * PHASE_MS; at_ms += STEP_MS) {
        world_run_until(world, at_ms);
        for (int i = 0; i < PER_STEP; i++) {
            bool is_noisy = world_below(world, 5) == 0;
            send_as(simulation, is_noisy ? NOISY : 2 + (unsigned)world_below(world, THINGS - 2));
        }
        if (at_ms % QUIET_MS == 0)
            send_as(simulation, QUIET);
    }
    world_run_until_idle(world, world->now_ms + 400000);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

struct spread {
    size_t count;
    double mean;
    int64_t p50;
    int64_t p99;
    int64_t most;
};

/* Of the accepted commands of one thing; thing < 0: of all. */
static struct spread spread_of(struct simulation *simulation, int thing)
{
    const struct world *world = simulation->world;
    struct spread spread = {0};
    for (size_t i = 0; i < world->arrival_count; i++) {
        if ((thing >= 0 && simulation->thing_of[i] != thing) ||
            strcmp(world_code(world, i), "accepted") != 0)
            continue;
        int64_t wait_ms = world_answer(world, i)->at_ms - world->arrivals[i].at_ms;
        simulation->waits[spread.count++] = wait_ms;
        spread.mean += (double)wait_ms;
    }
    if (spread.count == 0)
        return spread;
    qsort(simulation->waits, spread.count, sizeof simulation->waits[0], by_size);
    spread.mean /= (double)spread.count;
    spread.p50 = simulation->waits[spread.count / 2];
    spread.p99 = simulation->waits[spread.count * 99 / 100];
    spread.most = simulation->waits[spread.count - 1];
    return spread;
}

/* Jain's index of the things' mean waits: 1 when all wait alike, 1/n when one does all the waiting.
 */
static double jain_index(struct simulation *simulation, int64_t *ret_p50, int64_t *ret_p99)
{
    static int64_t p50s[THINGS];
    static int64_t p99s[THINGS];
    double sum = 0;
    double squares = 0;
    size_t count = 0;
    for (int thing = 0; thing < THINGS; thing++) {
        struct spread spread = spread_of(simulation, thing);
        if (spread.count == 0)
            continue;
        sum += spread.mean;
        squares += spread.mean * spread.mean;
        p50s[count] = spread.p50;
        p99s[count++] = spread.p99;
    }
    qsort(p50s, count, sizeof p50s[0], by_size);
    qsort(p99s, count, sizeof p99s[0], by_size);
    *ret_p50 = p50s[count / 2];
    *ret_p99 = p99s[count - 1];
    return sum * sum / ((double)count * squares);
}

static size_t wasted(const struct world *world, int64_t from_ms, int64_t to_ms)
{
    size_t count = 0;
    for (size_t i = 0; i < world->endpoint.count; i++) {
        const struct world_call *call = &world->endpoint.calls[i];
        count += call->reply.fault == FAULT_THROTTLING && call->started_ms >= from_ms &&
                 call->started_ms < to_ms;
    }
    return count;
}

static void tell_calls(struct simulation *simulation)
{
    struct world *world = simulation->world;
    say(simulation, "  %-10s %6s %10s %10s %8s", "seconds", "quota", "calls", "a second", "wasted");
    for (int phase = 0; phase < PHASES; phase++) {
        int64_t from_ms = INT64_C(1) * phase * PHASE_MS;
        size_t calls = world_endpoint_calls(&world->endpoint, NULL, from_ms, from_ms + PHASE_MS);
        say(simulation, "  %3lld - %-4lld %6d %10zu %10.2f %8zu", (long long)(from_ms / 1000),
            (long long)((from_ms + PHASE_MS) / 1000), phase == 1 ? LOW_QUOTA : QUOTA, calls,
            (double)calls * 1000 / PHASE_MS, wasted(world, from_ms, from_ms + PHASE_MS));
    }
}

static void run(struct simulation *simulation, bool coalesces)
{
    bucket_init(&simulation->service, QUOTA, QUOTA, 0);
    simulation->is_low = false;
    simulation->world = world_new(&(struct world_options){.rate_per_second = QUOTA,
                                                          .burst = QUOTA,
                                                          .coalesces = coalesces,
                                                          .reserve_percent = 10,
                                                          .waiting_per_thing = 1000,
                                                          .is_forgetful = true,
                                                          .seed = 20240229});
    simulation->world->endpoint.decide = serve;
    simulation->world->endpoint.decide_context = simulation;
    load(simulation);
    struct bridge_books books = bridge_books(simulation->world->bridge);
    say(simulation, "%s: %zu commands, %llu accepted, %llu rejected, %llu calls, %llu wasted",
        coalesces ? "sharing calls" : "one call each", simulation->world->arrival_count,
        (unsigned long long)books.accepted, (unsigned long long)books.rejected,
        (unsigned long long)books.calls, (unsigned long long)books.throttled);
    tell_calls(simulation);
}

static void tell_waits(struct simulation *simulation, struct spread *ret_quiet, double *ret_jain)
{
    struct spread all = spread_of(simulation, -1);
    struct spread noisy = spread_of(simulation, NOISY);
    int64_t p50;
    int64_t p99;
    *ret_quiet = spread_of(simulation, QUIET);
    *ret_jain = jain_index(simulation, &p50, &p99);
    say(simulation, "  waiting ms  %8s %8s %8s", "p50", "p99", "longest");
    say(simulation, "  all         %8lld %8lld %8lld", (long long)all.p50, (long long)all.p99,
        (long long)all.most);
    say(simulation, "  noisy thing %8lld %8lld %8lld", (long long)noisy.p50, (long long)noisy.p99,
        (long long)noisy.most);
    say(simulation, "  quiet thing %8lld %8lld %8lld", (long long)ret_quiet->p50,
        (long long)ret_quiet->p99, (long long)ret_quiet->most);
    say(simulation, "  by thing: median of p50 %lld ms, worst p99 %lld ms; Jain's index %.4f",
        (long long)p50, (long long)p99, *ret_jain);
}

static void everyone_is_served_within_the_quota(void **state)
{
    struct simulation *simulation = *state;
    struct spread quiet;
    double jain;
    run(simulation, true);
    tell_waits(simulation, &quiet, &jain);
    struct world *world = simulation->world;
    struct bridge_books books = bridge_books(world->bridge);
    assert_int_equal(books.accepted, world->arrival_count);
    assert_int_equal(books.rejected, 0);
    assert_int_equal(wasted(world, 0, PHASE_MS), 0);
    assert_true(wasted(world, PHASE_MS, INT64_C(2) * PHASE_MS) <= 12);
    assert_int_equal(wasted(world, INT64_C(2) * PHASE_MS, INT64_C(4) * PHASE_MS), 0);
    /* A round is a call for each job: 2 s at 10 a second, 7 s at 3, longer while it adapts. */
    assert_true(quiet.most <= 20000);
    assert_true(jain > 0.95);
    /* The low quota is used, too. */
    assert_true(world_endpoint_calls(&world->endpoint, NULL, PHASE_MS, INT64_C(2) * PHASE_MS) >=
                PHASE_MS / 1000 * LOW_QUOTA / 2);
    world_end(world);
}

static void alone_each_command_would_wait_in_vain(void **state)
{
    struct simulation *simulation = *state;
    struct spread quiet;
    double jain;
    run(simulation, false);
    tell_waits(simulation, &quiet, &jain);
    assert_true(bridge_books(simulation->world->bridge).rejected >
                simulation->world->arrival_count / 2);
    world_end(simulation->world);
}

static int set_up(void **state)
{
    struct simulation *simulation = calloc(1, sizeof *simulation);
    assert_non_null(simulation);
    simulation->waits = calloc(COMMANDS_MAX, sizeof simulation->waits[0]);
    assert_non_null(simulation->waits);
    simulation->report = fopen(REPORT_DIR "/quota-simulation.txt", "w");
    assert_non_null(simulation->report);
    *state = simulation;
    return 0;
}

static int tear_down(void **state)
{
    struct simulation *simulation = *state;
    fclose(simulation->report);
    free(simulation->waits);
    free(simulation);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everyone_is_served_within_the_quota),
        cmocka_unit_test(alone_each_command_would_wait_in_vain),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
