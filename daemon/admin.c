#include "daemon/admin.h"

#include "base/emit.h"
#include "base/now.h"
#include "daemon/asset.h"
#include "daemon/board_json.h"
#include "daemon/dead_list.h"
#include "daemon/health.h"
#include "daemon/metrics.h"
#include "http/access_token.h"
#include "http/server.h"

#include <stdio.h>
#include <stdlib.h>

#define CONNECTIONS_MAX 32
#define IDLE_TIMEOUT_S  10

struct admin {
    struct snapshot_exchange *snapshots;
    struct board *board;
    char *journal;
    struct access_token *token; /* NULL: whoever reaches the address may ask */
    struct server *server;
};

static void answer_error(struct server_response *response, int status, const char *message)
{
    struct emit emit = emit_to(&response->body);
    response->status = status;
    emit_object(&emit, NULL);
    emit_text(&emit, "message", message);
    emit_object_end(&emit);
}

typedef bool question_fn(const struct snapshot *snapshot, int64_t now_ms, struct emit *reasons);

static void answer_question(const struct snapshot *snapshot, question_fn *question,
                            struct server_response *response)
{
    struct buf *body = &response->body;
    struct emit emit = emit_to(body);
    emit_object(&emit, NULL);
    emit_text(&emit, "status", "unavailable");
    emit_array(&emit, "reasons");
    bool is_ok = question(snapshot, now_mono_ms(), &emit);
    emit_array_end(&emit);
    emit_object_end(&emit);
    response->status = is_ok ? 200 : 503;
    if (is_ok) {
        buf_clear(body);
        buf_add_text(body, "{\"status\":\"ok\"}");
    }
}

static void write_healthz(struct admin *admin, const struct server_request *request,
                          struct server_response *response)
{
    (void)request;
    answer_question(snapshot_latest(admin->snapshots), health_is_live, response);
}

static void write_readyz(struct admin *admin, const struct server_request *request,
                         struct server_response *response)
{
    (void)request;
    answer_question(snapshot_latest(admin->snapshots), health_is_ready, response);
}

static void write_metrics(struct admin *admin, const struct server_request *request,
                          struct server_response *response)
{
    enum exposition_format format = exposition_choose(server_header(request, "Accept"));
    server_response_header(response, "Content-Type", exposition_media_type(format));
    metrics_write(snapshot_latest(admin->snapshots), now_mono_ms(), format, &response->body);
}

static void write_state(struct admin *admin, const struct server_request *request,
                        struct server_response *response)
{
    (void)request;
    board_json_state(admin->board, true, &response->body);
}

static void write_jobs(struct admin *admin, const struct server_request *request,
                       struct server_response *response)
{
    (void)request;
    board_json_roster(&admin->board->jobs, &response->body);
}

static void write_things(struct admin *admin, const struct server_request *request,
                         struct server_response *response)
{
    (void)request;
    board_json_roster(&admin->board->things, &response->body);
}

static void write_dead(struct admin *admin, const struct server_request *request,
                       struct server_response *response)
{
    (void)request;
    uint64_t total = snapshot_latest(admin->snapshots)->dead_letters;
    struct why why = {0};
    if (dead_list_write(admin->journal, total, &response->body, &why) == ERR_NONE)
        return;
    buf_clear(&response->body);
    answer_error(response, 503, why.text);
}

static void write_events(struct admin *admin, const struct server_request *request,
                         struct server_response *response)
{
    board_watch(admin->board, request, response);
}

/* Fills a response that has no body yet and the status 200. */
typedef void page_fn(struct admin *admin, const struct server_request *request,
                     struct server_response *response);

static const struct page {
    const char *path;
    page_fn *write;
} pages[] = {
    {"/healthz", write_healthz}, {"/readyz", write_readyz},     {"/metrics", write_metrics},
    {"/api/state", write_state}, {"/api/jobs", write_jobs},     {"/api/things", write_things},
    {"/api/dead", write_dead},   {"/api/events", write_events},
};

