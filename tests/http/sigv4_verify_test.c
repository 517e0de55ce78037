#include "http/sigv4_verify.h"
#include "tests/check.h"
#include "tests/http/rawhttp.h"

#include <stdio.h>

#define NOW_S      1440938160 /* 20150830T123600Z */
#define NOW        "20150830T123600Z"
#define HEADERS    8
#define SECRET     "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define BAD_SIGNED "The request signature we calculated does not match"

struct fixture {
    struct server *server;
    struct sigv4 *sigv4;
    struct credential credential;
    int64_t now_s;
    enum fault fault;
    struct why why;
};

/* What a client sends. A NULL header name ends the list; is_unsigned headers are sent only. */
struct sent {
    const char *method;
    const char *target;
    struct {
        const char *name;
        const char *value;
        bool is_unsigned;
    } headers[HEADERS];
    const char *body;
    const char *payload_hash; /* NULL: that of the body */
    const char *timestamp;    /* NULL: NOW */
    const char *region;       /* NULL: us-east-1 */
    const char *service;      /* NULL: iot */
    const char *access_key;   /* NULL: the known one */
    const char *secret_key;   /* NULL: the known one */
};

static void on_request(void *context, const struct server_request *request,
                       struct server_response *response)
{
    struct fixture *fixture = context;
    const struct sigv4_verify_options options = {
        .credential = &fixture->credential,
        .region = STR("us-east-1"),
        .now_s = fixture->now_s,
        .sigv4 = fixture->now_s % 2 == 0 ? fixture->sigv4 : NULL,
    };
    fixture->why = (struct why){0};
    fixture->fault = sigv4_verify(request, &options, &fixture->why);
    response->status = fixture->fault == FAULT_OK ? 200 : 403;
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.now_s = NOW_S,
                               .credential = {.access_key = "AKIDEXAMPLE", .secret_key = SECRET}};
    const struct server_options options = {.listen = "127.0.0.1:0",
                                           .body_bytes_max = 4096,
                                           .connections_max = 4,
                                           .idle_timeout_s = 5,
                                           .handle = on_request,
                                           .context = &fixture};
    *state = &fixture;
    return sigv4_new(&fixture.sigv4) != ERR_NONE ||
           server_start(&options, &fixture.server, NULL) != ERR_NONE;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    server_stop(fixture->server);
    sigv4_free(fixture->sigv4);
    return 0;
}

