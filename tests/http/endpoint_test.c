#include "http/endpoint.h"
#include "tests/check.h"

static void good_endpoints_are_normalised(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *url;
        const char *host;
    } cases[] = {
        {"https://iot.us-east-1.amazonaws.com", "https://iot.us-east-1.amazonaws.com",
         "iot.us-east-1.amazonaws.com"},
        {"https://iot-fips.us-east-1.amazonaws.com/", "https://iot-fips.us-east-1.amazonaws.com",
         "iot-fips.us-east-1.amazonaws.com"},
        {"https://iot.eu-west-1.api.aws", "https://iot.eu-west-1.api.aws", "iot.eu-west-1.api.aws"},
        {"HTTPS://Jobs.Example.COM:8443", "https://jobs.example.com:8443", "jobs.example.com:8443"},
        {"https://example.com:443", "https://example.com", "example.com"},
        {"http://localhost:80", "http://localhost", "localhost"},
        {"http://127.0.0.1:8099", "http://127.0.0.1:8099", "127.0.0.1:8099"},
        {"http://127.255.3.4:1", "http://127.255.3.4:1", "127.255.3.4:1"},
        {"http://[::1]:8099", "http://[::1]:8099", "[::1]:8099"},
        {"https://[fd00::1]", "https://[fd00::1]", "[fd00::1]"},
        {"https://10.0.0.1:443", "https://10.0.0.1", "10.0.0.1"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct endpoint endpoint;
        assert_int_equal(endpoint_parse(str_of(cases[i].text), &endpoint, NULL), ERR_NONE);
        assert_string_equal(endpoint.url, cases[i].url);
        assert_string_equal(endpoint.host, cases[i].host);
    }
}

static void assert_refused(const char *text, const char *reason)
{
    struct endpoint endpoint = {.url = "untouched"};
    struct why why;
    if (endpoint_parse(str_of(text), &endpoint, &why) != ERR_INVALID)
        fail_msg("%s was not refused", text);
    assert_string_equal(endpoint.url, "untouched");
    check_has(why.text, reason);
}

static void plain_http_is_for_this_machine_only(void **state)
{
    (void)state;
    static const char *const far[] = {"http://iot.us-east-1.amazonaws.com",
                                      "http://10.0.0.1:80",
                                      "http://127.0.0.1.example.com",
                                      "http://localhost.example.com",
                                      "http://[::2]:80",
                                      "http://127.1:80",
                                      "http://2130706433:80",
                                      "http://0.0.0.0:8099"};
    for (size_t i = 0; i < COUNT_OF(far); i++)
        assert_refused(far[i], "only to this machine");
}

static void anything_more_or_less_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "iot.us-east-1.amazonaws.com",
                                      "ftp://example.com",
                                      "https://",
                                      "https:///",
                                      "https://example.com/path",
                                      "https://example.com//",
                                      "https://example.com?x=1",
                                      "https://example.com#x",
                                      "https://user@example.com",
                                      "https://user:pw@example.com",
                                      "https://example.com:0",
                                      "https://example.com:65536",
                                      "https://example.com:",
                                      "https://example.com:80:80",
                                      "https://exa mple.com",
                                      "https://example.com\r\nX: y",
                                      "https://ex\xc3\xa4mple.com",
                                      "https://.example.com",
                                      "https://example.com.",
                                      "https://[::1",
                                      "https://[]",
                                      "https://[127.0.0.1]",
                                      "http://127.0.0.1@evil.example.com",
                                      "http://127.0.0.1\\@evil.example.com"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_refused(bad[i], "expected https://host[:port]");
    char text[400] = "https://";
    memset(text + 8, 'a', sizeof text - 9);
    assert_refused(text, "expected https://host[:port]");
}

