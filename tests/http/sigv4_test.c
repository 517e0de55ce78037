#include "http/sigv4.h"
#include "tests/check.h"

#include <jansson.h>

static struct str member(const json_t *object, const char *name)
{
    return str_of(json_string_value(json_object_get(object, name)));
}

/* Parts of "https://host[:port]/path[?query]". */
static void split_url(struct str url, struct str *host, struct str *path, struct str *query)
{
    struct str rest = url;
    str_cut(&rest, '/');
    str_cut(&rest, '/');
    const char *start = rest.p;
    *host = str_cut(&rest, '/');
    *path = (struct str){start + host->n, rest.n + 1};
    *query = *path;
    *path = str_cut(query, '?');
}

static size_t collect_headers(const json_t *vector, struct str host,
                              struct canonical_header headers[CANONICAL_HEADERS_MAX])
{
    size_t count = 0;
    headers[count++] = (struct canonical_header){STR("X-Amz-Date"), member(vector, "timestamp")};
    headers[count++] = (struct canonical_header){STR("Host"), host};
    if (!str_is_absent(member(vector, "session_token")))
        headers[count++] =
            (struct canonical_header){STR("X-Amz-Security-Token"), member(vector, "session_token")};
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(vector, "request_headers"), name, value) headers[count++] =
        (struct canonical_header){str_of(name), str_of(json_string_value(value))};
    return count;
}

static void assert_str(struct str actual, struct str expected)
{
    assert_int_equal(actual.n, expected.n);
    assert_memory_equal(actual.p, expected.p, expected.n);
}

static void check_vector(struct sigv4 *sigv4, const json_t *vector)
{
    struct canonical_header headers[CANONICAL_HEADERS_MAX];
    struct str host;
    struct str path;
    struct str query;
    char hash[SIGV4_HEX_SIZE];
    split_url(member(vector, "url"), &host, &path, &query);
    assert_int_equal(sigv4_hash(sigv4, member(vector, "body"), hash), ERR_NONE);
    const struct sigv4_request request = {
        .method = member(vector, "method"),
        .path = path,
        .query = query,
        .headers = headers,
        .header_count = collect_headers(vector, host, headers),
        .payload_hash = str_of(hash),
        .timestamp = member(vector, "timestamp"),
        .region = member(vector, "region"),
        .service = member(vector, "service"),
        .access_key = member(vector, "access_key"),
        .secret_key = member(vector, "secret_key"),
    };
    struct buf out;
    buf_init(&out, 4096);
    assert_int_equal(sigv4_authorization(sigv4, &request, &out), ERR_NONE);
    assert_str(sigv4_canonical_request(sigv4), member(vector, "canonical_request"));
    assert_str(sigv4_string_to_sign(sigv4), member(vector, "string_to_sign"));
    assert_str(buf_str(&out), member(vector, "authorization"));
    buf_fini(&out);
}

/* Twice through all of them with one signer, so that the kept key is both used and replaced. */
static void every_vector_is_reproduced(void **state)
{
    (void)state;
    json_error_t error;
    json_t *vectors = json_load_file(VECTORS_DIR "/sigv4/iot.json", 0, &error);
    assert_non_null(vectors);
    assert_int_equal(json_array_size(vectors), 11);
    struct sigv4 *sigv4 = NULL;
    assert_int_equal(sigv4_new(&sigv4), ERR_NONE);
    for (size_t i = 0; i < 2 * json_array_size(vectors); i++)
        check_vector(sigv4, json_array_get(vectors, i % json_array_size(vectors)));
    sigv4_free(sigv4);
    json_decref(vectors);
}

static struct sigv4_request plain_request(void)
{
    return (struct sigv4_request){
        .method = STR("GET"),
        .path = STR("/"),
        .payload_hash = STR("UNSIGNED-PAYLOAD"),
        .timestamp = STR("20150830T123600Z"),
        .region = STR("us-east-1"),
        .service = STR("iot"),
        .access_key = STR("AKIDEXAMPLE"),
        .secret_key = STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    };
}

