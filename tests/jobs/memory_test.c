/* Decodes with the first, second, ... allocation failing, ours and jansson's, until none does. */
#include "jobs/command.h"
#include "tests/check.h"

#include <stdlib.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);

static int until_failure = -1; /* allocations that still succeed; negative: all */

static bool fails(void)
{
    return until_failure >= 0 && until_failure-- == 0;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t n)
{
    return fails() ? NULL : __real_calloc(count, n);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

static void a_command_needs_all_its_memory(void **state)
{
    (void)state;
    struct str payload = STR(
        "{\"clientToken\":\"tok\",\"description\":\"a text of more than sixty-four characters, so "
        "that buffers have to grow\",\"timeoutConfig\":{\"inProgressTimeoutInMinutes\":5},"
        "\"things\":[\"t\"]}");
    int failures = 0;
    enum reject reject;
    do {
        struct command command;
        struct why why = {0};
        until_failure = failures;
        reject = command_decode(payload, &command, &why);
        until_failure = -1;
        if (reject != REJECT_NONE) {
            assert_int_equal(reject, REJECT_INTERNAL_ERROR);
            assert_string_equal(why.text, "out of memory");
            failures++;
        } else {
            assert_int_equal(command.update.member[UPDATE_DESCRIPTION].n, 73);
            check_str(command.client_token, "tok");
            check_str(command.things[0], "t");
        }
        command_free(&command);
    } while (reject != REJECT_NONE);
    print_message("%d allocations\n", failures);
    assert_true(failures > 10);
}

static void a_merge_that_fails_changes_nothing(void **state)
{
    (void)state;
    struct command first;
    struct command second;
    assert_int_equal(command_decode(STR("{\"description\":\"a\"}"), &first, NULL), REJECT_NONE);
    assert_int_equal(command_decode(STR("{\"description\":\"b\"}"), &second, NULL), REJECT_NONE);
    until_failure = 0;
    assert_int_equal(update_merge(&first.update, &second.update), ERR_NO_MEMORY);
    until_failure = -1;
    check_str(first.update.member[UPDATE_DESCRIPTION], "\"a\"");
    command_free(&first);
    command_free(&second);
}

/* The class of a refusal does not depend on memory; its words may. */
static void a_refusal_without_memory_is_still_one(void **state)
{
    (void)state;
    struct doc *doc;
    struct why why;
    assert_int_equal(doc_parse(STR("{\"timeoutConfig\":[1]}"), 100, &doc, NULL), ERR_NONE);
    for (int i = 0; i < 4; i++) {
        struct update update;
        until_failure = i;
        assert_int_equal(update_decode(doc_root(doc), &update, &why), ERR_INVALID);
        until_failure = -1;
        check_has(why.text, "be of type object, not array");
    }
    doc_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_needs_all_its_memory),
        cmocka_unit_test(a_merge_that_fails_changes_nothing),
        cmocka_unit_test(a_refusal_without_memory_is_still_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
