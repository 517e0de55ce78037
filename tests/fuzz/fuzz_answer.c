/* Any bytes as what the endpoint sends back: through libcurl, which the linker has connect to us
 * without a network, the HTTP client and its judges, to the reply that the bridge gets. Twice,
 * because the first answer may change how the second call is signed. */
#include "base/limits.h"
#include "http/caller.h"
#include "http/retry_after.h"
#include "jobs/doc.h"
#include "jobs/effect.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BODY          "{\"description\":\"d\"}"
#define WIRES_MAX     16
#define REQUEST_BYTES 8192
#define TURNS_MAX     1000

/* Our ends of the connections that libcurl has made. */
struct wires {
    int listener;
    char name[32];
    int ends[WIRES_MAX];
    size_t count;
    struct str answer;
};

static struct wires wires;

CURLMcode __real_curl_multi_add_handle(CURLM *multi, CURL *easy);
CURLMcode __wrap_curl_multi_add_handle(CURLM *multi, CURL *easy);

CURLMcode __wrap_curl_multi_add_handle(CURLM *multi, CURL *easy)
{
    assert(curl_easy_setopt(easy, CURLOPT_ABSTRACT_UNIX_SOCKET, wires.name) == CURLE_OK);
    return __real_curl_multi_add_handle(multi, easy);
}

/* A name without a file. */
static void listen_to_curl(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int n = snprintf(wires.name, sizeof wires.name, "jobs-bridge-fuzz-%d", (int)getpid());
    memcpy(address.sun_path + 1, wires.name, (size_t)n);
    wires.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert(wires.listener >= 0);
    assert(bind(wires.listener, (const struct sockaddr *)&address,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)) == 0);
    assert(listen(wires.listener, WIRES_MAX) == 0);
}

/* The whole answer, whatever was asked, and nothing behind it. */
static void answer_wires(void)
{
    int fd;
    while ((fd = accept4(wires.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        assert(wires.count < WIRES_MAX);
        (void)send(fd, wires.answer.p, wires.answer.n, MSG_NOSIGNAL);
        (void)shutdown(fd, SHUT_WR);
        wires.ends[wires.count++] = fd;
    }
}

struct play {
    struct http *http;
    struct credentials *credentials;
    struct caller *caller;
    uint64_t replied; /* the id of the last reply; 0: none yet */
};

/* By the type alone where it is known, whatever the status. */
static void check_verdict(const struct reply *reply)
{
    assert(reply->fault < FAULT_COUNT && reply->class < FAULT_CLASS_COUNT);
    assert((reply->fault == FAULT_OK) == (reply->class == FAULT_NONE));
    assert((reply->fault == FAULT_TRANSPORT) == (reply->http_status == 0));
    if (reply->fault != FAULT_UNKNOWN)
        assert(reply->class == fault_class_of(reply->fault));
    if (reply->class == FAULT_NONE)
        assert(reply->http_status >= 200 && reply->http_status <= 299);
}

/* The call is said to have taken effect only where the job is as the call wanted it. */
static void check_seen(struct str description)
{
    struct doc *doc = NULL;
    assert(doc_parse(description, LIMITS_ANSWER_BYTES, &doc, NULL) == ERR_NONE);
    struct doc_node job = doc_member(doc_root(doc), "job");
    assert(str_eq_text(doc_str(doc_member(job, "description")), "d"));
    doc_free(doc);
}

static void on_reply(void *context, const struct reply *reply)
{
    struct play *play = context;
    check_verdict(reply);
    if (reply->message.n > 0)
        fuzz_check_line(reply->message);
    if (reply->fault == FAULT_TRANSPORT)
        assert(reply->message.n > 0);
    if (reply->request_id.n > 0)
        fuzz_check_line(reply->request_id);
    assert(reply->retry_after_ms >= -1 && reply->retry_after_ms <= RETRY_AFTER_MAX_MS);
    assert(reply->body.n <= LIMITS_ANSWER_BYTES);
    if (effect_is_seen(STR(BODY), reply->body))
        check_seen(reply->body);
    assert(play->replied == 0);
    play->replied = reply->id;
}

/* "X-Amz-Date: 20150830T123600Z" */
static void check_date(const char *request)
{
    static const char form[] = "ddddddddTddddddZ\r"; /* d: a digit */
    const char *date = strstr(request, "\r\nX-Amz-Date: ");
    assert(date != NULL);
    date += strlen("\r\nX-Amz-Date: ");
    for (size_t i = 0; form[i] != '\0'; i++)
        assert(form[i] == 'd' ? date[i] >= '0' && date[i] <= '9' : date[i] == form[i]);
}

/* What was sent is one request, whatever came back before. */
static void check_request(const char *start)
{
    char request[REQUEST_BYTES];
    ssize_t n = recv(wires.ends[wires.count - 1], request, sizeof request - 1, 0);
    assert(n > 0);
    request[n] = '\0';
    assert(str_starts(str_of(request), str_of(start)));
    check_date(request);
    const char *end = strstr(request, "\r\n\r\n");
    assert(end != NULL && strstr(end + 4, "\r\n") == NULL);
}

/* Until the reply to the call that was started. */
static void run(struct play *play, uint64_t id, const char *request_start)
{
    for (int turns = 0; play->replied == 0; turns++) {
        assert(turns < TURNS_MAX);
        caller_turn(play->caller);
        http_turn(play->http);
        answer_wires();
        credentials_turn(play->credentials);
        if (play->replied == 0)
            http_wait(play->http, NULL, 0, caller_is_due(play->caller) ? 0 : 10);
    }
    assert(play->replied == id);
    play->replied = 0;
    if (wires.count > 0)
        check_request(request_start);
    answer_wires();
    while (wires.count > 0)
        close(wires.ends[--wires.count]);
}

/* libcurl's own start is slow, and done once. */
static void set_up(void)
{
    if (wires.listener > 0)
        return;
    assert(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    listen_to_curl();
    assert(setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1) == 0);
    assert(setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI", 1) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct play play = {0};
    const struct http_options options = {.connections_max = 1};
    const struct caller_options caller = {.endpoint = "http://127.0.0.1:1",
                                          .region = "us-east-1",
                                          .timeout_ms = 5000,
                                          .context = &play,
                                          .on_reply = on_reply};
    const struct call call = {
        .id = 7, .job = STR("job-1"), .namespace = STR("ns-1"), .body = STR(BODY)};
    set_up();
    wires.answer = (struct str){(const char *)bytes, n};
    assert(http_new(&options, &play.http, NULL) == ERR_NONE);
    assert(credentials_new(CREDENTIALS_ENVIRONMENT, NULL, &play.credentials, NULL) == ERR_NONE);
    assert(caller_new(play.http, play.credentials, &caller, &play.caller, NULL) == ERR_NONE);
    assert(caller_call(play.caller, &call) == ERR_NONE);
    run(&play, call.id, "PATCH /jobs/job-1?namespaceId=ns-1 HTTP/1.1\r\n");
    assert(caller_describe(play.caller, &call) == ERR_NONE);
    run(&play, call.id, "GET /jobs/job-1 HTTP/1.1\r\n");
    caller_free(play.caller);
    credentials_free(play.credentials);
    http_free(play.http);
    return 0;
}
