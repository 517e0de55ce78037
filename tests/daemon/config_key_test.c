#include "daemon/config.h"
#include "daemon/config_key.h"
#include "tests/check.h"

static void table(void **state)
{
    (void)state;
    size_t count = 0;
    for (const struct config_key *key; (key = config_key_at(count)) != NULL; count++) {
        assert_int_equal(config_key_index(key), count);
        assert_ptr_equal(config_key_find(str_of(key->section), str_of(key->name)), key);
        assert_true(config_key_is_section(str_of(key->section)) || key->section[0] == '\0');
        assert_true(key->offset < sizeof(struct config));
        assert_true(!config_key_is_number(key) || key->preset != NULL);
        assert_true(key->kind != CONFIG_CHOICE || key->choices != NULL);
    }
    assert_true(count > 30 && count <= CONFIG_KEY_COUNT);
}

static void names(void **state)
{
    (void)state;
    struct buf path;
    buf_init(&path, 64);
    config_key_path(config_key_find(STR("mqtt"), STR("url")), &path);
    buf_add_byte(&path, ' ');
    config_key_path(config_key_find(STR(""), STR("state")), &path);
    assert_string_equal(buf_text(&path), "mqtt.url state");
    buf_fini(&path);
    assert_null(config_key_find(STR("mqtt"), STR("state")));
    assert_null(config_key_find(STR(""), STR("url")));
    assert_true(config_key_is_section(STR("journal")));
    assert_false(config_key_is_section(STR("state")));
    assert_false(config_key_is_section(STR("")));
}

static void closest(void **state)
{
    (void)state;
    static const struct {
        const char *section;
        const char *name;
        const char *closest;
    } cases[] = {
        {"mqtt", "ulr", "url"}, /* neighbours swapped: one slip */
        {"mqtt", "uri1", NULL}, /* two slips of four letters could be anything */
        {"mqtt", "clientid", "client_id"},
        {"mqtt", "keep_alvie", "keep_alive"},
        {"mqtt", "keepalives", "keep_alive"},
        {"mqtt", "region", NULL},
        {"jobs", "regions", "region"},
        {"", "topic", "topics"},
        {"", "stat", "state"},
        {"", "url", NULL},
        {"", "", NULL},
        {"jobs", "max_in_flight_max_in_flight_max_in_flight", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *found = config_key_closest(str_of(cases[i].section), str_of(cases[i].name));
        check_str(str_of(found), cases[i].closest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(names),
        cmocka_unit_test(closest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
