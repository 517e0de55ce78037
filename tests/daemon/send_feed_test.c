/* Standard input is a pipe of the test's own. */
#include "base/limits.h"
#include "daemon/send_feed.h"
#include "tests/check.h"

#include <unistd.h>

struct pipe_in {
    int writer;
};

static void open_input(struct pipe_in *in)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
    close(fds[0]);
    in->writer = fds[1];
}

static void put(const struct pipe_in *in, const char *text)
{
    assert_int_equal(write(in->writer, text, strlen(text)), (ssize_t)strlen(text));
}

static void check_next(struct send_feed *feed, enum send_feed_state state, const char *command)
{
    struct str ret = STR_NONE;
    struct why why = {0};
    assert_int_equal(send_feed_next(feed, &ret, &why), state);
    check_str(ret, command);
}

static void one_command_is_given_as_often_as_asked(void **state)
{
    (void)state;
    struct send_feed feed;
    send_feed_init(&feed, STR("{}"), 2);
    assert_int_equal(send_feed_fd(&feed), -1);
    check_next(&feed, SEND_FEED_READY, "{}");
    check_next(&feed, SEND_FEED_READY, "{}");
    check_next(&feed, SEND_FEED_END, NULL);
    send_feed_fini(&feed);
}

static void lines_are_taken_as_they_come(void **state)
{
    (void)state;
    struct pipe_in in;
    struct send_feed feed;
    open_input(&in);
    send_feed_init_lines(&feed);
    assert_int_equal(send_feed_fd(&feed), STDIN_FILENO);
    check_next(&feed, SEND_FEED_LATER, NULL);
    put(&in, "{\"a\":1}\n\n  {\"b\":");
    check_next(&feed, SEND_FEED_READY, "{\"a\":1}");
    check_next(&feed, SEND_FEED_LATER, NULL);
    put(&in, "2} \r\n{\"c\":3}");
    check_next(&feed, SEND_FEED_READY, "{\"b\":2}");
    assert_int_equal(feed.line, 3);
    check_next(&feed, SEND_FEED_LATER, NULL);
    close(in.writer);
    check_next(&feed, SEND_FEED_READY, "{\"c\":3}");
    check_next(&feed, SEND_FEED_END, NULL);
    assert_int_equal(send_feed_fd(&feed), -1);
    assert_int_equal(feed.given, 3);
    send_feed_fini(&feed);
}

static void a_line_without_end_is_wrong(void **state)
{
    (void)state;
    struct pipe_in in;
    struct send_feed feed;
    struct str ret;
    struct why why = {0};
    char chunk[4097];
    enum send_feed_state got = SEND_FEED_LATER;
    open_input(&in);
    send_feed_init_lines(&feed);
    memset(chunk, 'x', sizeof chunk);
    chunk[sizeof chunk - 1] = '\0';
    for (int i = 0; i < 100 && got == SEND_FEED_LATER; i++) {
        put(&in, chunk);
        got = send_feed_next(&feed, &ret, &why);
    }
    assert_int_equal(got, SEND_FEED_WRONG);
    check_has(why.text, "longer than 131072");
    assert_int_equal(feed.line, 1);
    assert_int_equal(send_feed_next(&feed, &ret, &why), SEND_FEED_END);
    assert_int_equal(send_feed_fd(&feed), -1);
    close(in.writer);
    send_feed_fini(&feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_command_is_given_as_often_as_asked),
        cmocka_unit_test(lines_are_taken_as_they_come),
        cmocka_unit_test(a_line_without_end_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
