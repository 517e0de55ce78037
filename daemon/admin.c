#include "daemon/admin.h"

#include "base/emit.h"
#include "base/now.h"
#include "daemon/health.h"
#include "daemon/metrics.h"
#include "http/server.h"

#include <stdio.h>
#include <stdlib.h>

#define CONNECTIONS_MAX 32
#define IDLE_TIMEOUT_S  10

struct admin {
    struct snapshot_exchange *snapshots;
    struct server *server;
};

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

/* Fills a response that has no body yet and the status 200. */
typedef void page_fn(struct admin *admin, const struct server_request *request,
                     struct server_response *response);

static const struct page {
    const char *path;
    page_fn *write;
} pages[] = {
    {"/healthz", write_healthz},
    {"/readyz", write_readyz},
    {"/metrics", write_metrics},
};

static void answer_error(struct server_response *response, int status, const char *message)
{
    struct emit emit = emit_to(&response->body);
    response->status = status;
    emit_object(&emit, NULL);
    emit_text(&emit, "message", message);
    emit_object_end(&emit);
}

static void answer_not_found(struct server_response *response)
{
    char message[256] = "there is";
    for (size_t i = 0; i < COUNT_OF(pages); i++) {
        size_t n = strlen(message);
        snprintf(message + n, sizeof message - n, " %s", pages[i].path);
    }
    answer_error(response, 404, message);
}

static void handle(void *context, const struct server_request *request,
                   struct server_response *response)
{
    struct admin *admin = context;
    server_response_header(response, "Cache-Control", STR("no-store"));
    for (size_t i = 0; i < COUNT_OF(pages); i++) {
        if (!str_eq_text(request->path, pages[i].path))
            continue;
        if (strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0) {
            pages[i].write(admin, request, response);
        } else {
            server_response_header(response, "Allow", STR("GET, HEAD"));
            answer_error(response, 405, "only GET and HEAD are answered here");
        }
        return;
    }
    answer_not_found(response);
}

enum err admin_start(const struct admin_options *options, struct admin **ret, struct why *why)
{
    struct admin *admin = calloc(1, sizeof *admin);
    if (admin == NULL)
        return why_set(why, ERR_NO_MEMORY, NULL, "%s", err_name(ERR_NO_MEMORY));
    admin->snapshots = options->snapshots;
    struct server_options server = {
        .listen = options->listen,
        .connections_max = CONNECTIONS_MAX,
        .idle_timeout_s = IDLE_TIMEOUT_S,
        .handle = handle,
        .context = admin,
    };
    enum err err = server_start(&server, &admin->server, why);
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
    free(admin);
}

unsigned admin_port(const struct admin *admin)
{
    return server_port(admin->server);
}
