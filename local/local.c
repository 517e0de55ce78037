#include "local/local.h"

#include "base/limits.h"
#include "base/now.h"
#include "http/credentials.h"
#include "http/server.h"
#include "http/sigv4_verify.h"
#include "local/answer.h"
#include "local/dispatch.h"
#include "local/keyfile.h"
#include "store/job_schema.h"

#include <stdlib.h>

#define CONNECTIONS_MAX (2 * LIMITS_MAX_IN_FLIGHT) /* half of it for the bridge itself */
#define IDLE_TIMEOUT_S  60

struct local {
    char *region;
    struct server *server;

    /* Of the server's thread. */
    struct dispatch dispatch;
    struct credentials *credentials;
    const struct credential *credential; /* owned by credentials */
    struct sigv4 *sigv4;

    /* Of the loop thread. */
    struct store *reader;
    struct execution_store *reader_executions;
};

static enum fault check_signature(struct local *local, const struct server_request *request,
                                  int64_t now_ms, struct why *why)
{
    const struct sigv4_verify_options options = {
        .credential = local->credential,
        .region = str_of(local->region),
        .now_s = now_ms / 1000,
        .sigv4 = local->sigv4,
    };
    return sigv4_verify(request, &options, why);
}

static void on_request(void *context, const struct server_request *request,
                       struct server_response *response)
{
    struct local *local = context;
    struct why why = {0};
    int64_t now_ms = now_wall_ms();
    enum fault fault = check_signature(local, request, now_ms, &why);
    if (fault == FAULT_OK)
        dispatch_request(&local->dispatch, now_ms, request, response);
    else
        answer_fault(response, fault, &why);
}

static enum err read_keys(struct local *local, const char *path, struct why *why)
{
    enum err err = keyfile_ensure(path, why);
    if (err == ERR_NONE)
        err = credentials_new(CREDENTIALS_EMBEDDED, path, &local->credentials, why);
    if (err != ERR_NONE)
        return err;
    local->credential = credentials_current(local->credentials, why);
    return local->credential != NULL ? sigv4_new(&local->sigv4) : ERR_INVALID;
}

static enum err open_writer(struct local *local, const struct local_options *options,
                            struct why *why)
{
    struct dispatch *dispatch = &local->dispatch;
    const struct store_options database = {
        .path = options->database,
        .sync = options->sync,
        .access = STORE_WRITE,
        .migrations = job_schema_migrations,
        .migration_count = job_schema_migration_count,
        .bytes_max = LIMITS_JOBS_FILE_BYTES,
    };
    enum err err = store_open(&database, &dispatch->store, why);
    if (err == ERR_NONE)
        err = job_store_new(dispatch->store, &dispatch->jobs, why);
    if (err == ERR_NONE)
        err = execution_store_new(dispatch->store, &dispatch->executions, why);
    return err;
}

/* After the writer, which creates and migrates. */
static enum err open_reader(struct local *local, const struct local_options *options,
                            struct why *why)
{
    const struct store_options database = {
        .path = options->database,
        .access = STORE_READ,
        .migrations = job_schema_migrations,
        .migration_count = job_schema_migration_count,
    };
    enum err err = store_open(&database, &local->reader, why);
    return err == ERR_NONE ? execution_store_new(local->reader, &local->reader_executions, why)
                           : err;
}

static enum err start_server(struct local *local, const char *listen, struct why *why)
{
    const struct server_options options = {
        .listen = listen,
        .body_bytes_max = LIMITS_REQUEST_BYTES,
        .connections_max = CONNECTIONS_MAX,
        .idle_timeout_s = IDLE_TIMEOUT_S,
        .handle = on_request,
        .context = local,
    };
    return server_start(&options, &local->server, why);
}

enum err local_start(const struct local_options *options, struct local **ret, struct why *why)
{
    enum err err = ERR_NO_MEMORY;
    struct local *local = calloc(1, sizeof(struct local));
    if (local == NULL)
        goto fail;
    local->region = str_dup(str_of(options->region));
    if (local->region == NULL)
        goto fail;
    local->dispatch.region = local->region;
    err = read_keys(local, options->credentials_file, why);
    if (err == ERR_NONE)
        err = open_writer(local, options, why);
    if (err == ERR_NONE)
        err = open_reader(local, options, why);
    if (err == ERR_NONE)
        err = start_server(local, options->listen, why);
    if (err != ERR_NONE)
        goto fail;
    *ret = local;
    return ERR_NONE;
fail:
    local_stop(local);
    return err == ERR_NO_MEMORY ? why_set(why, err, NULL, "out of memory") : err;
}

void local_stop(struct local *local)
{
    if (local == NULL)
        return;
    server_stop(local->server);
    execution_store_free(local->reader_executions);
    store_close(local->reader);
    execution_store_free(local->dispatch.executions);
    job_store_free(local->dispatch.jobs);
    store_close(local->dispatch.store);
    sigv4_free(local->sigv4);
    credentials_free(local->credentials);
    free(local->region);
    free(local);
}

unsigned local_port(const struct local *local)
{
    return server_port(local->server);
}

enum err local_find_execution(void *context, struct str thing, struct str job,
                              struct execution *ret)
{
    struct local *local = context;
    return execution_store_find_pending(local->reader_executions, job, thing, ret, NULL);
}
