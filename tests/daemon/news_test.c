/* The ring, by one thread and by two. */
#include "daemon/news.h"
#include "tests/check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#define MANY 200000

static struct news *news;
static struct news_item item;

static int set_up(void **state)
{
    (void)state;
    return news_new(&news) == ERR_NONE ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    news_free(news);
    return 0;
}

static struct decision numbered(unsigned number, char job[32])
{
    snprintf(job, 32, "job-%u", number);
    return (struct decision){
        .job = str_of(job), .latency_ms = number, .attempts = number, .shared_by = 1};
}

static void add(unsigned number)
{
    char job[32];
    const struct decision decision = numbered(number, job);
    (void)news_add(news, &decision, number);
}

/* All parts of it are of one and the same item. */
static void check_item(const struct news_item *taken)
{
    char job[32];
    snprintf(job, sizeof job, "job-%u", taken->attempts);
    assert_string_equal(taken->job, job);
    assert_int_equal(taken->latency_ms, taken->attempts);
    assert_int_equal(taken->at_ms, taken->attempts);
}

static void what_is_added_is_taken_in_order(void **state)
{
    (void)state;
    uint64_t missed = 0;
    assert_false(news_take(news, &item, &missed));
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 1000; i++)
            add(1000 * round + i);
        for (unsigned i = 0; i < 1000; i++) {
            assert_true(news_take(news, &item, &missed));
            check_item(&item);
            assert_int_equal(item.attempts, 1000 * round + i);
        }
    }
    assert_false(news_take(news, &item, &missed));
    assert_int_equal(missed, 0);
}

static void everything_of_a_decision_is_kept(void **state)
{
    (void)state;
    uint64_t missed = 0;
    const struct decision decision = {
        .job = STR("j"),
        .thing = STR("t"),
        .namespace = STR("n"),
        .code = 3,
        .field = STR("description"),
        .message = STR("no"),
        .latency_ms = 12,
        .attempts = 2,
        .shared_by = 7,
        .is_dry_run = true,
    };
    (void)news_add(news, &decision, 1700000000000);
    assert_true(news_take(news, &item, &missed));
    assert_string_equal(item.job, "j");
    assert_string_equal(item.thing, "t");
    assert_string_equal(item.namespace, "n");
    assert_string_equal(item.field, "description");
    assert_string_equal(item.message, "no");
    assert_int_equal(item.code, 3);
    assert_int_equal(item.latency_ms, 12);
    assert_int_equal(item.attempts, 2);
    assert_int_equal(item.shared_by, 7);
    assert_true(item.is_dry_run);
    assert_true(item.at_ms == 1700000000000);
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    uint64_t missed = 0;
    char text[NEWS_MESSAGE + 8];
    memset(text, 'a', sizeof text);
    memcpy(text + NEWS_MESSAGE - 4, "\xc3\xa4", 2); /* neither it nor the rest fits */
    const struct decision decision = {.message = {text, sizeof text}, .field = STR_NONE};
    (void)news_add(news, &decision, 0);
    assert_true(news_take(news, &item, &missed));
    assert_int_equal(strlen(item.message), NEWS_MESSAGE - 4 + 3);
    assert_string_equal(item.message + NEWS_MESSAGE - 4, "\xe2\x80\xa6");
    assert_string_equal(item.field, "");
    assert_string_equal(item.job, "");
    const struct decision fits = {.message = {text, NEWS_MESSAGE - 4}};
    (void)news_add(news, &fits, 0);
    assert_true(news_take(news, &item, &missed));
    assert_int_equal(strlen(item.message), NEWS_MESSAGE - 4);
}

static void a_late_reader_misses_the_oldest_and_is_told(void **state)
{
    (void)state;
    uint64_t missed = 0;
    unsigned taken = 0;
    unsigned last = 0;
    for (unsigned i = 0; i < 3 * LIMITS_NEWS; i++)
        add(i);
    while (news_take(news, &item, &missed)) {
        check_item(&item);
        last = item.attempts;
        taken++;
    }
    assert_int_equal(last, 3 * LIMITS_NEWS - 1);
    assert_int_equal(taken, LIMITS_NEWS - 1);
    assert_int_equal(taken + missed, 3 * LIMITS_NEWS);
}

static void the_reader_is_called_before_the_ring_is_full(void **state)
{
    (void)state;
    unsigned calls = 0;
    char job[32];
    for (unsigned i = 0; i < LIMITS_NEWS; i++) {
        const struct decision decision = numbered(i, job);
        calls += news_add(news, &decision, i);
    }
    assert_true(calls >= 2 && calls <= 16);
}

static void *write_many(void *done)
{
    for (unsigned i = 0; i < MANY; i++)
        add(i);
    *(_Atomic bool *)done = true;
    return NULL;
}

/* Whole items, in order, none twice, and every one taken or missed. */
static void two_threads(void **state)
{
    (void)state;
    _Atomic bool is_done = false;
    uint64_t missed = 0;
    uint64_t taken = 0;
    int64_t last = -1;
    pthread_t writer;
    assert_int_equal(pthread_create(&writer, NULL, write_many, &is_done), 0);
    for (bool was_done = false; !was_done;) {
        was_done = is_done;
        while (news_take(news, &item, &missed)) {
            check_item(&item);
            assert_true(item.attempts > last);
            last = item.attempts;
            taken++;
        }
    }
    pthread_join(writer, NULL);
    assert_int_equal(last, MANY - 1);
    assert_int_equal(taken + missed, MANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_added_is_taken_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(everything_of_a_decision_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_texts_are_cut_between_characters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_late_reader_misses_the_oldest_and_is_told, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_reader_is_called_before_the_ring_is_full, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(two_threads, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
