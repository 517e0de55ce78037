#include "http/guests.h"
#include "tests/check.h"

#include <sys/socket.h>
#include <unistd.h>

#define PAIRS 8

static struct guests guests;
static struct guest *guest[PAIRS];
static int fds[PAIRS][2];

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIRS; i++)
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds[i]) != 0)
            return 1;
    guests_init(&guests, 3);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIRS; i++) {
        guests_remove(&guests, guest[i]);
        guest[i] = NULL;
        close(fds[i][0]);
        close(fds[i][1]);
    }
    return 0;
}

static void come(size_t i)
{
    guest[i] = guests_add(&guests, fds[i][0]);
    assert_non_null(guest[i]);
}

static void go(size_t i)
{
    guests_remove(&guests, guest[i]);
    guest[i] = NULL;
}

static bool was_sent_away(size_t i)
{
    char byte;
    return recv(fds[i][1], &byte, 1, 0) == 0;
}

static void one_too_many_makes_the_first_go(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        come(i);
    for (size_t i = 0; i < 3; i++)
        assert_false(was_sent_away(i));
    come(3);
    assert_true(was_sent_away(0));
    go(0);
    come(4);
    assert_true(was_sent_away(1));
    for (size_t i = 2; i <= 4; i++)
        assert_false(was_sent_away(i));
}

static void who_was_answered_stays(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        come(i);
    guests_served(&guests, guest[0]);
    come(3);
    assert_true(was_sent_away(1));
    assert_false(was_sent_away(0));
}

static void who_was_sent_away_is_out_of_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++)
        come(i);
    guests_served(&guests, guest[0]); /* an answer on its way out */
    come(4);                          /* while the first is not gone yet */
    assert_true(was_sent_away(1));
    assert_int_equal(guests.count, 5);
    go(0);
    go(1);
    go(2);
    go(3);
    go(4);
    assert_int_equal(guests.count, 0);
    assert_true(list_is_empty(&guests.all));
}

static void who_is_kept_stays_until_the_next_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        come(i);
    guests_keep(guest[0]);
    come(3);
    assert_false(was_sent_away(0));
    assert_true(was_sent_away(1));
    guests_served(&guests, guest[0]);
    guests_served(&guests, guest[2]);
    guests_served(&guests, guest[3]);
    come(4);
    assert_true(was_sent_away(0));
}

static void the_last_may_be_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        come(i);
        guests_keep(guest[i]);
    }
    come(3); /* there is nobody to send away */
    for (size_t i = 0; i < 3; i++)
        assert_false(was_sent_away(i));
    uint64_t gone = guests.gone;
    go(3);
    assert_int_equal(guests.gone, gone + 1);
}

static void nobody_is_no_guest(void **state)
{
    (void)state;
    guests_served(&guests, NULL);
    guests_keep(NULL);
    guests_remove(&guests, NULL);
    assert_int_equal(guests.count, 0);
}

static void one_place_goes_to_the_last_who_came(void **state)
{
    (void)state;
    guests_init(&guests, 1);
    come(0);
    assert_false(was_sent_away(0));
    come(1);
    assert_true(was_sent_away(0));
    go(0);
    assert_false(was_sent_away(1));
}

#define UNIT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(one_too_many_makes_the_first_go),
        UNIT(who_was_answered_stays),
        UNIT(who_was_sent_away_is_out_of_it),
        UNIT(who_is_kept_stays_until_the_next_answer),
        UNIT(the_last_may_be_kept),
        UNIT(nobody_is_no_guest),
        UNIT(one_place_goes_to_the_last_who_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
