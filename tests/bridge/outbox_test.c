#include "bridge/outbox.h"
#include "tests/bridge/sample.h"
#include "tests/check.h"

#include <stdio.h>

#define SENT_MAX 4096

/* A broker that notes what it is given. Topics are noted by the number in the job's name. */
struct pipe {
    size_t room;
    unsigned faults; /* so many posts are not taken */
    int64_t invalid; /* the number of a job whose answer is never taken; 0: none */
    struct {
        uint64_t id;
        int64_t job;
        bool is_answer;
        bool has_correlation;
        bool is_reply; /* to a Response Topic */
    } sent[SENT_MAX];
    size_t count;
};

static size_t room(void *context)
{
    return ((struct pipe *)context)->room;
}

static int64_t job_of(struct str topic)
{
    char text[256];
    snprintf(text, sizeof text, "%.*s", STR_ARG(topic));
    const char *at = strstr(text, "jobs/j");
    assert_non_null(at);
    struct str rest = str_of(at + 6);
    int64_t number;
    assert_true(str_to_int(str_cut(&rest, '/'), 0, 1000000, &number));
    return number;
}

static enum err publish(void *context, const struct post *post)
{
    struct pipe *pipe = context;
    assert_true(pipe->room > 0);
    if (pipe->faults > 0) {
        pipe->faults--;
        return ERR_IO;
    }
    bool is_answer = str_ends(post->topic, STR("/accepted"));
    if (pipe->invalid != 0 && is_answer && job_of(post->topic) == pipe->invalid)
        return ERR_INVALID;
    assert_true(pipe->count < SENT_MAX);
    pipe->room--;
    pipe->sent[pipe->count].id = post->id;
    pipe->sent[pipe->count].job = job_of(post->topic);
    pipe->sent[pipe->count].is_answer = is_answer;
    pipe->sent[pipe->count].is_reply = str_starts(post->topic, STR("replies/"));
    pipe->sent[pipe->count].has_correlation = !str_is_absent(post->correlation);
    pipe->count++;
    return ERR_NONE;
}

struct stage {
    struct outcome_options options;
    struct outbox outbox;
    struct pipe pipe;
    struct port_broker broker;
};

static void start(struct stage *stage, size_t pipe_room)
{
    stage->options = sample_options();
    stage->pipe = (struct pipe){.room = pipe_room};
    stage->broker = (struct port_broker){.context = &stage->pipe, .room = room, .publish = publish};
    outbox_init(&stage->outbox, &stage->options, SIDE_LOCAL, NULL);
}

/* A decided record of job j<number>: two posts, answer and event. */
static void add_asking(struct stage *stage, int number, struct str response_topic)
{
    char topic[64];
    snprintf(topic, sizeof topic, "jobs-bridge/jobs/j%d/update", number);
    struct arrival arrival = sample_arrival(topic, "{\"description\":\"x\"}");
    arrival.correlation = STR("c");
    arrival.response_topic = response_topic;
    struct record *record = sample_taken(&stage->options, &arrival);
    sample_accept(record);
    record->post_count = outcome_post_count(&stage->options, record);
    outbox_add(&stage->outbox, record, 0, record->post_count);
}

static void add(struct stage *stage, int number)
{
    add_asking(stage, number, STR_NONE);
}

static void send(struct stage *stage)
{
    uint64_t refused;
    assert_false(outbox_send(&stage->outbox, &stage->broker, &refused));
}

/* Whether the delivery of the post ended its record, which is freed then. */
static bool deliver(struct stage *stage, int sent)
{
    struct record *record = outbox_delivered(&stage->outbox, stage->pipe.sent[sent].id, ERR_NONE);
    bool is_last = record != NULL;
    record_free(record);
    return is_last;
}

static void posts_leave_in_order_of_decision(void **state)
{
    (void)state;
    static struct stage stage;
    start(&stage, 100);
    for (int i = 0; i < 5; i++)
        add(&stage, i);
    send(&stage);
    assert_int_equal(stage.pipe.count, 10);
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(stage.pipe.sent[i].job, i / 2);
        assert_int_equal(stage.pipe.sent[i].is_answer, i % 2 == 0);
        assert_int_equal(stage.pipe.sent[i].has_correlation, i % 2 == 0); /* of answers only */
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(stage.pipe.sent[i].id, stage.pipe.sent[j].id);
    }
    assert_false(outbox_is_empty(&stage.outbox));
    for (int i = 0; i < 10; i++)
        assert_int_equal(deliver(&stage, i), i % 2 == 1);
    assert_true(outbox_is_empty(&stage.outbox));
    outbox_fini(&stage.outbox);
}

