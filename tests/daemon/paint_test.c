#include "daemon/paint.h"
#include "tests/check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int open_terminal(void)
{
    int controller = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(controller >= 0);
    assert_int_equal(grantpt(controller), 0);
    assert_int_equal(unlockpt(controller), 0);
    int terminal = open(ptsname(controller), O_RDWR | O_NOCTTY);
    assert_true(terminal >= 0);
    return terminal; /* both end with the process */
}

static void set(const char *name, const char *value)
{
    assert_int_equal(value != NULL ? setenv(name, value, 1) : unsetenv(name), 0);
}

static void colours_are_for_able_terminals_whose_user_wants_them(void **state)
{
    (void)state;
    static const struct {
        const char *term;
        const char *no_color;
        bool is_able;
        bool is_wanted;
    } cases[] = {
        {"xterm", NULL, true, true},  {"xterm", "", true, true}, {"xterm", "1", true, false},
        {"dumb", NULL, false, false}, {"", NULL, false, false},  {NULL, NULL, false, false},
    };
    int terminal = open_terminal();
    int file = open("/dev/null", O_RDWR);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        set("TERM", cases[i].term);
        set("NO_COLOR", cases[i].no_color);
        assert_int_equal(paint_is_able(terminal), cases[i].is_able);
        assert_int_equal(paint_is_wanted(terminal), cases[i].is_wanted);
        assert_false(paint_is_able(file));
        assert_false(paint_is_wanted(file));
    }
    close(file);
}

static void what_is_not_wanted_is_not_written(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 100);
    paint_begin(&out, false, PAINT_RED);
    paint_end(&out, false, PAINT_RED);
    paint_begin(&out, true, PAINT_NONE);
    paint_end(&out, true, PAINT_NONE);
    assert_int_equal(out.n, 0);
    paint_begin(&out, true, PAINT_RED);
    buf_add_text(&out, "x");
    paint_end(&out, true, PAINT_RED);
    check_str(buf_str(&out), "\033[31mx\033[0m");
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colours_are_for_able_terminals_whose_user_wants_them),
        cmocka_unit_test(what_is_not_wanted_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