static const char * or (const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

static size_t headers_to_sign(const struct sent *sent, struct canonical_header *headers)
{
    size_t count = 0;
    headers[count++] = (struct canonical_header){STR("host"), STR("iot.local")};
    for (size_t i = 0; i < HEADERS && sent->headers[i].name != NULL; i++)
        if (!sent->headers[i].is_unsigned)
            headers[count++] = (struct canonical_header){str_of(sent->headers[i].name),
                                                         str_of(sent->headers[i].value)};
    return count;
}

static void sign(struct sigv4 *sigv4, const struct sent *sent, struct buf *authorization)
{
    struct canonical_header headers[HEADERS + 1];
    char hash[SIGV4_HEX_SIZE];
    struct str query = str_of(sent->target);
    struct str path = str_cut(&query, '?');
    assert_int_equal(sigv4_hash(sigv4, str_of(or (sent->body, "")), hash), ERR_NONE);
    const struct sigv4_request request = {
        .method = str_of(sent->method),
        .path = path,
        .query = query,
        .headers = headers,
        .header_count = headers_to_sign(sent, headers),
        .payload_hash = str_of(or (sent->payload_hash, hash)),
        .timestamp = str_of(or (sent->timestamp, NOW)),
        .region = str_of(or (sent->region, "us-east-1")),
        .service = str_of(or (sent->service, "iot")),
        .access_key = str_of(or (sent->access_key, "AKIDEXAMPLE")),
        .secret_key = str_of(or (sent->secret_key, SECRET)),
    };
    assert_int_equal(sigv4_authorization(sigv4, &request, authorization), ERR_NONE);
}

/* authorization NULL: a right one. */
static enum fault send_with(struct fixture *fixture, const struct sent *sent,
                            const char *authorization)
{
    static char answer[RAWHTTP_BYTES];
    struct buf text;
    struct buf right;
    buf_init(&text, 8192);
    buf_init(&right, 8192);
    buf_format(&text, "%s %s HTTP/1.1\r\nHost: iot.local\r\nConnection: close\r\n", sent->method,
               sent->target);
    for (size_t i = 0; i < HEADERS && sent->headers[i].name != NULL; i++)
        buf_format(&text, "%s: %s\r\n", sent->headers[i].name, sent->headers[i].value);
    if (authorization == NULL) {
        struct sigv4 *client = NULL;
        assert_int_equal(sigv4_new(&client), ERR_NONE);
        sign(client, sent, &right);
        sigv4_free(client);
    }
    const char *value = or (authorization, buf_text(&right));
    if (value[0] != '\0')
        buf_format(&text, "Authorization: %s\r\n", value);
    if (sent->body != NULL)
        buf_format(&text, "Content-Length: %zu\r\n", strlen(sent->body));
    buf_format(&text, "\r\n%s", or (sent->body, ""));
    int status = rawhttp_exchange(server_port(fixture->server), text.p, text.n, answer);
    assert_int_equal(status, fixture->fault == FAULT_OK ? 200 : 403);
    buf_fini(&right);
    buf_fini(&text);
    return fixture->fault;
}

static void expect_ok(struct fixture *fixture, const struct sent *sent)
{
    enum fault fault = send_with(fixture, sent, NULL);
    if (fault != FAULT_OK)
        print_error("%s\n", fixture->why.text);
    assert_int_equal(fault, FAULT_OK);
}

static void expect(struct fixture *fixture, const struct sent *sent, enum fault fault,
                   const char *message_part)
{
    assert_int_equal(send_with(fixture, sent, NULL), fault);
    check_has(fixture->why.text, message_part);
}

static struct sent update(void)
{
    return (struct sent){
        .method = "PATCH",
        .target = "/jobs/job-1?namespaceId=my-ns",
        .headers = {{"Content-Type", "application/json", false}, {"X-Amz-Date", NOW, false}},
        .body = "{\"description\":\"hello\"}"};
}

static void every_way_to_sign_is_accepted(void **state)
{
    struct sent sent = update();
    expect_ok(*state, &sent);
    sent.service = "execute-api";
    expect_ok(*state, &sent);
    /* An unsorted query, an escaped path, blanks in a header, nothing but host and date signed. */
    const struct sent list = {.method = "GET",
                              .target = "/things/a%3Ab/jobs?status=QUEUED&maxResults=10&nextToken="
                                        "a%20b%2Fc%3D%2B&empty=",
                              .headers = {{"x-amz-date", NOW, false},
                                          {"X-Note", "  two   words ", false},
                                          {"x-note", "and more", false},
                                          {"user-agent", "unsigned", true}}};
    expect_ok(*state, &list);
    const struct sent by_date = {.method = "DELETE",
                                 .target = "/jobs/job-1",
                                 .headers = {{"Date", "Sun, 30 Aug 2015 12:36:00 GMT", false}}};
    expect_ok(*state, &by_date);
}

static void the_headers_of_the_javascript_sdk_are_accepted(void **state)
{
    struct fixture *fixture = *state;
    const struct sent sent = {
        .method = "PATCH",
        .target = "/jobs/job-1?namespaceId=my-ns",
        .headers = {{"content-type", "application/json", false},
                    {"content-length", "2", false},
                    {"x-amz-user-agent", "aws-sdk-js/3.981.0", false},
                    {"user-agent", "aws-sdk-js/3.981.0 ua/2.1 os/linux", true},
                    {"amz-sdk-request", "attempt=1; max=3", false},
                    {"x-amz-date", NOW, false},
                    {"x-amz-content-sha256",
                     "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", false}}};
    char answer[RAWHTTP_BYTES];
    struct buf text;
    struct buf authorization;
    buf_init(&text, 8192);
    buf_init(&authorization, 8192);
    struct sent with_body = sent;
    with_body.body = "{}";
    sign(fixture->sigv4, &with_body, &authorization);
    buf_add_text(&text, "PATCH /jobs/job-1?namespaceId=my-ns HTTP/1.1\r\nhost: iot.local\r\n"
                        "connection: close\r\n");
    for (size_t i = 0; i < HEADERS && sent.headers[i].name != NULL; i++)
        buf_format(&text, "%s: %s\r\n", sent.headers[i].name, sent.headers[i].value);
    buf_format(&text, "authorization: %s\r\n\r\n{}", buf_text(&authorization));
    assert_int_equal(rawhttp_exchange(server_port(fixture->server), text.p, text.n, answer), 200);
    buf_fini(&authorization);
    buf_fini(&text);
}

static void an_unsigned_payload_is_accepted_only_as_such(void **state)
{
    struct sent sent = update();
    sent.headers[2].name = "X-Amz-Content-Sha256";
    sent.headers[2].value = "UNSIGNED-PAYLOAD";
    sent.payload_hash = "UNSIGNED-PAYLOAD";
    expect_ok(*state, &sent);
    sent.headers[2].value = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    sent.payload_hash = sent.headers[2].value; /* of another body */
    expect(*state, &sent, FAULT_INVALID_SIGNATURE, BAD_SIGNED);
    sent.headers[2].value = sent.payload_hash = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    expect(*state, &sent, FAULT_INVALID_SIGNATURE, BAD_SIGNED);
}

static void a_missing_or_malformed_authorization_is_named(void **state)
{
    struct fixture *fixture = *state;
    const struct sent sent = update();
    assert_int_equal(send_with(fixture, &sent, ""), FAULT_MISSING_AUTHENTICATION_TOKEN);
    check_str(str_of(fixture->why.text), "Missing Authentication Token");
    static const char *const malformed[] = {
        "Bearer abc",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 ",
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iot/aws4_request",
        "AWS4-HMAC-SHA256 SignedHeaders=host;x-amz-date, Signature=00",
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE, SignedHeaders=host;x-amz-date, Signature=00",
        "AWS4-HMAC-SHA256 Credential=1/us-east-1/iot/aws4_request, SignedHeaders=a, Signature=0",
        "AWS4-HMAC-SHA256 Credential=A/20150830/us-east-1/iot/aws4_request, SignedHeaders=host",
        "AWS4-HMAC-SHA256 =,=,,;,Credential",
        "AWS4-HMAC-SHA256 Credential, SignedHeaders, Signature",
    };
    for (size_t i = 0; i < COUNT_OF(malformed); i++)
        assert_int_equal(send_with(fixture, &sent, malformed[i]), FAULT_INCOMPLETE_SIGNATURE);
    static const char *const wrong[] = {"0", "00", "z"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iot/aws4_request, "
                 "SignedHeaders=host;x-amz-date;;, Signature=%s",
                 wrong[i]);
        assert_int_equal(send_with(fixture, &sent, text), FAULT_INVALID_SIGNATURE);
    }
    struct sent undated = update();
    undated.headers[1].name = NULL;
    expect(fixture, &undated, FAULT_INCOMPLETE_SIGNATURE, "'X-Amz-Date' or a 'Date'");
    undated.headers[1].name = "X-Amz-Date";
    static const char *const no_dates[] = {"yesterday-or-not", "99999930T123600Z",
                                           "Sun, 30 Aug 99999 12:36:00 GMT"};
    for (size_t i = 0; i < COUNT_OF(no_dates); i++) {
        undated.headers[1].value = no_dates[i];
        expect(fixture, &undated, FAULT_INCOMPLETE_SIGNATURE, "'X-Amz-Date' or a 'Date'");
    }
}