static void a_record_ends_with_its_last_post_in_any_order(void **state)
{
    (void)state;
    static struct stage stage;
    start(&stage, 100);
    add(&stage, 0);
    send(&stage);
    assert_false(deliver(&stage, 1));
    assert_false(deliver(&stage, 1)); /* told twice: once counts */
    assert_true(deliver(&stage, 0));
    outbox_fini(&stage.outbox);
}

static void the_window_of_the_broker_holds(void **state)
{
    (void)state;
    static struct stage stage;
    start(&stage, 3);
    for (int i = 0; i < 3; i++)
        add(&stage, i);
    send(&stage);
    assert_int_equal(stage.pipe.count, 3); /* the second record is cut in the middle */
    send(&stage);
    assert_int_equal(stage.pipe.count, 3);
    assert_false(deliver(&stage, 0));
    stage.pipe.room = 1;
    send(&stage);
    assert_int_equal(stage.pipe.count, 4);
    assert_int_equal(stage.pipe.sent[3].job, 1);
    assert_false(stage.pipe.sent[3].is_answer);
    outbox_fini(&stage.outbox);
}

static void its_own_window_holds(void **state)
{
    (void)state;
    static struct stage stage;
    start(&stage, SENT_MAX);
    for (int i = 0; i < LIMITS_PUBLISH_WINDOW; i++)
        add(&stage, i);
    send(&stage);
    assert_int_equal(stage.pipe.count, LIMITS_PUBLISH_WINDOW);
    for (int i = 0; i < 2 * LIMITS_PUBLISH_WINDOW; i++) {
        deliver(&stage, i);
        send(&stage);
    }
    assert_int_equal(stage.pipe.count, 2 * LIMITS_PUBLISH_WINDOW);
    assert_true(outbox_is_empty(&stage.outbox));
    outbox_fini(&stage.outbox);
}

static void what_was_lost_is_sent_again_in_order(void **state)
{
    (void)state;
    static struct stage stage;
    start(&stage, 6);
    for (int i = 0; i < 4; i++)
        add(&stage, i);
    send(&stage);
    assert_int_equal(stage.pipe.count, 6);
    deliver(&stage, 1); /* a gap, so that slots are not in order of sending */
    deliver(&stage, 2);
    stage.pipe.room = 1;
    send(&stage); /* j3's answer, into a slot before the others' */
    assert_int_equal(stage.pipe.count, 7);

    outbox_lose(&stage.outbox);
    stage.pipe.room = 100;
    send(&stage);
    const struct {
        int64_t job;
        bool is_answer;
    } again[] = {{0, true}, {1, false}, {2, true}, {2, false}, {3, true}, {3, false}};
    assert_int_equal(stage.pipe.count, 7 + COUNT_OF(again));
    for (int i = 0; i < (int)COUNT_OF(again); i++) {
        assert_int_equal(stage.pipe.sent[7 + i].job, again[i].job);
        assert_int_equal(stage.pipe.sent[7 + i].is_answer, again[i].is_answer);
        deliver(&stage, 7 + i);
    }
    assert_true(outbox_is_empty(&stage.outbox));
    outbox_fini(&stage.outbox);
}

static void an_id_of_an_earlier_round_is_ignored(void **state)
{
    (void)state;
    static struct stage stage;
    start(&stage, 1);
    add(&stage, 0);
    send(&stage);
    deliver(&stage, 0);
    stage.pipe.room = 1;
    send(&stage); /* the event takes the same slot */
    assert_int_equal(stage.pipe.sent[0].id & 0xffff, stage.pipe.sent[1].id & 0xffff);
    assert_false(deliver(&stage, 0));
    assert_false(outbox_is_empty(&stage.outbox));

    outbox_lose(&stage.outbox);
    assert_false(deliver(&stage, 1)); /* lost and not sent again yet */
    assert_null(outbox_delivered(&stage.outbox, UINT64_MAX, ERR_NONE));
    assert_null(outbox_delivered(&stage.outbox, LIMITS_PUBLISH_WINDOW, ERR_NONE));
    stage.pipe.room = 1;
    send(&stage);
    assert_true(deliver(&stage, 2));
    assert_true(outbox_is_empty(&stage.outbox));
    outbox_fini(&stage.outbox);
}