static void the_kept_key_follows_what_it_depends_on(void **state)
{
    (void)state;
    struct sigv4_request requests[5];
    for (size_t i = 0; i < COUNT_OF(requests); i++)
        requests[i] = plain_request();
    requests[1].secret_key = STR("another");
    requests[2].region = STR("us-west-2");
    requests[3].service = STR("execute-api");
    requests[4].timestamp = STR("20150831T123600Z");
    struct sigv4 *kept = NULL;
    assert_int_equal(sigv4_new(&kept), ERR_NONE);
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct sigv4 *fresh = NULL;
        char expected[SIGV4_HEX_SIZE];
        char actual[SIGV4_HEX_SIZE];
        assert_int_equal(sigv4_new(&fresh), ERR_NONE);
        assert_int_equal(sigv4_signature(fresh, &requests[i], expected), ERR_NONE);
        assert_int_equal(sigv4_signature(kept, &requests[i], actual), ERR_NONE);
        assert_string_equal(actual, expected);
        sigv4_free(fresh);
    }
    sigv4_free(kept);
}

/* The key stays in its context from one request to the next. */
static void one_key_signs_many_requests(void **state)
{
    (void)state;
    static const struct str paths[] = {STR("/jobs/a"), STR("/jobs/b"), STR("/jobs/a")};
    struct sigv4 *sigv4 = NULL;
    char signatures[COUNT_OF(paths) + 1][SIGV4_HEX_SIZE];
    assert_int_equal(sigv4_new(&sigv4), ERR_NONE);
    struct sigv4_request request = plain_request();
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        request.path = paths[i];
        assert_int_equal(sigv4_signature(sigv4, &request, signatures[i]), ERR_NONE);
    }
    assert_string_equal(signatures[0], signatures[2]);
    assert_string_not_equal(signatures[0], signatures[1]);
    sigv4_forget(sigv4);
    assert_int_equal(sigv4_signature(sigv4, &request, signatures[3]), ERR_NONE);
    assert_string_equal(signatures[0], signatures[3]);
    sigv4_free(sigv4);
}

static void what_is_out_of_shape_is_refused(void **state)
{
    (void)state;
    struct sigv4 *sigv4 = NULL;
    char hex[SIGV4_HEX_SIZE] = "";
    char secret[SIGV4_SECRET_MAX];
    memset(secret, 'a', sizeof secret);
    assert_int_equal(sigv4_new(&sigv4), ERR_NONE);
    struct sigv4_request request = plain_request();
    request.timestamp = STR("2015-08-30T12:36:00Z");
    assert_int_equal(sigv4_signature(sigv4, &request, hex), ERR_INVALID);
    request = plain_request();
    request.secret_key = (struct str){secret, sizeof secret};
    assert_int_equal(sigv4_signature(sigv4, &request, hex), ERR_INVALID);
    request.secret_key.n--;
    assert_int_equal(sigv4_signature(sigv4, &request, hex), ERR_NONE);
    request.secret_key = STR("");
    assert_int_equal(sigv4_signature(sigv4, &request, hex), ERR_INVALID);
    request = plain_request();
    request.region = (struct str){secret, sizeof secret};
    assert_int_equal(sigv4_signature(sigv4, &request, hex), ERR_INVALID);
    sigv4_free(sigv4);
}

static void timestamps_are_utc(void **state)
{
    (void)state;
    char text[SIGV4_TIMESTAMP_SIZE];
    sigv4_timestamp(1440938160, text);
    assert_string_equal(text, "20150830T123600Z");
    sigv4_timestamp(0, text);
    assert_string_equal(text, "19700101T000000Z");
    sigv4_timestamp(253402300799, text);
    assert_string_equal(text, "99991231T235959Z");
    static const int64_t others[] = {253402300800, INT64_MAX, INT64_MIN, -62000000000};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        sigv4_timestamp(others[i], text);
        assert_string_equal(text, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_is_reproduced),
        cmocka_unit_test(the_kept_key_follows_what_it_depends_on),
        cmocka_unit_test(one_key_signs_many_requests),
        cmocka_unit_test(what_is_out_of_shape_is_refused),
        cmocka_unit_test(timestamps_are_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