static void answer_not_found(struct server_response *response)
{
    char message[256] = "there is /";
    for (size_t i = 0; i < COUNT_OF(pages); i++) {
        size_t n = strlen(message);
        snprintf(message + n, sizeof message - n, " %s", pages[i].path);
    }
    answer_error(response, 404, message);
}

/* A browser asks its user for what Basic wants. */
static bool may_ask(const struct admin *admin, const struct server_request *request,
                    struct server_response *response)
{
    if (admin->token == NULL ||
        access_token_is_in(admin->token, server_header(request, "Authorization")))
        return true;
    server_response_header(response, "Cache-Control", STR("no-store"));
    server_response_header(response, "WWW-Authenticate", STR("Basic realm=\"jobs-bridge\""));
    server_response_header(response, "WWW-Authenticate", STR("Bearer realm=\"jobs-bridge\""));
    answer_error(response, 401, "the token of admin.token_file is needed");
    return false;
}

static page_fn *find_page(struct str path)
{
    for (size_t i = 0; i < COUNT_OF(pages); i++)
        if (str_eq_text(path, pages[i].path))
            return pages[i].write;
    return NULL;
}

static void handle(void *context, const struct server_request *request,
                   struct server_response *response)
{
    struct admin *admin = context;
    if (!may_ask(admin, request, response))
        return;
    page_fn *write = find_page(request->path);
    const struct asset *asset = write == NULL ? asset_find(request->path) : NULL;
    bool is_read = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
    if (asset != NULL && is_read) {
        asset_answer(asset, request, response);
        return;
    }
    server_response_header(response, "Cache-Control", STR("no-store"));
    if (write == NULL && asset == NULL) {
        answer_not_found(response);
    } else if (!is_read) {
        server_response_header(response, "Allow", STR("GET, HEAD"));
        answer_error(response, 405, "only GET and HEAD are answered here");
    } else {
        write(admin, request, response);
    }
}

static int64_t tick(void *context, struct stream_set *streams)
{
    struct admin *admin = context;
    return board_tick(admin->board, streams, now_mono_ms(), now_wall_ms());
}

enum err admin_start(const struct admin_options *options, struct admin **ret, struct why *why)
{
    struct admin *admin = calloc(1, sizeof *admin);
    if (admin == NULL)
        return why_set(why, ERR_NO_MEMORY, NULL, "%s", err_name(ERR_NO_MEMORY));
    admin->snapshots = options->snapshots;
    admin->journal = str_dup(str_of(options->journal));
    const struct board_options board = {options->snapshots, options->news};
    if (admin->journal == NULL || board_new(&board, &admin->board) != ERR_NONE) {
        admin_stop(admin);
        return why_set(why, ERR_NO_MEMORY, NULL, "%s", err_name(ERR_NO_MEMORY));
    }
    struct server_options server = {
        .listen = options->listen,
        .connections_max = CONNECTIONS_MAX,
        .idle_timeout_s = IDLE_TIMEOUT_S,
        .handle = handle,
        .tick = tick,
        .context = admin,
    };
    enum err err = ERR_NONE;
    if (options->token_file != NULL)
        err = access_token_read(options->token_file, &admin->token, why);
    if (err == ERR_NONE)
        err = server_start(&server, &admin->server, why);
    if (err != ERR_NONE) {
        admin_stop(admin);
        return err;
    }
    *ret = admin;
    return ERR_NONE;
}

void admin_stop(struct admin *admin)
{
    if (admin == NULL)
        return;
    server_stop(admin->server);
    access_token_free(admin->token);
    board_free(admin->board);
    free(admin->journal);
    free(admin);
}

void admin_wake(struct admin *admin)
{
    server_wake(admin->server);
}

unsigned admin_port(const struct admin *admin)
{
    return server_port(admin->server);
}
