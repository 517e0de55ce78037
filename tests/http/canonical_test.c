#include "http/canonical.h"
#include "tests/check.h"

/* The first three lines of a canonical request: method, path, query. */
static void assert_target(const char *path, const char *query, const char *expected)
{
    struct buf out;
    buf_init(&out, 4096);
    const struct canonical_input input = {.method = STR("GET"),
                                          .path = str_of(path),
                                          .query = str_of(query),
                                          .payload_hash = STR("-")};
    assert_int_equal(canonical_request(&input, &out), ERR_NONE);
    buf_add_byte(&out, '.');
    size_t n = strlen(expected);
    assert_true(out.n > n);
    assert_memory_equal(out.p, expected, n);
    assert_string_equal(buf_text(&out) + n, "\n\n\n\n-.");
    buf_fini(&out);
}

static void path_is_encoded_once_more(void **state)
{
    (void)state;
    assert_target("/jobs/job-1", NULL, "GET\n/jobs/job-1\n");
    assert_target("/things/a%3Ab/jobs/j", NULL, "GET\n/things/a%253Ab/jobs/j\n");
    assert_target("/things/a:b", NULL, "GET\n/things/a%3Ab\n");
    assert_target("/~a_b.c-d", NULL, "GET\n/~a_b.c-d\n");
    assert_target("/\xc3\xa9", NULL, "GET\n/%C3%A9\n");
}

static void path_is_normalised(void **state)
{
    (void)state;
    assert_target("", NULL, "GET\n/\n");
    assert_target("/", NULL, "GET\n/\n");
    assert_target("//a//b/", NULL, "GET\n/a/b/\n");
    assert_target("/a/./b/../c", NULL, "GET\n/a/c\n");
    assert_target("/../..", NULL, "GET\n/\n");
    assert_target("/a/..", NULL, "GET\n/\n");
    assert_target("/a/../", NULL, "GET\n/\n");
    assert_target("/...", NULL, "GET\n/...\n");
}

static void query_is_sorted_by_name_then_value(void **state)
{
    (void)state;
    assert_target("/", "b=1&a=2", "GET\n/\na=2&b=1");
    assert_target("/", "a=2&a=1&a=10", "GET\n/\na=1&a=10&a=2");
    /* '-' sorts before '=', so whole pairs may not be compared. */
    assert_target("/", "a-b=1&a=2", "GET\n/\na=2&a-b=1");
    assert_target("/", "B=1&a=2&A=3", "GET\n/\nA=3&B=1&a=2");
}

static void query_has_one_spelling(void **state)
{
    (void)state;
    assert_target("/", "a", "GET\n/\na=");
    assert_target("/", "a=&&", "GET\n/\na=");
    assert_target("/", "t=a%20b%2fc%3D%2B", "GET\n/\nt=a%20b%2Fc%3D%2B");
    assert_target("/", "t=%7e%41", "GET\n/\nt=~A");
    assert_target("/", "t=a:b/c", "GET\n/\nt=a%3Ab%2Fc");
    assert_target("/", "t=%zz%4", "GET\n/\nt=%25zz%254");
    assert_target("/", "t=a=b", "GET\n/\nt=a%3Db");
}

static void headers_are_sorted_trimmed_and_joined(void **state)
{
    (void)state;
    struct canonical_header headers[] = {
        {STR("X-Amz-Date"), STR("20150830T123600Z")},
        {STR("My-Header"), STR("  a   b \t c  ")},
        {STR("host"), STR("example.com")},
        {STR("my-header"), STR("d")},
        {STR("My"), STR("")},
    };
    canonical_sort(headers, COUNT_OF(headers));
    struct buf out;
    buf_init(&out, 4096);
    const struct canonical_input input = {.method = STR("PUT"),
                                          .path = STR("/"),
                                          .headers = headers,
                                          .header_count = COUNT_OF(headers),
                                          .payload_hash = STR("hash")};
    assert_int_equal(canonical_request(&input, &out), ERR_NONE);
    assert_string_equal(buf_text(&out), "PUT\n/\n\nhost:example.com\nmy:\nmy-header:a b c,d\n"
                                        "x-amz-date:20150830T123600Z\n\n"
                                        "host;my;my-header;x-amz-date\nhash");
    buf_fini(&out);
}

static void maxima_are_kept(void **state)
{
    (void)state;
    char query[2 * (CANONICAL_PAIRS_MAX + 1)];
    for (size_t i = 0; i < sizeof query; i += 2)
        memcpy(query + i, "a&", 2);
    struct buf out;
    buf_init(&out, 4096);
    struct canonical_input input = {
        .method = STR("GET"), .path = STR("/"), .query = {query, sizeof query}};
    assert_int_equal(canonical_request(&input, &out), ERR_FULL);
    buf_clear(&out);
    input.query.n -= 2;
    assert_int_equal(canonical_request(&input, &out), ERR_NONE);
    buf_clear(&out);
    input.header_count = CANONICAL_HEADERS_MAX + 1;
    assert_int_equal(canonical_request(&input, &out), ERR_FULL);
    buf_fini(&out);
    buf_init(&out, 8);
    input.header_count = 0;
    assert_int_equal(canonical_request(&input, &out), ERR_FULL);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(path_is_encoded_once_more),
        cmocka_unit_test(path_is_normalised),
        cmocka_unit_test(query_is_sorted_by_name_then_value),
        cmocka_unit_test(query_has_one_spelling),
        cmocka_unit_test(headers_are_sorted_trimmed_and_joined),
        cmocka_unit_test(maxima_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