static void the_endpoint_for_devices_is_refused_with_help(void **state)
{
    (void)state;
    static const char *const data[] = {"https://a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com",
                                       "https://a1b2c3d4e5f6g7.iot.eu-west-1.amazonaws.com",
                                       "https://data.iot.eu-west-1.amazonaws.com",
                                       "https://abc.jobs.iot.eu-west-1.amazonaws.com",
                                       "https://c1.credentials.iot.eu-west-1.amazonaws.com"};
    for (size_t i = 0; i < COUNT_OF(data); i++)
        assert_refused(data[i], "use https://iot.eu-west-1.amazonaws.com");
    assert_refused("https://a1.ats.iot.cn-north-1.amazonaws.com.cn",
                   "use https://iot.cn-north-1.amazonaws.com.cn");
}

static void every_partition_has_its_domain(void **state)
{
    (void)state;
    static const struct {
        const char *region;
        const char *url;
    } cases[] = {
        {"us-east-1", "https://iot.us-east-1.amazonaws.com"},
        {"us-gov-west-1", "https://iot.us-gov-west-1.amazonaws.com"},
        {"cn-north-1", "https://iot.cn-north-1.amazonaws.com.cn"},
        {"eusc-de-east-1", "https://iot.eusc-de-east-1.amazonaws.eu"},
        {"us-iso-east-1", "https://iot.us-iso-east-1.c2s.ic.gov"},
        {"us-isob-east-1", "https://iot.us-isob-east-1.sc2s.sgov.gov"},
        {"us-isof-south-1", "https://iot.us-isof-south-1.csp.hci.ic.gov"},
        {"eu-isoe-west-1", "https://iot.eu-isoe-west-1.cloud.adc-e.uk"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct endpoint endpoint;
        assert_int_equal(endpoint_of_region(str_of(cases[i].region), &endpoint, NULL), ERR_NONE);
        assert_string_equal(endpoint.url, cases[i].url);
        assert_string_equal(endpoint.host, cases[i].url + 8);
        assert_int_equal(endpoint_parse(str_of(endpoint.url), &endpoint, NULL), ERR_NONE);
    }
    static const char *const bad[] = {"", "us east", "us-east-1.evil.com/", "US-EAST-1",
                                      "a-region-name-that-is-far-too-long"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct endpoint endpoint;
        struct why why;
        assert_int_equal(endpoint_of_region(str_of(bad[i]), &endpoint, &why), ERR_INVALID);
        check_has(why.text, "expected a region");
    }
}

static void the_credentials_provider_is_known_by_its_name(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *url; /* NULL: refused */
    } cases[] = {
        {"c1.credentials.iot.us-east-1.amazonaws.com",
         "https://c1.credentials.iot.us-east-1.amazonaws.com"},
        {"https://C1.credentials.iot.cn-north-1.amazonaws.com.cn/",
         "https://c1.credentials.iot.cn-north-1.amazonaws.com.cn"},
        {"https://127.0.0.1:8443", "https://127.0.0.1:8443"},
        {"provider.example:443", "https://provider.example"},
        {"http://127.0.0.1:8443", NULL},
        {"a1-ats.iot.us-east-1.amazonaws.com", NULL},
        {"iot.us-east-1.amazonaws.com", NULL},
        {"c1.credentials.iot.us-east-1.amazonaws.com/role-aliases", NULL},
        {"user@c1.credentials.iot.us-east-1.amazonaws.com", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct endpoint endpoint;
        enum err err = endpoint_parse_provider(str_of(cases[i].text), &endpoint, NULL);
        assert_int_equal(err, cases[i].url != NULL ? ERR_NONE : ERR_INVALID);
        if (err == ERR_NONE)
            assert_string_equal(endpoint.url, cases[i].url);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_endpoints_are_normalised),
        cmocka_unit_test(plain_http_is_for_this_machine_only),
        cmocka_unit_test(anything_more_or_less_is_refused),
        cmocka_unit_test(the_endpoint_for_devices_is_refused_with_help),
        cmocka_unit_test(every_partition_has_its_domain),
        cmocka_unit_test(the_credentials_provider_is_known_by_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
