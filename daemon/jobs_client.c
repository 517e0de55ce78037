#include "daemon/jobs_client.h"

#include "base/now.h"
#include "http/aws.h"

#include <stdio.h>
#include <stdlib.h>

#define PATH_BYTES_MAX 8192
#define WAIT_MS        1000

struct jobs_client {
    struct endpoint endpoint;
    struct http *http;
    struct credentials *credentials;
    struct aws *aws;
    int64_t timeout_ms;
    struct jobs_answer *waiting; /* NULL: it has been filled in */
};

static void on_answer(void *context, const struct aws_answer *answer)
{
    struct jobs_client *client = context;
    struct jobs_answer *ret = client->waiting;
    client->waiting = NULL;
    ret->fault = answer->fault;
    snprintf(ret->message, sizeof ret->message, "%.*s", STR_ARG(answer->message));
    buf_clear(&ret->body);
    buf_add(&ret->body, answer->body);
}

static enum err find_endpoint(struct jobs_client *client, const struct config *config,
                              struct why *why)
{
    struct buf url;
    buf_init(&url, ENDPOINT_URL_MAX);
    config_endpoint_url(config, &url);
    enum err err = endpoint_parse(buf_str(&url), &client->endpoint, why);
    buf_fini(&url);
    return err;
}

static enum err find_credentials(struct jobs_client *client, const struct config *config,
                                 struct why *why)
{
    struct buf file;
    buf_init(&file, PATH_BYTES_MAX);
    config_state_path(config, CONFIG_CREDENTIALS_FILE, &file);
    const struct credentials_options options =
        config_credentials(config, client->http, buf_text(&file));
    enum err err = credentials_open(&options, &client->credentials, why);
    buf_fini(&file);
    return err;
}

enum err jobs_client_new(const struct config *config, struct jobs_client **ret, struct why *why)
{
    struct jobs_client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return why_set(why, ERR_NO_MEMORY, NULL, "%s", err_name(ERR_NO_MEMORY));
    client->timeout_ms = config->jobs.call_timeout_ms;
    const struct http_options http = {.connections_max = 1};
    enum err err = find_endpoint(client, config, why);
    if (err == ERR_NONE)
        err = http_new(&http, &client->http, why);
    if (err == ERR_NONE)
        err = find_credentials(client, config, why);
    if (err != ERR_NONE)
        goto fail;
    const struct aws_options aws = {
        .http = client->http,
        .credentials = client->credentials,
        .endpoint = &client->endpoint,
        .region = str_of(config->jobs.region),
        .done = on_answer,
        .context = client,
    };
    err = aws_new(&aws, &client->aws, why);
    if (err != ERR_NONE)
        goto fail;
    *ret = client;
    return ERR_NONE;
fail:
    jobs_client_free(client);
    return err;
}

void jobs_client_free(struct jobs_client *client)
{
    if (client == NULL)
        return;
    aws_free(client->aws);
    credentials_free(client->credentials);
    http_free(client->http);
    free(client);
}

static struct str present(const struct buf *buf)
{
    return buf->n > 0 ? buf_str(buf) : STR_NONE;
}

enum err jobs_client_ask(struct jobs_client *client, const struct jobs_request *request,
                         struct jobs_answer *ret)
{
    client->waiting = ret;
    enum err err = aws_start(client->aws, &(struct aws_request){
                                              .method = request->method,
                                              .path = buf_str(&request->path),
                                              .query = present(&request->query),
                                              .body = present(&request->body),
                                              .timeout_ms = client->timeout_ms,
                                              .answer_bytes_max = JOBS_CLIENT_ANSWER_BYTES,
                                          });
    while (err == ERR_NONE && client->waiting != NULL) {
        int64_t due_ms = credentials_due_ms(client->credentials) - now_mono_ms();
        if (!aws_is_due(client->aws))
            http_wait(client->http, NULL, 0, due_ms < WAIT_MS ? due_ms : WAIT_MS);
        http_turn(client->http);
        credentials_turn(client->credentials);
        aws_turn(client->aws);
    }
    return err != ERR_NONE ? err : buf_err(&ret->body);
}

const char *jobs_client_url(const struct jobs_client *client)
{
    return client->endpoint.url;
}
