/*
 * A journal whose rows are no command's: a whole database, but nobody who keeps to the rules has
 * written it. Each line is a row, its columns separated by tabs, "-" for none:
 *
 *   commands    1  0  1700000000000  -1  1  jobs-bridge/jobs/j/update  -  -  token
 * {"description":"d"}
 *
 * A bridge takes it up, with a broker and an endpoint that say yes to everything, and takes in one
 * more command. All that it publishes is whole, and what the journal calls damaged is set aside by
 * the next opening.
 */
#include "base/log.h"
#include "bridge/bridge.h"
#include "store/journal.h"
#include "tests/fuzz/fuzz.h"
#include "topics/topics.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#define WALL_MS   INT64_C(1700000000000)
#define POSTS_MAX 64
#define TURNS_MAX 2000
#define NEW       "{\"timeoutConfig\":{\"inProgressTimeoutInMinutes\":5},\"clientToken\":\"new\"}"

static const struct table {
    const char *name;
    const char
        *columns; /* i: integer, t: text, b: bytes, n: integer, 0 where the line ends early */
} tables[] = {
    {"commands", "iiiiittbbbttn"}, {"endings", "iiiiiiittt"}, {"unfinished", "i"}, {"dead", "iit"},
    {"books", "iiiiiib"},          {"memories", "itt"},
};

static void bind(struct sqlite3_stmt *row, int at, char type, struct str value)
{
    int64_t number = 0;
    if (str_eq_text(value, "-"))
        sqlite3_bind_null(row, at);
    else if ((type == 'i' || type == 'n') && str_to_int(value, INT64_MIN, INT64_MAX, &number))
        sqlite3_bind_int64(row, at, number);
    else if (type == 'b')
        sqlite3_bind_blob64(row, at, value.n > 0 ? value.p : "", value.n, SQLITE_STATIC);
    else
        sqlite3_bind_text64(row, at, value.n > 0 ? value.p : "", value.n, SQLITE_STATIC,
                            SQLITE_UTF8);
}

/* A row that the tables' own constraints refuse is left out. */
static void insert(struct sqlite3 *db, struct str line)
{
    struct str name = str_cut(&line, '\t');
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        char sql[128];
        const char *columns = tables[i].columns;
        struct sqlite3_stmt *row = NULL;
        if (!str_eq_text(name, tables[i].name))
            continue;
        sqlite3_snprintf(sizeof sql, sql, "INSERT OR REPLACE INTO %s VALUES (?%.*s)",
                         tables[i].name, 2 * ((int)strlen(columns) - 1),
                         ",?,?,?,?,?,?,?,?,?,?,?,?");
        assert(sqlite3_prepare_v2(db, sql, -1, &row, NULL) == SQLITE_OK);
        for (int at = 0; columns[at] != '\0'; at++) {
            struct str missing = columns[at] == 'n' ? STR("0") : STR("-");
            bind(row, at + 1, columns[at], str_is_absent(line) ? missing : str_cut(&line, '\t'));
        }
        sqlite3_step(row);
        sqlite3_finalize(row);
    }
}

static const char *path(void)
{
    return scratch_file(fuzz_folder(), "journal.db");
}

/* Opens it, which nothing that is in it can keep from working. True: it was set aside. */
static bool need_journal(struct journal **ret)
{
    char set_aside[256];
    const struct journal_options options = {.path = path(),
                                            .sync = STORE_SYNC_NORMAL,
                                            .bytes_max = (int64_t)16 * 1024 * 1024,
                                            .window_ms = 600000};
    enum err err = journal_open(&options, ret, set_aside, sizeof set_aside, NULL);
    assert(err == ERR_NONE);
    if (set_aside[0] != '\0')
        (void)unlink(set_aside);
    return set_aside[0] != '\0';
}

