#include "http/credentials_fetch.h"

#include "base/due.h"
#include "base/now.h"
#include "http/credentials_process.h"
#include "http/http_date.h"
#include "http/sigv4.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#define URL_BYTES          4096
#define HEADER_BYTES       32768
#define BODY_BYTES         16384
#define ATTEMPT_EVERY_MS   1000
#define ROOM_EVERY_MS      50 /* how often a full http is tried again */
#define PROCESS_TIMEOUT_MS 30000
#define CLOCK_SLACK_S      120 /* between two clocks that count as equal */

/* What it waits for. */
enum phase {
    IDLE,
    ASKING,  /* the answer */
    PAUSING, /* due_ms, then it asks */
    RUNNING, /* the program */
    OVER,    /* its result to be taken */
};

struct credentials_fetch {
    const struct credentials_options *options;
    const struct credentials_plan *plan;
    enum phase phase;
    int64_t due_ms;
    size_t roles_left;
    const struct credentials_dialogue *dialogue;
    struct credentials_talk talk;
    unsigned attempt; /* of the present step, from 1 */
    int64_t clock_ahead_s;
    struct credentials_request request;
    struct credentials_process *process;
    struct credentials_result result;
};

enum err credentials_fetch_new(const struct credentials_options *options,
                               struct credentials_fetch **ret)
{
    struct credentials_fetch *fetch = calloc(1, sizeof *fetch);
    if (fetch == NULL)
        return ERR_NO_MEMORY;
    fetch->options = options;
    buf_init(&fetch->request.url, URL_BYTES);
    buf_init(&fetch->request.headers, HEADER_BYTES);
    buf_init(&fetch->request.body, BODY_BYTES);
    /* At once: growing would leave copies behind. */
    if (buf_reserve(&fetch->request.headers, HEADER_BYTES) == NULL ||
        sigv4_new(&fetch->talk.sigv4) != ERR_NONE)
        goto fail;
    *ret = fetch;
    return ERR_NONE;

fail:
    credentials_fetch_free(fetch);
    return ERR_NO_MEMORY;
}

void credentials_fetch_free(struct credentials_fetch *fetch)
{
    if (fetch == NULL)
        return;
    credentials_fetch_stop(fetch);
    sigv4_free(fetch->talk.sigv4);
    buf_fini(&fetch->request.url);
    buf_fini(&fetch->request.headers);
    buf_fini(&fetch->request.body);
    free(fetch);
}

static void wipe_request(struct credentials_request *request)
{
    if (request->headers.p != NULL)
        OPENSSL_cleanse(request->headers.p, request->headers.capacity);
    buf_clear(&request->url);
    buf_clear(&request->headers);
    buf_clear(&request->body);
    request->has_identity = false;
}

void credentials_fetch_stop(struct credentials_fetch *fetch)
{
    if (fetch->phase == ASKING)
        http_drop(fetch->options->http, fetch);
    credentials_process_free(fetch->process);
    fetch->process = NULL;
    wipe_request(&fetch->request);
    credentials_wipe(&fetch->result.credential);
    OPENSSL_cleanse(fetch->talk.token, sizeof fetch->talk.token);
    sigv4_forget(fetch->talk.sigv4);
    fetch->phase = IDLE;
}

static void fail(struct credentials_fetch *fetch, enum err err, const struct why *why,
                 int64_t pause_ms)
{
    credentials_wipe(&fetch->result.credential);
    fetch->result.err = err;
    fetch->result.pause_ms = pause_ms;
    (void)why_set(&fetch->result.why, err, NULL, "%s: %s", fetch->result.from, why->text);
    fetch->phase = OVER;
}

static const char *const *split_headers(const struct buf *headers,
                                        const char *ret[CREDENTIALS_HEADERS_MAX + 1])
{
    size_t count = 0;
    const char *end = headers->p + headers->n;
    for (const char *at = headers->p; at < end && count < CREDENTIALS_HEADERS_MAX;
         at += strlen(at) + 1)
        ret[count++] = at;
    ret[count] = NULL;
    return ret;
}

static void on_answer(void *context, const struct http_answer *answer);

