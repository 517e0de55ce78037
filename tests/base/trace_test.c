#include "base/buf.h"
#include "base/trace.h"
#include "tests/check.h"

#define ID     "0af7651916cd43dd8448eb211c80319c"
#define SPAN   "b7ad6b7169203331"
#define PARENT "00-" ID "-" SPAN "-01"

static void a_valid_parent_has_parts(void **state)
{
    (void)state;
    struct trace trace = trace_of(STR(PARENT), STR_NONE);
    check_str(trace.parent, PARENT);
    check_str(trace.state, NULL);
    check_str(trace_id(&trace), ID);
    check_str(trace_parent_id(&trace), SPAN);
    assert_false(trace_is_absent(&trace));
    trace = trace_of(STR("00-" ID "-" SPAN "-ff"), STR_NONE); /* flags nobody has given a meaning */
    assert_false(trace_is_absent(&trace));
}

static void anything_else_is_none(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "00",
        "00-" ID "-" SPAN,
        "00-" ID "-" SPAN "-1",
        "00-" ID "-" SPAN "-01-",
        "00-" ID "-" SPAN "-01 ",
        " 00-" ID "-" SPAN "-01",
        "01-" ID "-" SPAN "-01",
        "ff-" ID "-" SPAN "-01",
        "00_" ID "-" SPAN "-01",
        "00-" ID "_" SPAN "-01",
        "00-" ID "-" SPAN "_01",
        "00-0AF7651916cd43dd8448eb211c80319c-" SPAN "-01",
        "00-0gf7651916cd43dd8448eb211c80319c-" SPAN "-01",
        "00-" ID "-B7ad6b7169203331-01",
        "00-" ID "-" SPAN "-0A",
        "00-00000000000000000000000000000000-" SPAN "-01",
        "00-" ID "-0000000000000000-01",
        "00-" ID "-b7ad6b716920333\n-01",
        "00-" ID "-" SPAN "-0\r",
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct trace trace = trace_of(str_of(cases[i]), STR("a=1"));
        if (!trace_is_absent(&trace) || !str_is_absent(trace.state))
            fail_msg("'%s' is taken", cases[i]);
        check_str(trace_id(&trace), NULL);
        check_str(trace_parent_id(&trace), NULL);
    }
    assert_true(str_is_absent(trace_of(STR_NONE, STR("a=1")).state));
}

static void check_state(const char *text, bool is_valid)
{
    struct trace trace = trace_of(STR(PARENT), str_of(text));
    if (str_is_absent(trace.state) == is_valid)
        fail_msg("'%s' is %s", text, is_valid ? "not taken" : "taken");
    assert_false(trace_is_absent(&trace)); /* a state that is wrong goes alone */
}

static void a_state_keeps_to_its_grammar(void **state)
{
    (void)state;
    static const char *const valid[] = {
        "a=1",        "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
        "a=1 , b=2,", "fw529a3039@dt=FfAe ~!",
        "1a=x,",      "a_b-c*d/e@f=g",
    };
    static const char *const wrong[] = {
        "",      " ",     ",",     "a",           "=1",     "a=",         "A=1",       "_a=1",
        "a=b=c", "a b=1", "a=1\n", "a=1\r\nx: y", "a=\x7f", "a=\xc3\xbc", "a=\t1\x01", "a=1,b",
    };
    for (size_t i = 0; i < COUNT_OF(valid); i++)
        check_state(valid[i], true);
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        check_state(wrong[i], false);
}

static void a_state_has_its_limits(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 2048);
    for (int i = 0; i < 32; i++)
        buf_format(&text, "%sk%d=v", i > 0 ? "," : "", i);
    check_state(buf_text(&text), true);
    buf_add_text(&text, ",k32=v");
    check_state(buf_text(&text), false);
    buf_clear(&text);
    buf_add_text(&text, "a=");
    while (text.n < 2 + 256)
        buf_add_byte(&text, 'v');
    check_state(buf_text(&text), true);
    buf_add_byte(&text, 'v');
    check_state(buf_text(&text), false);
    buf_clear(&text);
    buf_add_text(&text, "a=1");
    while (text.n < 512)
        buf_add_byte(&text, ',');
    check_state(buf_text(&text), true);
    buf_add_byte(&text, ',');
    check_state(buf_text(&text), false);
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_valid_parent_has_parts),
        cmocka_unit_test(anything_else_is_none),
        cmocka_unit_test(a_state_keeps_to_its_grammar),
        cmocka_unit_test(a_state_has_its_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