static void write_rows(struct str rows)
{
    struct sqlite3 *db = NULL;
    assert(sqlite3_open(path(), &db) == SQLITE_OK);
    assert(sqlite3_exec(db,
                        "PRAGMA ignore_check_constraints = ON; BEGIN;"
                        "DELETE FROM commands; DELETE FROM endings; DELETE FROM unfinished;"
                        "DELETE FROM dead; DELETE FROM memories; DELETE FROM books;"
                        "INSERT INTO books VALUES (1, 0, 0, 0, 1000, 1, zeroblob(16))",
                        NULL, NULL, NULL) == SQLITE_OK);
    while (!str_is_absent(rows))
        insert(db, str_cut(&rows, '\n'));
    assert(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
    assert(sqlite3_close(db) == SQLITE_OK);
}

/* The world: a broker and an endpoint that say yes, one thing at a time, and two clocks. */
struct world {
    struct bridge *bridge;
    int64_t mono_ms;
    uint64_t posts[POSTS_MAX];
    size_t post_count;
    uint64_t call;
    bool has_call;
    bool has_new_answer;
};

static size_t room(void *context)
{
    const struct world *world = context;
    return POSTS_MAX - world->post_count;
}

static void check_json(struct str text)
{
    struct doc *doc = NULL;
    struct why why = {0};
    enum err err = doc_parse(text, (size_t)1024 * 1024, &doc, &why);
    assert(err == ERR_NONE && doc_kind_of(doc_root(doc)) == DOC_OBJECT);
    doc_free(doc);
}

/* As mqtt_publish refuses them. */
static enum err publish(void *context, const struct post *post)
{
    struct world *world = context;
    check_json(post->payload);
    if (level_check_name(post->topic, NULL) != ERR_NONE)
        return ERR_INVALID;
    if (str_eq_text(post->topic, "jobs-bridge/jobs/new/update/accepted"))
        world->has_new_answer = true;
    world->posts[world->post_count++] = post->id;
    return ERR_NONE;
}

static void acknowledge(void *context, uint64_t ticket)
{
    (void)context;
    (void)ticket;
}

static enum err start_call(void *context, const struct call *call)
{
    struct world *world = context;
    check_json(call->body);
    assert(identifier_is_job(call->job));
    assert(str_is_absent(call->namespace) || identifier_is_namespace(call->namespace));
    assert(!world->has_call);
    world->call = call->id;
    world->has_call = true;
    return ERR_NONE;
}

static int64_t mono_ms(void *context)
{
    return ((const struct world *)context)->mono_ms;
}

static int64_t wall_ms(void *context)
{
    return WALL_MS + ((const struct world *)context)->mono_ms;
}

static uint64_t below(void *context, uint64_t limit)
{
    (void)context;
    return limit / 2;
}

static struct bridge_options options_of(struct world *world, struct journal *journal,
                                        const struct policy *policy)
{
    return (struct bridge_options){
        .outcome = {.root = STR("jobs-bridge"),
                    .reserved_prefix = STR("$aws"),
                    .templates = {notify_topic_template(STR("documented"))},
                    .template_count = 1},
        .schedule = {.max_in_flight = 1, .burst = 1, .coalesces = true},
        .deadline_ms = 300000,
        .policy = policy,
        .brokers = {{world, room, publish, acknowledge}},
        .endpoint = {world, start_call, start_call},
        .journal = {journal, journal_add, journal_decide, journal_finish, journal_bury,
                    journal_find, journal_commit, journal_has_room, journal_totals, journal_each},
        .memory = {journal, journal_remember, journal_each_memory},
        .time = {world, mono_ms, wall_ms, NULL},
        .chance = {NULL, below},
    };
}

static void let_happen(struct world *world)
{
    if (world->has_call) {
        const struct reply reply = {.id = world->call, .http_status = 200, .retry_after_ms = -1};
        world->has_call = false;
        bridge_on_reply(world->bridge, &reply);
    }
    while (world->post_count > 0)
        bridge_on_delivered(world->bridge, SIDE_LOCAL, world->posts[--world->post_count], ERR_NONE);
    world->mono_ms += 1000;
    bridge_turn(world->bridge);
}

static bool is_broken(const struct world *world)
{
    const char *why;
    return bridge_is_broken(world->bridge, &why);
}

/* Whether it came to rest; if not, its journal is broken. */
static bool run(struct world *world)
{
    const struct arrival arrival = {.topic = STR("jobs-bridge/jobs/new/update"),
                                    .payload = STR(NEW),
                                    .expiry_s = -1,
                                    .qos = 1,
                                    .ack_ticket = 1};
    bridge_turn(world->bridge);
    bridge_on_arrival(world->bridge, &arrival);
    for (int turns = 0; !is_broken(world); turns++) {
        let_happen(world);
        if (bridge_is_idle(world->bridge) && bridge_books(world->bridge).waiting == 0)
            return !is_broken(world);
        assert(turns < TURNS_MAX);
    }
    return false;
}

/* What is known of numbers in jobs is taken up where a policy asks for it. */
static struct policy *tracking_policy(void)
{
    static struct policy policy = {.tracked = UINT32_MAX >> (32 - FIELD_SLOT_COUNT)};
    static struct policy_rule rule = {.number = 1, .fields = FIELD_ALL};
    policy.rules = &rule;
    policy.count = 1;
    return &policy;
}

static enum err play(struct journal *journal, struct why *why)
{
    struct world world = {.mono_ms = 1000000};
    const struct bridge_options options = options_of(&world, journal, tracking_policy());
    assert(bridge_new(&options, &world.bridge) == ERR_NONE);
    enum err err = bridge_recover(world.bridge, why);
    if (err == ERR_NONE) {
        bool is_at_rest = run(&world);
        assert(!is_at_rest || world.has_new_answer);
        err = is_at_rest ? ERR_NONE : ERR_DAMAGED;
    }
    bridge_free(world.bridge);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct journal *journal = NULL;
    struct why why = {0};
    log_set_level(LOG_ERROR);
    if (access(path(), F_OK) != 0) {
        need_journal(&journal);
        journal_close(journal);
    }
    write_rows((struct str){(const char *)bytes, n});
    need_journal(&journal);
    enum err err = play(journal, &why);
    journal_close(journal);
    if (err == ERR_NONE)
        return 0;
    assert(err == ERR_DAMAGED);
    bool is_set_aside = need_journal(&journal);
    err = play(journal, &why);
    assert(is_set_aside && err == ERR_NONE);
    journal_close(journal);
    return 0;
}