static enum err write_request(struct credentials_fetch *fetch, struct why *why)
{
    struct credentials_request *request = &fetch->request;
    fetch->talk.now_s = now_wall_ms() / 1000 + fetch->clock_ahead_s;
    fetch->talk.pause_ms = -1;
    enum err err = fetch->dialogue->ask(&fetch->talk, request, why);
    if (err != ERR_NONE)
        return err;
    if (buf_err(&request->url) != ERR_NONE || buf_err(&request->headers) != ERR_NONE ||
        buf_err(&request->body) != ERR_NONE)
        return why_set(why, ERR_FULL, NULL, "the request is too long");
    return ERR_NONE;
}

static void ask(struct credentials_fetch *fetch)
{
    struct why why = {0};
    const char *headers[CREDENTIALS_HEADERS_MAX + 1];
    struct credentials_request *request = &fetch->request;
    enum err err = fetch->options->http != NULL
                       ? write_request(fetch, &why)
                       : why_set(&why, ERR_INVALID, NULL, "needs the network, not to be had here");
    if (err != ERR_NONE) {
        wipe_request(request);
        fail(fetch, err, &why, -1);
        return;
    }
    const struct http_request sent = {
        .method = request->method,
        .url = buf_text(&request->url),
        .headers = split_headers(&request->headers, headers),
        .body = request->body.n > 0 ? buf_str(&request->body) : STR_NONE,
        .timeout_ms = fetch->dialogue->timeout_ms,
        .answer_bytes_max = CREDENTIALS_ANSWER_BYTES,
        .identity = request->has_identity ? &request->identity : NULL,
        .is_secret = true,
    };
    err = http_start(fetch->options->http, &sent, on_answer, fetch);
    wipe_request(request);
    fetch->phase = err == ERR_NONE ? ASKING : PAUSING;
    if (err != ERR_NONE) /* as many requests as may are under way, or memory is short */
        fetch->due_ms = now_mono_ms() + ROOM_EVERY_MS;
}

static void start_dialogue(struct credentials_fetch *fetch,
                           const struct credentials_dialogue *dialogue)
{
    fetch->dialogue = dialogue;
    fetch->result.from = dialogue->name;
    fetch->talk.step = 0;
    fetch->attempt = 1;
    ask(fetch);
}

/* By the service's clock where it tells it: it may be right where ours is not. */
static void learn_clock(struct credentials_fetch *fetch, struct str date)
{
    int64_t theirs;
    if (!http_date_parse(date, &theirs))
        return;
    int64_t ahead = theirs - now_wall_ms() / 1000;
    fetch->clock_ahead_s = llabs(ahead) > CLOCK_SLACK_S ? ahead : 0;
}

/* Old keys are as good as none; but EC2 has hours when it hands them out and honours them. */
static bool may_be_late(const struct credentials_fetch *fetch)
{
    return fetch->plan->base == CREDENTIALS_BASE_IMDS && fetch->plan->role_count == 0;
}

static void assume_next(struct credentials_fetch *fetch)
{
    fetch->talk.role = &fetch->plan->roles[--fetch->roles_left];
    fetch->talk.signer = &fetch->result.credential;
    start_dialogue(fetch, &credentials_sts_dialogue);
}

static void got_keys(struct credentials_fetch *fetch, const struct credential *credential)
{
    struct why why = {0};
    int64_t now_s = now_wall_ms() / 1000 + fetch->clock_ahead_s;
    int64_t left_s = credential->expires_at_s - now_s;
    bool never_ends = credential->expires_at_s < 0;
    if (!never_ends && left_s <= 0 && !may_be_late(fetch)) {
        (void)why_set(&why, ERR_REFUSED, NULL, "its keys have expired %lld s ago",
                      (long long)-left_s);
        fail(fetch, ERR_REFUSED, &why, -1);
        return;
    }
    fetch->result.credential = *credential;
    fetch->result.lifetime_ms = never_ends ? -1 : left_s > 0 ? left_s * 1000 : 0;
    if (fetch->roles_left > 0) {
        assume_next(fetch);
        return;
    }
    fetch->result.err = ERR_NONE;
    fetch->phase = OVER;
}

