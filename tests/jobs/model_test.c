/* Compares every row of the model with the service model's own shapes, and with the limits that
 * only AWS's documentation gives: the tables can't drift from either. */
#include "jobs/model.h"
#include "tests/jobs/cases.h"

#include <stdio.h>

static struct doc_node shapes;
static struct doc_node stricter;
static int compared; /* rows */

static void check_row(const struct shape_row *row, const char *shape_name);

static struct doc_node shape_named(struct str name)
{
    char text[128];
    snprintf(text, sizeof text, "%.*s", STR_ARG(name));
    struct doc_node shape = doc_member(shapes, text);
    if (doc_kind_of(shape) != DOC_OBJECT)
        fail_msg("no shape '%s'", text);
    return shape;
}

/* What the documentation says, otherwise the model. */
static struct doc_node limit_of(const char *shape_name, const char *limit)
{
    struct doc_node node = doc_member(doc_member(stricter, shape_name), limit);
    if (doc_kind_of(node) != DOC_ABSENT)
        return node;
    return doc_member(doc_member(shapes, shape_name), limit);
}

static void check_limit(const char *shape_name, const char *name, struct shape_limit limit)
{
    struct doc_node expected = limit_of(shape_name, name);
    bool is_expected = doc_kind_of(expected) != DOC_ABSENT;
    if (limit.is_set != is_expected || (is_expected && limit.value != doc_real(expected)))
        fail_msg("%s of %s is %g, not %g", name, shape_name, limit.value, doc_real(expected));
}

static void check_words(const char *shape_name, const char *const *words)
{
    struct doc_node expected = limit_of(shape_name, "enum");
    size_t count = 0;
    while (words != NULL && words[count] != NULL)
        count++;
    assert_int_equal(count, doc_count(expected));
    for (size_t i = 0; i < count; i++)
        check_str(doc_str(doc_item(expected, i)), words[i]);
}

static bool is_required(struct doc_node structure, const char *name)
{
    struct doc_node required = doc_member(structure, "required");
    for (size_t i = 0; i < doc_count(required); i++)
        if (str_eq_text(doc_str(doc_item(required, i)), name))
            return true;
    return false;
}

static const char *part_name(struct doc_node part)
{
    return doc_str(doc_member(part, "shape")).p;
}

static size_t count_rows(const struct shape *shape)
{
    return shape == NULL ? 0 : shape->count + count_rows(shape->base);
}

static void check_shape(const struct shape *shape, const char *shape_name)
{
    struct doc_node structure = shape_named(str_of(shape_name));
    struct doc_node members = doc_member(structure, "members");
    assert_int_equal(count_rows(shape), doc_count(members));
    struct doc_walk at = doc_walk_start(members);
    for (; at.p != NULL; doc_walk_next(members, &at)) {
        const struct shape_row *row = shape_find(shape, at.key);
        if (row == NULL)
            fail_msg("%s lacks %.*s", shape_name, STR_ARG(at.key));
        if (row->is_required != is_required(structure, row->name))
            fail_msg("%s.%s is required, or not", shape_name, row->name);
        check_row(row, part_name(at.value));
    }
}

static void check_row(const struct shape_row *row, const char *shape_name)
{
    static const char *const kinds[SHAPE_KIND_COUNT] = {
        "string", "integer", "long", "double", "boolean", "list", "map", "structure",
    };
    struct doc_node shape = shape_named(str_of(shape_name));
    check_str(doc_str(doc_member(shape, "type")), kinds[row->kind]);
    check_limit(shape_name, "min", row->min);
    check_limit(shape_name, "max", row->max);
    check_limit(shape_name, "decimals", row->decimals);
    check_str(doc_str(limit_of(shape_name, "pattern")),
              row->pattern != NULL ? row->pattern->text : NULL);
    check_words(shape_name, row->words);
    compared++;
    if (row->kind == SHAPE_LIST)
        check_row(row->item, part_name(doc_member(shape, "member")));
    if (row->kind == SHAPE_MAP) {
        check_row(row->key, part_name(doc_member(shape, "key")));
        check_row(row->item, part_name(doc_member(shape, "value")));
    }
    if (row->kind == SHAPE_STRUCTURE)
        check_shape(row->shape, shape_name);
}

static void every_row_is_as_the_service_model_says(void **state)
{
    (void)state;
    struct doc *model = cases_load("service-model/shapes.json");
    struct doc *documented = cases_load("service-model/stricter.json");
    shapes = doc_member(doc_root(model), "shapes");
    stricter = doc_member(doc_root(documented), "shapes");
    compared = 0;
    check_shape(&model_update_job, "UpdateJobRequest");
    assert_int_equal(compared, 26);
    check_shape(&model_create_job, "CreateJobRequest");
    check_shape(&model_cancel_job, "CancelJobRequest");
    check_shape(&model_cancel_job_execution, "CancelJobExecutionRequest");
    doc_free(model);
    doc_free(documented);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_as_the_service_model_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
