#include "mqtt/broker_url.h"
#include "tests/check.h"

struct url_case {
    const char *text;
    enum err err;
    bool is_tls;
    const char *host;
    int port;
};

static const struct url_case urls[] = {
    {"mqtt://127.0.0.1", ERR_NONE, false, "127.0.0.1", 1883},
    {"mqtt://broker.example:1", ERR_NONE, false, "broker.example", 1},
    {"mqtts://broker.example", ERR_NONE, true, "broker.example", 8883},
    {"mqtts://b-1_x.example:443", ERR_NONE, true, "b-1_x.example", 443},
    {"mqtt://[::1]:1884", ERR_NONE, false, "[::1]", 1884},
    {"mqtt://[fe80::1]", ERR_NONE, false, "[fe80::1]", 1883},
    {.text = "", .err = ERR_INVALID},
    {.text = "127.0.0.1", .err = ERR_INVALID},
    {.text = "tcp://127.0.0.1", .err = ERR_INVALID},
    {.text = "mqtt://", .err = ERR_INVALID},
    {.text = "mqtt://:1883", .err = ERR_INVALID},
    {.text = "mqtt://host:", .err = ERR_INVALID},
    {.text = "mqtt://host:0", .err = ERR_INVALID},
    {.text = "mqtt://host:65536", .err = ERR_INVALID},
    {.text = "mqtt://host:1883/", .err = ERR_INVALID},
    {.text = "mqtt://host/path", .err = ERR_INVALID},
    {.text = "mqtt://user@host", .err = ERR_INVALID},
    {.text = "mqtt://[::1", .err = ERR_INVALID},
    {.text = "mqtt://[]", .err = ERR_INVALID},
    {.text = "mqtts://[::1]", .err = ERR_INVALID},
    {.text = "mqtt://ho st", .err = ERR_INVALID},
};

static void test_urls(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        struct broker_url url = {0};
        struct why why = {0};
        enum err err = broker_url_parse(str_of(urls[i].text), &url, &why);
        if (err != urls[i].err)
            fail_msg("%s: %s", urls[i].text, err_name(err));
        if (err != ERR_NONE) {
            assert_string_equal(why.field, "url");
            continue;
        }
        assert_int_equal(url.is_tls, urls[i].is_tls);
        assert_string_equal(url.host, urls[i].host);
        assert_int_equal(url.port, urls[i].port);
    }
}

struct alpn_case {
    const char *text;
    bool is_asked_for;
};

static const struct alpn_case alpn_cases[] = {
    {"mqtts://a1b2-ats.iot.eu-central-1.amazonaws.com:443", true},
    {"mqtts://a1b2.iot.us-east-1.amazonaws.com:443", true},
    {"mqtts://a1b2.ats.iot.cn-north-1.amazonaws.com.cn:443", false},
    {"mqtts://a1b2-ats.iot.cn-north-1.amazonaws.com.cn:443", true},
    {"mqtts://data.iot-fips.us-gov-west-1.amazonaws.com:443", true},
    {"mqtts://A1B2-ATS.IoT.eu-central-1.AmazonAWS.com:443", true},
    {"mqtts://a1b2-ats.iot.eu-central-1.amazonaws.com", false},
    {"mqtts://a1b2-ats.iot.eu-central-1.amazonaws.com:8883", false},
    {"mqtt://a1b2-ats.iot.eu-central-1.amazonaws.com:443", false},
    {"mqtts://iot.eu-central-1.amazonaws.com:443", false},
    {"mqtts://.iot.eu-central-1.amazonaws.com:443", false},
    {"mqtts://a1b2.iot..amazonaws.com:443", false},
    {"mqtts://a1b2.iot.amazonaws.com:443", false},
    {"mqtts://a1b2.s3.eu-central-1.amazonaws.com:443", false},
    {"mqtts://a1b2.iot.eu-central-1.amazonaws.com.evil.example:443", false},
    {"mqtts://a1b2.iot.eu-central-1.amazonaws.org:443", false},
    {"mqtts://broker.example:443", false},
    {"mqtts://127.0.0.1:443", false},
};

static void test_alpn(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(alpn_cases); i++) {
        struct broker_url url = {0};
        assert_int_equal(broker_url_parse(str_of(alpn_cases[i].text), &url, NULL), ERR_NONE);
        struct str alpn = broker_url_alpn(&url);
        if (str_is_absent(alpn) == alpn_cases[i].is_asked_for)
            fail_msg("%s", alpn_cases[i].text);
        if (alpn_cases[i].is_asked_for)
            check_str(alpn, "\x0ex-amzn-mqtt-ca");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_alpn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
