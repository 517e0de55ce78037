/* From profile files to plans. */
#include "tests/check.h"
#include "tests/http/fetched.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define A "arn:aws:iam::123456789012:role/a"
#define B "arn:aws:iam::123456789012:role/b"

static char credentials_file[] = "/tmp/jobs-bridge-profile-XXXXXX";
static char config_file[] = "/tmp/jobs-bridge-profile-XXXXXX";

static int make_files(void **state)
{
    (void)state;
    fetched_clear_environment();
    close(mkstemp(credentials_file));
    close(mkstemp(config_file));
    setenv("AWS_SHARED_CREDENTIALS_FILE", credentials_file, 1);
    return setenv("AWS_CONFIG_FILE", config_file, 1);
}

static int remove_files(void **state)
{
    (void)state;
    return unlink(credentials_file) != 0 || unlink(config_file) != 0;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* A plan in one line: "keys K", "process ...", "container", then " + arn/session/external/s". */
static void describe(const struct credentials_plan *plan, char *ret, size_t capacity)
{
    static const char *const bases[] = {"keys ", "process ", "container", "imds", "iot"};
    int n = snprintf(ret, capacity, "%s%s", bases[plan->base],
                     plan->base == CREDENTIALS_BASE_KEYS      ? plan->keys.access_key
                     : plan->base == CREDENTIALS_BASE_PROCESS ? plan->command
                                                              : "");
    for (size_t i = 0; i < plan->role_count; i++)
        n += snprintf(ret + n, capacity - (size_t)n, " + %s %s %s %lld",
                      plan->roles[i].arn + strlen(A) - 1, plan->roles[i].session,
                      plan->roles[i].external_id, (long long)plan->roles[i].duration_s);
}

static const struct {
    const char *config;
    const char *credentials;
    const char *plan;
} plans[] = {
    {"[default]\nrole_arn=" A "\nsource_profile=base\n",
     "[base]\naws_access_key_id=K\naws_secret_access_key=S\n", "keys K + a jobs-bridge  0"},
    {"[default]\nrole_arn=" A "\nsource_profile=mid\nrole_session_name=me\nexternal_id=x/1\n"
     "duration_seconds=900\n[profile mid]\nrole_arn=" B "\nsource_profile=base\n"
     "[profile base]\naws_access_key_id=K\naws_secret_access_key=S\n",
     "", "keys K + a me x/1 900 + b jobs-bridge  0"},
    /* A role comes before keys, except in a source: so a profile can be its own. */
    {"[default]\nrole_arn=" A "\nsource_profile=default\naws_access_key_id=K\n"
     "aws_secret_access_key=S\n",
     "", "keys K + a jobs-bridge  0"},
    {"[default]\nrole_arn=" A "\nsource_profile=b\n[profile b]\nrole_arn=" B "\n"
     "source_profile=nowhere\naws_access_key_id=K\naws_secret_access_key=S\n",
     "", "keys K + a jobs-bridge  0"},
    {"[default]\nrole_arn=" A "\ncredential_source=EcsContainer\n", "",
     "container + a jobs-bridge  0"},
    {"[default]\nrole_arn=" A "\ncredential_source=Ec2InstanceMetadata\n", "",
     "imds + a jobs-bridge  0"},
    {"[default]\nrole_arn=" A "\ncredential_source=Environment\n", "",
     "keys ENV + a jobs-bridge  0"},
    {"[default]\nrole_arn=" A "\nsource_profile=p\n[profile p]\ncredential_process=x 'y z'\n", "",
     "process x 'y z' + a jobs-bridge  0"},
    {"[default]\ncredential_process = /bin/x --flag\n", "", "process /bin/x --flag"},
    {"[default]\ncredential_process=x\n",
     "[default]\naws_access_key_id=K\naws_secret_access_key=S\n", "keys K"},
    {"[default]\naws_access_key_id=C\naws_secret_access_key=S\naws_session_token=T\n",
     "[default]\naws_access_key_id=K\naws_secret_access_key=S\n", "keys K"},
};

static void profiles_become_plans(void **state)
{
    (void)state;
    setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "S", 1);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/", 1);
    for (size_t i = 0; i < COUNT_OF(plans); i++) {
        struct credentials_plan plan = {0};
        struct why why = {0};
        char text[512];
        write_file(config_file, plans[i].config);
        write_file(credentials_file, plans[i].credentials);
        if (credentials_profile_plan(NULL, &plan, &why) != ERR_NONE)
            fail_msg("%zu: %s", i, why.text);
        describe(&plan, text, sizeof text);
        assert_string_equal(text, plans[i].plan);
        assert_string_equal(plan.keys.token, ""); /* of another file */
    }
}

static const struct {
    const char *config;
    enum err err;
    const char *reason;
} mistakes[] = {
    {"", ERR_NOT_FOUND, "has no keys in profile default"},
    {"[default]\nrole_arn=" A "\n", ERR_INVALID, "needs source_profile or credential_source"},
    {"[default]\nrole_arn=short\nsource_profile=b\n", ERR_INVALID, "role_arn is no ARN"},
    {"[default]\nrole_arn=" A " x\nsource_profile=b\n", ERR_INVALID, "role_arn is no ARN"},
    {"[default]\nrole_arn=" A "\nsource_profile=b\nrole_session_name=x\n", ERR_INVALID,
     "role_session_name"},
    {"[default]\nrole_arn=" A "\nsource_profile=b\nexternal_id=a b\n", ERR_INVALID, "external_id"},
    {"[default]\nrole_arn=" A "\nsource_profile=b\nduration_seconds=899\n", ERR_INVALID,
     "duration_seconds"},
    {"[default]\nrole_arn=" A "\nsource_profile=b\nduration_seconds=1h\n", ERR_INVALID,
     "duration_seconds"},
    {"[default]\nrole_arn=" A "\nsource_profile=missing\n", ERR_INVALID,
     "has no keys in profile missing"},
    {"[default]\nrole_arn=" A "\nsource_profile=default\n", ERR_INVALID, "in a circle"},
    {"[default]\nrole_arn=" A "\nsource_profile=b\n[profile b]\nrole_arn=" B
     "\nsource_profile=default\n",
     ERR_INVALID, "in a circle"},
    {"[default]\nrole_arn=" A "\ncredential_source=Magic\n", ERR_INVALID, "credential_source"},
    {"[default]\nrole_arn=" A "\ncredential_source=Environment\n", ERR_INVALID, "are not set"},
    {"[default]\nrole_arn=" A "\nmfa_serial=x\nsource_profile=b\n", ERR_INVALID, "mfa_serial"},
    {"[default]\nrole_arn=" A "\nweb_identity_token_file=/x\n", ERR_INVALID, "web_identity"},
    {"[default]\nrole_arn=" A "\nsource_profile=b\n[profile b]\nsso_session=x\n", ERR_INVALID,
     "profile b has sso_session"},
};

static void mistakes_are_named(void **state)
{
    (void)state;
    write_file(credentials_file, "");
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_SECRET_ACCESS_KEY");
    for (size_t i = 0; i < COUNT_OF(mistakes); i++) {
        struct credentials_plan plan = {0};
        struct why why = {0};
        write_file(config_file, mistakes[i].config);
        assert_int_equal(credentials_profile_plan(NULL, &plan, &why), mistakes[i].err);
        check_has(why.text, mistakes[i].reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profiles_become_plans),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
