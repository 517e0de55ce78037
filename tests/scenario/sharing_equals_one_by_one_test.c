/*
 * Commands that share calls end as if each had been called alone, at the real embedded endpoint
 * (without its sockets): every answer has the same code, and every job ends the same.
 */
#include "base/chance.h"
#include "local/dispatch.h"
#include "store/job_schema.h"
#include "tests/check.h"
#include "tests/fakes/world.h"
#include "tests/local/scratch.h"

#include <stdio.h>
#include <stdlib.h>

#define ROUNDS   20
#define COMMANDS 300
#define JOBS     4 /* those that are there; "job-4" is not */

/* One world with an endpoint of its own. */
struct world_side {
    struct scratch scratch;
    struct dispatch dispatch;
    struct world *world;
    uint64_t mishaps; /* state of the generator of what goes wrong with calls */
    struct server_response response;
};

static int ask(struct world_side *side, const char *method, const char *path, const char *namespace,
               const char *body)
{
    char query[96];
    snprintf(query, sizeof query, "namespaceId=%s", namespace != NULL ? namespace : "");
    const struct server_request request = {
        .method = method,
        .path = str_of(path),
        .query = namespace != NULL ? str_of(query) : STR_NONE,
        .body = str_of(body),
    };
    buf_fini(&side->response.body);
    side->response = (struct server_response){.status = 0};
    buf_init(&side->response.body, SERVER_ANSWER_BYTES);
    dispatch_request(&side->dispatch, 1000, &request, &side->response);
    return side->response.status;
}

static void create_jobs(struct world_side *side)
{
    for (int i = 0; i < JOBS; i++) {
        char path[32];
        char body[256];
        snprintf(path, sizeof path, "/jobs/job-%d", i);
        snprintf(body, sizeof body,
                 "{\"targets\":[\"arn:aws:iot:us-east-1:123456789012:thing/pump\"],"
                 "\"document\":\"{}\"%s}",
                 i == 0 ? ",\"namespaceId\":\"site\"" : "");
        assert_int_equal(ask(side, "PUT", path, NULL, body), 200);
    }
}

static uint64_t draw(uint64_t *seed, uint64_t limit)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*seed >> 33) % limit;
}

/* One call in eight goes wrong: half of those have taken effect all the same. */
static struct world_reply serve(void *context, const struct world_call *call)
{
    struct world_side *side = context;
    struct world_reply reply = {.takes_ms = 1 + (int64_t)draw(&side->mishaps, 200)};
    uint64_t mishap = draw(&side->mishaps, 16);
    if (mishap == 0) {
        reply.fault = FAULT_SERVICE_UNAVAILABLE;
        return reply;
    }
    char path[64];
    snprintf(path, sizeof path, "/jobs/%s", call->job);
    if (ask(side, "PATCH", path, call->namespace, call->body) != 200)
        reply.fault = fault_parse(str_of(side->response.headers[0].value));
    if (mishap == 1)
        reply.fault = FAULT_TRANSPORT;
    return reply;
}

static void open_side(struct world_side *side, bool coalesces, uint64_t seed)
{
    *side = (struct world_side){.dispatch = {.region = "us-east-1"}, .mishaps = seed};
    scratch_init(&side->scratch);
    const struct store_options options = {
        .path = scratch_file(&side->scratch, "jobs.db"),
        .sync = STORE_SYNC_NORMAL,
        .access = STORE_WRITE,
        .migrations = job_schema_migrations,
        .migration_count = job_schema_migration_count,
        .bytes_max = LIMITS_JOBS_FILE_BYTES,
    };
    struct dispatch *dispatch = &side->dispatch;
    assert_int_equal(store_open(&options, &dispatch->store, NULL), ERR_NONE);
    assert_int_equal(job_store_new(dispatch->store, &dispatch->jobs, NULL), ERR_NONE);
    assert_int_equal(execution_store_new(dispatch->store, &dispatch->executions, NULL), ERR_NONE);
    create_jobs(side);
    side->world = world_new(&(struct world_options){
        .coalesces = coalesces, .deadline_ms = 86400000, .seed = seed, .max_in_flight = 2});
    side->world->endpoint.decide = serve;
    side->world->endpoint.decide_context = side;
}

static void close_side(struct world_side *side)
{
    world_end(side->world);
    execution_store_free(side->dispatch.executions);
    job_store_free(side->dispatch.jobs);
    store_close(side->dispatch.store);
    buf_fini(&side->response.body);
    scratch_fini(&side->scratch);
}