static void a_post_that_was_not_taken_is_tried_again(void **state)
{
    (void)state;
    static struct stage stage;
    start(&stage, 100);
    add(&stage, 0);
    add(&stage, 1);
    stage.pipe.faults = 2;
    send(&stage);
    assert_int_equal(stage.pipe.count, 0); /* nothing overtakes it */
    send(&stage);
    assert_int_equal(stage.pipe.count, 0);
    send(&stage);
    assert_int_equal(stage.pipe.count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(stage.pipe.sent[i].job, i / 2);
    outbox_fini(&stage.outbox); /* frees records begun, in part delivered or whole */
}

static void a_post_that_is_never_taken_does_not_hold_up_the_others(void **state)
{
    (void)state;
    static struct stage stage;
    start(&stage, 100);
    for (int i = 0; i < 3; i++)
        add(&stage, i);
    stage.pipe.invalid = 1;
    uint64_t refused;
    assert_true(outbox_send(&stage.outbox, &stage.broker, &refused));
    assert_int_equal(stage.pipe.count, 2);
    assert_null(
        outbox_delivered(&stage.outbox, refused, ERR_INVALID)); /* its event is still to be sent */
    send(&stage);
    const int64_t jobs[] = {0, 0, 1, 2, 2};
    assert_int_equal(stage.pipe.count, COUNT_OF(jobs));
    for (int i = 0; i < (int)COUNT_OF(jobs); i++) {
        assert_int_equal(stage.pipe.sent[i].job, jobs[i]);
        deliver(&stage, i);
    }
    assert_true(outbox_is_empty(&stage.outbox));
    outbox_fini(&stage.outbox);
}

static void an_answer_refused_on_its_response_topic_goes_to_the_default_one(void **state)
{
    (void)state;
    const enum err refusals[] = {ERR_REFUSED, ERR_INVALID};
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        static struct stage stage;
        start(&stage, 100);
        add_asking(&stage, 0, STR("replies/jobs/j0"));
        send(&stage);
        assert_true(stage.pipe.sent[0].is_reply);
        assert_null(outbox_delivered(&stage.outbox, stage.pipe.sent[0].id, refusals[i]));
        assert_null(outbox_delivered(&stage.outbox, stage.pipe.sent[0].id, ERR_NONE)); /* late */
        send(&stage);
        assert_int_equal(stage.pipe.count, 3);
        assert_true(stage.pipe.sent[2].is_answer && !stage.pipe.sent[2].is_reply);
        assert_true(stage.pipe.sent[2].has_correlation);
        assert_false(deliver(&stage, 2));
        struct record *record =
            outbox_delivered(&stage.outbox, stage.pipe.sent[1].id, ERR_NONE); /* the event */
        assert_non_null(record);
        assert_int_equal(record->posts_refused, 0);
        record_free(record);
        outbox_fini(&stage.outbox);
    }
}

static void the_default_topic_has_no_other_to_fall_back_to(void **state)
{
    (void)state;
    static struct stage stage;
    start(&stage, 100);
    add_asking(&stage, 0, STR("replies/jobs/j0"));
    send(&stage);
    assert_null(outbox_delivered(&stage.outbox, stage.pipe.sent[0].id, ERR_REFUSED));
    send(&stage);
    assert_false(deliver(&stage, 1));
    struct record *record = outbox_delivered(&stage.outbox, stage.pipe.sent[2].id, ERR_REFUSED);
    assert_non_null(record);
    assert_int_equal(record->posts_refused, 1);
    assert_true(record->is_answer_refused);
    record_free(record);
    assert_true(outbox_is_empty(&stage.outbox));
    outbox_fini(&stage.outbox);
}

/* One loss of the link with everything sent that may be. */
static void lose_a_link(struct stage *stage)
{
    stage->pipe.room = 100;
    send(stage);
    outbox_lose(&stage->outbox);
}