static void on_answer(void *context, const struct http_answer *answer)
{
    struct credentials_fetch *fetch = context;
    struct credential credential = {0};
    struct why why = {0};
    learn_clock(fetch, answer->date);
    switch (fetch->dialogue->hear(&fetch->talk, answer, &credential, &why)) {
    case CREDENTIALS_HEARD_KEYS:
        got_keys(fetch, &credential);
        break;
    case CREDENTIALS_HEARD_MORE:
        fetch->attempt = 1;
        ask(fetch);
        break;
    case CREDENTIALS_HEARD_NOTHING:
        if (fetch->attempt++ < fetch->dialogue->attempts) {
            fetch->phase = PAUSING;
            fetch->due_ms = now_mono_ms() + ATTEMPT_EVERY_MS;
            break;
        }
        fail(fetch, ERR_DOWN, &why, fetch->talk.pause_ms);
        break;
    case CREDENTIALS_HEARD_NO:
        fail(fetch, ERR_REFUSED, &why, fetch->talk.pause_ms);
        break;
    }
    credentials_wipe(&credential);
}

static void start_process(struct credentials_fetch *fetch)
{
    struct why why = {0};
    fetch->result.from = "credential_process";
    enum err err =
        credentials_process_start(fetch->plan->command, PROCESS_TIMEOUT_MS, &fetch->process, &why);
    if (err != ERR_NONE) {
        fail(fetch, err, &why, -1);
        return;
    }
    fetch->phase = RUNNING;
    fetch->due_ms = now_mono_ms() + CREDENTIALS_PROCESS_POLL_MS;
}

void credentials_fetch_start(struct credentials_fetch *fetch, const struct credentials_plan *plan)
{
    credentials_fetch_stop(fetch);
    fetch->plan = plan;
    fetch->roles_left = plan->role_count;
    fetch->clock_ahead_s = 0;
    fetch->talk.options = fetch->options;
    fetch->result = (struct credentials_result){.pause_ms = -1, .from = plan->from};
    switch (plan->base) {
    case CREDENTIALS_BASE_KEYS:
        got_keys(fetch, &plan->keys);
        break;
    case CREDENTIALS_BASE_PROCESS:
        start_process(fetch);
        break;
    case CREDENTIALS_BASE_CONTAINER:
        start_dialogue(fetch, &credentials_container_dialogue);
        break;
    case CREDENTIALS_BASE_IMDS:
        start_dialogue(fetch, &credentials_imds_dialogue);
        break;
    case CREDENTIALS_BASE_IOT:
        start_dialogue(fetch, &credentials_iot_dialogue);
        break;
    }
}

bool credentials_fetch_is_running(const struct credentials_fetch *fetch)
{
    return fetch->phase != IDLE;
}

static void poll_process(struct credentials_fetch *fetch)
{
    enum err err = ERR_NONE;
    struct credential credential = {0};
    struct why why = {0};
    fetch->due_ms = now_mono_ms() + CREDENTIALS_PROCESS_POLL_MS;
    if (!credentials_process_poll(fetch->process, &err, &credential, &why))
        return;
    credentials_process_free(fetch->process);
    fetch->process = NULL;
    if (err == ERR_NONE)
        got_keys(fetch, &credential);
    else
        fail(fetch, err, &why, -1);
    credentials_wipe(&credential);
}

void credentials_fetch_turn(struct credentials_fetch *fetch)
{
    if (now_mono_ms() < credentials_fetch_due_ms(fetch))
        return;
    if (fetch->phase == PAUSING)
        ask(fetch);
    else if (fetch->phase == RUNNING)
        poll_process(fetch);
}

int64_t credentials_fetch_due_ms(const struct credentials_fetch *fetch)
{
    bool is_timed = fetch->phase == PAUSING || fetch->phase == RUNNING;
    return is_timed ? fetch->due_ms : DUE_NEVER;
}

const struct credentials_result *credentials_fetch_result(const struct credentials_fetch *fetch)
{
    return fetch->phase == OVER ? &fetch->result : NULL;
}