/* Any of the members, each now and then; some are refused by AWS only. */
static void word_members(uint64_t *seed, size_t number, char *text, size_t size)
{
    char parts[4][160] = {"", "", "", ""};
    if (draw(seed, 2) == 0)
        snprintf(parts[0], sizeof parts[0], ",\"description\":\"#%zu\"", number);
    if (draw(seed, 3) == 0)
        snprintf(parts[1], sizeof parts[1],
                 ",\"timeoutConfig\":{\"inProgressTimeoutInMinutes\":%d}", 1 + (int)draw(seed, 50));
    if (draw(seed, 8) == 0)
        snprintf(parts[2], sizeof parts[2],
                 ",\"jobExecutionsRetryConfig\":{\"criteriaList\":[{\"failureType\":\"ALL\","
                 "\"numberOfRetries\":%d}]}",
                 (int)draw(seed, 3));
    if (draw(seed, 4) == 0)
        snprintf(parts[3], sizeof parts[3],
                 ",\"jobExecutionsRolloutConfig\":{\"maximumPerMinute\":%d}",
                 1 + (int)draw(seed, 999));
    const char *spare = ",\"description\":\"spare\"";
    bool is_empty = parts[0][0] + parts[1][0] + parts[2][0] + parts[3][0] == 0;
    snprintf(text, size, "{\"clientToken\":\"t%zu\"%s%s%s%s%s}", number, parts[0], parts[1],
             parts[2], parts[3], is_empty ? spare : "");
}

static void send_to_both(struct world_side sides[2], uint64_t *seed, size_t number)
{
    char job[16];
    char payload[1024];
    snprintf(job, sizeof job, "job-%d", (int)draw(seed, JOBS + 1));
    word_members(seed, number, payload, sizeof payload);
    static const char *const namespaces[] = {NULL, NULL, NULL, "site", "yard"};
    const struct world_command command = {
        .thing = "pump",
        .job = job,
        .namespace = namespaces[draw(seed, COUNT_OF(namespaces))],
        .payload = payload,
    };
    for (int i = 0; i < 2; i++)
        assert_int_equal(world_send(sides[i].world, &command), number);
}

/* The two need not be at the same command at the same time, so a job is cancelled between. */
static void cancel_a_job(struct world_side sides[2])
{
    for (int i = 0; i < 2; i++) {
        struct world *world = sides[i].world;
        world_run_until_idle(world, world->now_ms + 10000000);
        assert_int_equal(ask(&sides[i], "PUT", "/jobs/job-1/cancel", NULL, "{}"), 200);
    }
}

static void compare(struct world_side sides[2])
{
    for (size_t number = 0; number < COMMANDS; number++)
        assert_string_equal(world_code(sides[0].world, number), world_code(sides[1].world, number));
    for (int i = 0; i < JOBS; i++) {
        char path[32];
        snprintf(path, sizeof path, "/jobs/job-%d", i);
        for (int side = 0; side < 2; side++)
            assert_int_equal(ask(&sides[side], "GET", path, NULL, ""), 200);
        assert_string_equal(buf_text(&sides[0].response.body), buf_text(&sides[1].response.body));
    }
}

static size_t count_code(const struct world *world, const char *code)
{
    size_t count = 0;
    for (size_t number = 0; number < world->arrival_count; number++)
        count += strcmp(world_code(world, number), code) == 0;
    return count;
}

static void one_round(uint64_t seed)
{
    struct world_side sides[2];
    open_side(&sides[0], true, seed);
    open_side(&sides[1], false, seed + 1);
    for (size_t number = 0; number < COMMANDS; number++) {
        send_to_both(sides, &seed, number);
        for (int i = 0; i < 2 && draw(&seed, 20) == 0; i++)
            world_run_until(sides[i].world, sides[i].world->now_ms + (int64_t)draw(&seed, 300));
        if (number == COMMANDS * 2 / 3)
            cancel_a_job(sides);
    }
    for (int i = 0; i < 2; i++)
        world_run_until_idle(sides[i].world, sides[i].world->now_ms + 10000000);
    compare(sides);
    assert_true(count_code(sides[0].world, "accepted") > COMMANDS / 3);
    assert_true(count_code(sides[0].world, "InvalidRequest") > 0);
    assert_true(count_code(sides[0].world, "ResourceNotFound") > 0);
    assert_true(sides[0].world->endpoint.count < sides[1].world->endpoint.count);
    close_side(&sides[0]);
    close_side(&sides[1]);
}

static void answers_and_jobs_end_the_same(void **state)
{
    (void)state;
    const char *given = getenv("SHARING_SEED");
    int64_t seed = 1 + (int64_t)chance_below(INT32_MAX);
    if (given != NULL)
        assert_true(str_to_int(str_of(given), 1, INT64_MAX, &seed));
    print_message("SHARING_SEED=%lld repeats this\n", (long long)seed);
    for (int64_t round = 0; round < ROUNDS; round++)
        one_round((uint64_t)(seed + round));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_and_jobs_end_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