static void unknown_keys_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct sent sent = update();
    sent.access_key = "AKIDOTHER";
    expect(fixture, &sent, FAULT_UNRECOGNIZED_CLIENT,
           "The security token included in the request is invalid.");
    sent.access_key = "AKID";
    expect(fixture, &sent, FAULT_UNRECOGNIZED_CLIENT, "security token");
    sent = update();
    sent.secret_key = "wrong";
    expect(fixture, &sent, FAULT_INVALID_SIGNATURE, BAD_SIGNED);
}

static void the_session_token_has_to_be_ours(void **state)
{
    struct fixture *fixture = *state;
    struct sent sent = update();
    sent.headers[2].name = "X-Amz-Security-Token";
    sent.headers[2].value = "token";
    expect(fixture, &sent, FAULT_UNRECOGNIZED_CLIENT, "security token");
    memcpy(fixture->credential.token, "token", sizeof "token");
    expect_ok(fixture, &sent);
    sent.headers[2].value = "other";
    expect(fixture, &sent, FAULT_UNRECOGNIZED_CLIENT, "security token");
    sent.headers[2].name = NULL;
    expect(fixture, &sent, FAULT_UNRECOGNIZED_CLIENT, "security token");
}

static void the_scope_has_to_be_ours(void **state)
{
    struct sent sent = update();
    sent.service = "s3";
    expect(*state, &sent, FAULT_INVALID_SIGNATURE,
           "Credential should be scoped to correct service: 'iot'.");
    sent = update();
    sent.region = "us-west-2";
    expect(*state, &sent, FAULT_INVALID_SIGNATURE, "valid region");
    sent = update();
    assert_int_equal(send_with(*state, &sent,
                               "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iot/aws5"
                               ", SignedHeaders=host;x-amz-date, Signature=00"),
                     FAULT_INVALID_SIGNATURE);
}

