#include "base/emit.h"
#include "tests/check.h"

static void commas_stand_between_members_only(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 1000);
    struct emit emit = emit_to(&out);
    emit_object(&emit, NULL);
    emit_int(&emit, "a", -1);
    emit_array(&emit, "b");
    emit_array_end(&emit);
    emit_object(&emit, "c");
    emit_object_end(&emit);
    emit_array(&emit, "d");
    emit_int(&emit, NULL, 1);
    emit_object(&emit, NULL);
    emit_bool(&emit, "x", true);
    emit_bool(&emit, "y", false);
    emit_object_end(&emit);
    emit_text(&emit, NULL, "s");
    emit_array_end(&emit);
    emit_raw(&emit, "e", STR("{\"f\":null}"));
    emit_object_end(&emit);
    assert_string_equal(buf_text(&out), "{\"a\":-1,\"b\":[],\"c\":{},\"d\":[1,{\"x\":true,\"y\":"
                                        "false},\"s\"],\"e\":{\"f\":null}}");
    buf_fini(&out);
}

static void absent_values_are_left_out_with_their_keys(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 1000);
    struct emit emit = emit_to(&out);
    emit_object(&emit, NULL);
    emit_str(&emit, "a", STR_NONE);
    emit_text(&emit, "b", NULL);
    emit_raw(&emit, "c", STR_NONE);
    emit_str(&emit, "d", STR(""));
    emit_object_end(&emit);
    assert_string_equal(buf_text(&out), "{\"d\":\"\"}");
    buf_fini(&out);
}

static void check_quoted(struct str value, const char *json)
{
    struct buf out;
    buf_init(&out, 1000);
    struct emit emit = emit_to(&out);
    emit_str(&emit, NULL, value);
    assert_string_equal(buf_text(&out), json);
    buf_fini(&out);
}

static void strings_are_escaped_where_json_asks_for_it(void **state)
{
    (void)state;
    check_quoted(STR("plain text"), "\"plain text\"");
    check_quoted(STR("\"\\/"), "\"\\\"\\\\/\"");
    check_quoted(STR("a\nb"), "\"a\\nb\"");
    check_quoted(STR("\0\x01\t\r\x1f\x7f"), "\"\\u0000\\u0001\\u0009\\u000d\\u001f\x7f\"");
    check_quoted(STR("\xc3\xa4\xf0\x9f\x98\x80"), "\"\xc3\xa4\xf0\x9f\x98\x80\"");
    check_quoted(STR("\"a\"b\""), "\"\\\"a\\\"b\\\"\"");
}

static void keys_are_escaped_too(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 1000);
    struct emit emit = emit_to(&out);
    emit_object(&emit, NULL);
    emit_int(&emit, "a\"b", 1);
    emit_object_end(&emit);
    assert_string_equal(buf_text(&out), "{\"a\\\"b\":1}");
    buf_fini(&out);
}

static void a_full_buffer_is_told_by_the_buffer(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 5);
    struct emit emit = emit_to(&out);
    emit_text(&emit, NULL, "longer");
    assert_int_equal(buf_err(&out), ERR_FULL);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_stand_between_members_only),
        cmocka_unit_test(absent_values_are_left_out_with_their_keys),
        cmocka_unit_test(strings_are_escaped_where_json_asks_for_it),
        cmocka_unit_test(keys_are_escaped_too),
        cmocka_unit_test(a_full_buffer_is_told_by_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
