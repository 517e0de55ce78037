#include "base/log.h"
#include "tests/check.h"

#include <unistd.h>

static char captured[2 * LOG_LINE_MAX];

/* Standard error into a pipe, for what write_line writes. */
static const char *capture(void (*write_line)(void))
{
    int ends[2];
    int saved = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_true(saved >= 0 && dup2(ends[1], STDERR_FILENO) >= 0);
    close(ends[1]);
    write_line();
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    close(saved);
    ssize_t n = read(ends[0], captured, sizeof captured - 1);
    assert_true(n >= 0);
    close(ends[0]);
    captured[n] = '\0';
    return captured;
}

static int back_to_info(void **state)
{
    (void)state;
    log_set_level(LOG_INFO);
    return 0;
}

static void write_pairs(void)
{
    struct log_line line;
    log_start(&line, LOG_WARN, "link_down");
    log_str(&line, "thing", STR("press-7"));
    log_str(&line, "absent", STR_NONE);
    log_str(&line, "empty", STR(""));
    log_text(&line, "null", NULL);
    log_text(&line, "none", "");
    log_text(&line, "msg", "two words");
    log_int(&line, "count", -5);
    log_end(&line);
}

static void a_line_is_time_level_event_and_pairs(void **state)
{
    (void)state;
    const char *text = capture(write_pairs);
    struct str line = str_of(text);
    struct str time = str_cut(&line, ' ');
    assert_int_equal(time.n, sizeof "time=2000-01-01T00:00:00.000Z" - 1);
    assert_true(str_starts(time, STR("time=20")) && str_ends(time, STR("Z")));
    check_str(line,
              "level=warn event=link_down thing=press-7 empty=\"\" msg=\"two words\" count=-5\n");
}

static void write_hostile(void)
{
    struct log_line line;
    log_start(&line, LOG_ERROR, "x");
    log_str(&line, "a", STR("x\nlevel=error event=forged"));
    log_str(&line, "b", STR("\x1b[31m\0\x7f"));
    log_str(&line, "c", STR("\"quote\\"));
    log_str(&line, "d", STR("k=v"));
    log_str(&line, "e", STR("\xc3\xa4"));
    log_str(&line, "f", STR("\x7f"));
    log_end(&line);
}

static void no_value_can_forge_a_line_or_reach_the_terminal(void **state)
{
    (void)state;
    const char *text = capture(write_hostile);
    check_has(text, " a=\"x\\x0alevel=error event=forged\" b=\"\\x1b[31m\\x00\\x7f\" "
                    "c=\"\\\"quote\\\\\" d=\"k=v\" e=\"\\xc3\\xa4\" f=\"\\x7f\"\n");
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void write_long(void)
{
    static char value[3 * LOG_LINE_MAX];
    memset(value, 'v', sizeof value - 1);
    struct log_line line;
    log_start(&line, LOG_ERROR, "x");
    log_text(&line, "long", value);
    log_text(&line, "after", "2");
    log_end(&line);
}

static void a_long_value_is_cut_and_hides_no_other(void **state)
{
    (void)state;
    const char *text = capture(write_long);
    check_has(text, "vvv...\" after=2\n");
}

static void write_too_much(void)
{
    static char value[LOG_VALUE_MAX];
    memset(value, 'v', sizeof value - 1);
    struct log_line line;
    log_start(&line, LOG_ERROR, "x");
    log_text(&line, "first", "1");
    for (int i = 0; i < 4; i++)
        log_text(&line, "long", value);
    log_text(&line, "after", "2");
    log_end(&line);
}

static void a_long_line_is_cut_and_says_so(void **state)
{
    (void)state;
    const char *text = capture(write_too_much);
    assert_true(strlen(text) <= LOG_LINE_MAX);
    check_has(text, "first=1");
    assert_null(strstr(text, "after="));
    assert_true(str_ends(str_of(text), STR("...\n")));
}

static void write_long_hostile(void)
{
    static char value[3 * LOG_LINE_MAX];
    memset(value, '\n', sizeof value);
    struct log_line line;
    log_start(&line, LOG_ERROR, "x");
    log_str(&line, "long", (struct str){value, sizeof value});
    log_end(&line);
}

static void a_long_escaped_value_is_cut_between_escapes(void **state)
{
    (void)state;
    const char *text = capture(write_long_hostile);
    assert_true(strlen(text) <= LOG_LINE_MAX);
    check_has(text, "\\x0a...\"\n");
}

static void write_each_level(void)
{
    for (int level = 0; level < LOG_LEVEL_COUNT; level++)
        log_say((enum log_level)level, "said", "number %d", level);
}

static void only_lines_up_to_the_level_are_written(void **state)
{
    (void)state;
    log_set_level(LOG_WARN);
    const char *text = capture(write_each_level);
    check_has(text, "level=error event=said msg=\"number 0\"\n");
    check_has(text, "level=warn event=said msg=\"number 1\"\n");
    assert_null(strstr(text, "number 2"));
    log_set_level(LOG_DEBUG);
    check_has(capture(write_each_level), "level=debug event=said msg=\"number 3\"\n");
}

static void levels_are_read_by_name(void **state)
{
    (void)state;
    enum log_level level = LOG_INFO;
    assert_true(log_level_parse(STR("error"), &level) && level == LOG_ERROR);
    assert_true(log_level_parse(STR("warn"), &level) && level == LOG_WARN);
    assert_true(log_level_parse(STR("info"), &level) && level == LOG_INFO);
    assert_true(log_level_parse(STR("debug"), &level) && level == LOG_DEBUG);
    assert_false(log_level_parse(STR("DEBUG"), &level));
    assert_false(log_level_parse(STR(""), &level));
    assert_int_equal(level, LOG_DEBUG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_time_level_event_and_pairs),
        cmocka_unit_test(no_value_can_forge_a_line_or_reach_the_terminal),
        cmocka_unit_test(a_long_value_is_cut_and_hides_no_other),
        cmocka_unit_test(a_long_line_is_cut_and_says_so),
        cmocka_unit_test(a_long_escaped_value_is_cut_between_escapes),
        cmocka_unit_test_teardown(only_lines_up_to_the_level_are_written, back_to_info),
        cmocka_unit_test(levels_are_read_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