static void the_clock_may_differ_by_five_minutes(void **state)
{
    struct fixture *fixture = *state;
    const struct sent sent = update();
    fixture->now_s = NOW_S + 300;
    expect_ok(fixture, &sent);
    fixture->now_s = NOW_S - 300;
    expect_ok(fixture, &sent);
    fixture->now_s = NOW_S + 301;
    expect(fixture, &sent, FAULT_INVALID_SIGNATURE,
           "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z "
           "(20150830T124101Z - 5 min.)");
    fixture->now_s = NOW_S - 301;
    expect(fixture, &sent, FAULT_INVALID_SIGNATURE,
           "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z "
           "(20150830T123059Z + 5 min.)");
}

static void the_scope_and_the_date_have_to_agree(void **state)
{
    struct sent sent = update();
    sent.timestamp = "20150829T123600Z";
    expect(*state, &sent, FAULT_INVALID_SIGNATURE, "'20150829' != '20150830'");
}

static void host_and_date_have_to_be_signed(void **state)
{
    struct fixture *fixture = *state;
    const struct sent sent = update();
    assert_int_equal(
        send_with(fixture, &sent,
                  "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iot/aws4_request, "
                  "SignedHeaders=x-amz-date, Signature=00"),
        FAULT_INVALID_SIGNATURE);
    check_has(fixture->why.text, "'Host'");
    struct sent undated = update();
    undated.headers[1].is_unsigned = true;
    expect(fixture, &undated, FAULT_INVALID_SIGNATURE, "'X-Amz-Date' or 'Date' must be");
}

/* One byte of anything that is signed. */
static void anything_changed_breaks_the_signature(void **state)
{
    struct fixture *fixture = *state;
    struct sent sent = update();
    struct buf authorization;
    buf_init(&authorization, 8192);
    sign(fixture->sigv4, &sent, &authorization);
    const char *right = buf_text(&authorization);
    assert_int_equal(send_with(fixture, &sent, right), FAULT_OK);
    struct sent changed = sent;
    changed.method = "PUT";
    assert_int_equal(send_with(fixture, &changed, right), FAULT_INVALID_SIGNATURE);
    changed = sent;
    changed.target = "/jobs/job-2?namespaceId=my-ns";
    assert_int_equal(send_with(fixture, &changed, right), FAULT_INVALID_SIGNATURE);
    changed.target = "/jobs/job-1?namespaceId=my-n";
    assert_int_equal(send_with(fixture, &changed, right), FAULT_INVALID_SIGNATURE);
    changed = sent;
    changed.body = "{\"description\":\"hellp\"}";
    assert_int_equal(send_with(fixture, &changed, right), FAULT_INVALID_SIGNATURE);
    changed = sent;
    changed.headers[0].value = "application/jsom";
    assert_int_equal(send_with(fixture, &changed, right), FAULT_INVALID_SIGNATURE);
    changed = sent;
    changed.headers[1].value = "20150830T123601Z";
    assert_int_equal(send_with(fixture, &changed, right), FAULT_INVALID_SIGNATURE);
    buf_fini(&authorization);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_way_to_sign_is_accepted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_headers_of_the_javascript_sdk_are_accepted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_unsigned_payload_is_accepted_only_as_such, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_missing_or_malformed_authorization_is_named, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(unknown_keys_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_session_token_has_to_be_ours, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_scope_has_to_be_ours, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_clock_may_differ_by_five_minutes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_scope_and_the_date_have_to_agree, set_up, tear_down),
        cmocka_unit_test_setup_teardown(host_and_date_have_to_be_signed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(anything_changed_breaks_the_signature, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
