#include "daemon/asset.h"
#include "tests/check.h"

#include <stdio.h>

static const char *const paths[] = {"/app.js", "/style.css", "/icon.svg", "/chart.js",
                                    "/chart.css"};

static bool has(struct str text, const char *part)
{
    return memmem(text.p, text.n, part, strlen(part)) != NULL;
}

static void the_page_names_every_file_by_its_version(void **state)
{
    (void)state;
    const struct asset *page = asset_find(STR("/"));
    assert_non_null(page);
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        char address[64];
        assert_non_null(asset_find(str_of(paths[i])));
        snprintf(address, sizeof address, "\"%s?v=%s\"", paths[i], asset_version);
        assert_true(has(page->bytes, address));
    }
    assert_false(has(page->bytes, "@VERSION@"));
    assert_int_equal(asset_count, COUNT_OF(paths) + 1);
}

/* Its policy would not let it. */
static void the_page_has_no_script_and_no_style_inside(void **state)
{
    (void)state;
    const struct asset *page = asset_find(STR("/"));
    assert_false(has(page->bytes, "style="));
    assert_false(has(page->bytes, "<style"));
    assert_false(has(page->bytes, "<script>"));
    assert_false(has(page->bytes, "onclick="));
    assert_false(has(page->bytes, "http:"));
    assert_false(has(page->bytes, "https:"));
}

static void every_file_is_there_compressed_and_has_a_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < asset_count; i++) {
        const struct asset *asset = &asset_files[i];
        assert_true(asset->bytes.n > 100);
        assert_true(asset->gzip.n > 20);
        assert_memory_equal(asset->gzip.p, "\x1f\x8b", 2);
        assert_true(strchr(asset->type, '/') != NULL);
    }
}

static void other_paths_are_not_there(void **state)
{
    (void)state;
    static const char *const others[] = {"", "/index.html", "/app.js/", "//", "/APP.JS", "app.js"};
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_null(asset_find(str_of(others[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_names_every_file_by_its_version),
        cmocka_unit_test(the_page_has_no_script_and_no_style_inside),
        cmocka_unit_test(every_file_is_there_compressed_and_has_a_type),
        cmocka_unit_test(other_paths_are_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
