#include "daemon/config.h"
#include "tests/check.h"

#include <stdlib.h>

static struct config *make(const char *endpoint, const char *region)
{
    struct config *config = NULL;
    assert_int_equal(config_new(&config), ERR_NONE);
    free(config->jobs.endpoint);
    config->jobs.endpoint = str_dup(str_of(endpoint));
    free(config->jobs.region);
    config->jobs.region = str_dup(str_of(region));
    return config;
}

static void defaults(void **state)
{
    (void)state;
    struct config *config = NULL;
    unsetenv("STATE_DIRECTORY");
    assert_int_equal(config_new(&config), ERR_NONE);
    assert_string_equal(config->state, "./state");
    assert_string_equal(config->mqtt.url, "mqtt://127.0.0.1:1883");
    assert_string_equal(config->mqtt.client_id, "jobs-bridge");
    assert_int_equal(config->mqtt.version, 5);
    assert_int_equal(config->mqtt.keep_alive_ms, 30000);
    assert_null(config->mqtt.username);
    assert_null(config->mqtt.password_file);
    assert_null(config->mqtt.ca_file);
    assert_null(config->mqtt.cert_file);
    assert_null(config->mqtt.key_file);
    assert_string_equal(config->topics.root, "jobs-bridge");
    assert_int_equal(config->topics.notify.count, 1);
    assert_string_equal(config->topics.notify.items[0], "documented");
    assert_string_equal(config->topics.reserved_prefix, "$aws");
    assert_string_equal(config->jobs.endpoint, "embedded");
    assert_string_equal(config->jobs.region, "us-east-1");
    assert_int_equal(config->jobs.rate_per_second, 10);
    assert_int_equal(config->jobs.burst, 10);
    assert_int_equal(config->jobs.reserve_percent, 10);
    assert_int_equal(config->jobs.max_in_flight, 8);
    assert_int_equal(config->jobs.waiting_per_thing, 1000);
    assert_int_equal(config->jobs.coalesce, 1);
    assert_int_equal(config->jobs.deadline_ms, 300000);
    assert_int_equal(config->jobs.call_timeout_ms, 15000);
    assert_int_equal(config->jobs.verify, 0);
    assert_int_equal(config->credentials.source, CREDENTIALS_AUTO);
    assert_string_equal(config->embedded.listen, "127.0.0.1:8099");
    assert_string_equal(config->admin.listen, "127.0.0.1:9099");
    config_free(config);
    config_free(NULL);
}

static void state_of_systemd(void **state)
{
    (void)state;
    struct config *config = NULL;
    struct buf path;
    buf_init(&path, 256);
    assert_int_equal(setenv("STATE_DIRECTORY", "/var/lib/jobs-bridge:/var/lib/other", 1), 0);
    assert_int_equal(config_new(&config), ERR_NONE);
    unsetenv("STATE_DIRECTORY");
    config_state_path(config, CONFIG_JOBS_DATABASE, &path);
    assert_string_equal(buf_text(&path), "/var/lib/jobs-bridge/jobs.db");
    buf_fini(&path);
    config_free(config);
}

static void endpoint_urls(void **state)
{
    (void)state;
    static const struct {
        const char *endpoint;
        const char *region;
        const char *url;
    } cases[] = {
        {"embedded", "us-east-1", "http://127.0.0.1:8099"},
        {"aws", "eu-central-1", "https://iot.eu-central-1.amazonaws.com"},
        {"aws", "us-gov-west-1", "https://iot.us-gov-west-1.amazonaws.com"},
        {"aws", "cn-north-1", "https://iot.cn-north-1.amazonaws.com.cn"},
        {"aws", "eusc-de-east-1", "https://iot.eusc-de-east-1.amazonaws.eu"},
        {"aws", "us-iso-east-1", "https://iot.us-iso-east-1.c2s.ic.gov"},
        {"aws", "us-isob-east-1", "https://iot.us-isob-east-1.sc2s.sgov.gov"},
        {"https://jobs.example.com:8443", "us-east-1", "https://jobs.example.com:8443"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct config *config = make(cases[i].endpoint, cases[i].region);
        struct buf url;
        buf_init(&url, 256);
        config_endpoint_url(config, &url);
        assert_string_equal(buf_text(&url), cases[i].url);
        assert_int_equal(config_is_embedded(config), i == 0);
        buf_fini(&url);
        config_free(config);
    }
}

static void which_credentials(void **state)
{
    (void)state;
    struct config *embedded = make("embedded", "us-east-1");
    struct config *aws = make("aws", "us-east-1");
    assert_int_equal(config_credentials_source(embedded), CREDENTIALS_EMBEDDED);
    assert_int_equal(config_credentials_source(aws), CREDENTIALS_AUTO);
    embedded->credentials.source = CREDENTIALS_PROFILE;
    assert_int_equal(config_credentials_source(embedded), CREDENTIALS_PROFILE);
    config_free(embedded);
    config_free(aws);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(state_of_systemd),
        cmocka_unit_test(endpoint_urls),
        cmocka_unit_test(which_credentials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
