/* Dead letters for the dashboard, of a journal that is in use. */
#include "base/limits.h"
#include "daemon/dead_list.h"
#include "tests/check.h"
#include "tests/store/journal_file.h"

#include <jansson.h>
#include <stdio.h>

static struct journal_file file;
static struct buf out;
static struct why why;

static int set_up(void **state)
{
    (void)state;
    journal_file_init(&file);
    buf_init(&out, 1024 * 1024);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_fini(&out);
    journal_file_fini(&file);
    return 0;
}

static void bury(const char *token)
{
    uint64_t seq = journal_file_add(&file, token);
    journal_file_decide(&file, seq, 0);
    assert_int_equal(journal_bury(file.journal, seq, STR("refused"), file.wall_ms, &file.why),
                     ERR_NONE);
    journal_file_finish(&file, seq);
    journal_file_commit(&file);
}

static json_t *rows(json_t **ret_list)
{
    *ret_list = json_loadb(out.p, out.n, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(*ret_list);
    return json_object_get(*ret_list, "rows");
}

static json_int_t id_of(const json_t *list, size_t at)
{
    return json_integer_value(json_object_get(json_array_get(list, at), "id"));
}

static void without_a_journal_there_are_none(void **state)
{
    (void)state;
    assert_int_equal(dead_list_write(file.path, 0, &out, &why), ERR_NONE);
    check_str(buf_str(&out), "{\"total\":0,\"rows\":[]}");
}

static void the_newest_is_first_and_payloads_are_left_out(void **state)
{
    (void)state;
    json_t *list;
    journal_file_open(&file);
    bury("a");
    bury("b");
    assert_int_equal(dead_list_write(file.path, 2, &out, &why), ERR_NONE);
    json_t *found = rows(&list);
    assert_int_equal(json_array_size(found), 2);
    assert_true(id_of(found, 0) > id_of(found, 1));
    assert_null(json_object_get(json_array_get(found, 0), "payload"));
    assert_int_equal(json_integer_value(json_object_get(list, "total")), 2);
    json_decref(list);
    journal_file_pass(&file, "c"); /* the journal goes on as if nobody had looked */
}

static void no_more_are_listed_than_may(void **state)
{
    (void)state;
    json_t *list;
    char token[32];
    journal_file_open(&file);
    for (unsigned i = 0; i < LIMITS_SHOWN_LETTERS + 5; i++) {
        snprintf(token, sizeof token, "t-%u", i);
        bury(token);
    }
    assert_int_equal(dead_list_write(file.path, LIMITS_SHOWN_LETTERS + 5, &out, &why), ERR_NONE);
    json_t *found = rows(&list);
    assert_int_equal(json_array_size(found), LIMITS_SHOWN_LETTERS);
    json_decref(list);
}

static void what_is_no_journal_is_said(void **state)
{
    (void)state;
    scratch_write(file.path, "this is no database, and it is long enough to be looked at");
    assert_int_not_equal(dead_list_write(file.path, 0, &out, &why), ERR_NONE);
    assert_true(why.text[0] != '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_a_journal_there_are_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_newest_is_first_and_payloads_are_left_out, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(no_more_are_listed_than_may, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_journal_is_said, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