static void a_post_that_ends_every_link_is_found_and_refused(void **state)
{
    (void)state;
    static struct stage stage;
    start(&stage, 100);
    add(&stage, 0);
    add(&stage, 1);
    for (int i = 0; i < OUTBOX_CAREFUL_LOSSES; i++)
        lose_a_link(&stage);
    for (int i = 0; i < OUTBOX_POISON_LOSSES; i++) {
        size_t before = stage.pipe.count;
        lose_a_link(&stage);
        assert_int_equal(stage.pipe.count, before + 1); /* one at a time */
    }
    uint64_t refused;
    stage.pipe.room = 100;
    assert_true(outbox_send(&stage.outbox, &stage.broker, &refused));
    assert_int_equal(refused, stage.pipe.sent[stage.pipe.count - 1].id);
    assert_null(outbox_delivered(&stage.outbox, refused, ERR_INVALID));
    size_t before = stage.pipe.count;
    send(&stage); /* the rest leaves as ever */
    assert_int_equal(stage.pipe.count, before + 3);
    outbox_fini(&stage.outbox);
}

static void one_delivery_ends_the_suspicion(void **state)
{
    (void)state;
    static struct stage stage;
    start(&stage, 100);
    add(&stage, 0);
    add(&stage, 1);
    for (int i = 0; i < OUTBOX_CAREFUL_LOSSES + OUTBOX_POISON_LOSSES - 1; i++)
        lose_a_link(&stage);
    stage.pipe.room = 100;
    size_t before = stage.pipe.count;
    send(&stage);
    assert_int_equal(stage.pipe.count, before + 1);
    deliver(&stage, (int)before);
    send(&stage);
    assert_int_equal(stage.pipe.count, before + 4);
    outbox_fini(&stage.outbox);
}

static void records_of_each_kind_go_with_the_outbox(void **state)
{
    (void)state;
    static struct stage stage;
    start(&stage, 5);
    for (int i = 0; i < 5; i++)
        add(&stage, i); /* two all sent, one half, two not at all */
    send(&stage);
    deliver(&stage, 0);
    outbox_fini(&stage.outbox); /* the leak checker has the last word */
}

static void what_was_refused_is_said_in_words(void **state)
{
    (void)state;
    const struct {
        struct record record;
        const char *text;
    } cases[] = {
        {{.post_count = 2, .posts_refused = 1, .is_answer_refused = true, .refusal = ERR_REFUSED},
         "its answer was refused by the broker"},
        {{.post_count = 2, .posts_refused = 1, .is_answer_refused = true, .refusal = ERR_INVALID},
         "its answer cannot be published at all"},
        {{.post_count = 4, .posts_refused = 2, .refusal = ERR_REFUSED},
         "2 of its 3 events: what came last was refused by the broker"},
        {{.post_count = 4, .posts_refused = 3, .is_answer_refused = true, .refusal = ERR_INVALID},
         "its answer and 2 of its 3 events: what came last cannot be published at all"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[OUTBOX_REFUSAL_MAX];
        outbox_refusal(&cases[i].record, text, sizeof text);
        assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_refused_is_said_in_words),
        cmocka_unit_test(posts_leave_in_order_of_decision),
        cmocka_unit_test(a_record_ends_with_its_last_post_in_any_order),
        cmocka_unit_test(the_window_of_the_broker_holds),
        cmocka_unit_test(its_own_window_holds),
        cmocka_unit_test(what_was_lost_is_sent_again_in_order),
        cmocka_unit_test(an_id_of_an_earlier_round_is_ignored),
        cmocka_unit_test(a_post_that_was_not_taken_is_tried_again),
        cmocka_unit_test(a_post_that_is_never_taken_does_not_hold_up_the_others),
        cmocka_unit_test(an_answer_refused_on_its_response_topic_goes_to_the_default_one),
        cmocka_unit_test(the_default_topic_has_no_other_to_fall_back_to),
        cmocka_unit_test(a_post_that_ends_every_link_is_found_and_refused),
        cmocka_unit_test(one_delivery_ends_the_suspicion),
        cmocka_unit_test(records_of_each_kind_go_with_the_outbox),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
