/* Every file under vectors/config, with all the mistakes that stand in its *.expected; an empty one
 * means there are none. */
#include "daemon/config_file.h"
#include "daemon/document.h"
#include "tests/check.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EXPECTED_BYTES_MAX 8192
#define VECTORS_MIN        90

static void read_text(const char *file, char *text, size_t size)
{
    FILE *stream = fopen(file, "re");
    if (stream == NULL)
        fail_msg("%s is not there", file);
    size_t n = fread(text, 1, size - 1, stream);
    text[n] = '\0';
    fclose(stream);
}

/* What check says of the file, under its bare name. */
static void find_mistakes(const char *file, struct buf *out)
{
    struct mistakes mistakes;
    struct config *config = NULL;
    mistakes_init(&mistakes);
    enum err err = config_file_load(file, &config, &mistakes);
    assert_int_equal(err, mistakes.total == 0 ? ERR_NONE : ERR_INVALID);
    mistakes_write(&mistakes, strrchr(file, '/') + 1, out);
    mistakes_fini(&mistakes);
    config_free(config);
}

static bool is_as_expected(const char *file)
{
    char name[512], expected[EXPECTED_BYTES_MAX];
    size_t stem = strlen(file) - strlen("yaml");
    snprintf(name, sizeof name, "%.*sexpected", (int)stem, file);
    read_text(name, expected, sizeof expected);
    struct buf found;
    buf_init(&found, EXPECTED_BYTES_MAX);
    find_mistakes(file, &found);
    bool is_same = strcmp(buf_text(&found), expected) == 0;
    if (!is_same)
        print_error("%s\n--- found\n%s--- expected\n%s", file, buf_text(&found), expected);
    buf_fini(&found);
    return is_same;
}

static void vectors(void **state)
{
    (void)state;
    glob_t files;
    size_t different = 0;
    assert_int_equal(glob(VECTORS_DIR "/config/*/*.yaml", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++)
        different += !is_as_expected(files.gl_pathv[i]);
    assert_true(files.gl_pathc >= VECTORS_MIN);
    assert_int_equal(different, 0);
    globfree(&files);
}

static void check_one_mistake(const char *file, const char *part)
{
    struct buf found;
    buf_init(&found, EXPECTED_BYTES_MAX);
    find_mistakes(file, &found);
    check_has(buf_text(&found), part);
    buf_fini(&found);
}

static void missing_file(void **state)
{
    (void)state;
    check_one_mistake("/nonexistent/x.yaml", "x.yaml: cannot be opened: No such file");
    check_one_mistake("/proc/self", "self: cannot be read: Is a directory");
}

static void large_file(void **state)
{
    (void)state;
    char name[] = "/tmp/jobs-bridge-config-XXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, DOCUMENT_BYTES_MAX + 1), 0);
    check_one_mistake(name, "is too large");
    assert_int_equal(ftruncate(fd, 0), 0);
    char line[] = "# a comment to the brim, exactly 64 bytes long, the end of it: \n";
    for (size_t n = 0; n < DOCUMENT_BYTES_MAX; n += sizeof line - 1)
        assert_int_equal(write(fd, line, sizeof line - 1), sizeof line - 1);
    struct buf found;
    buf_init(&found, EXPECTED_BYTES_MAX);
    find_mistakes(name, &found);
    assert_string_equal(buf_text(&found), "");
    buf_fini(&found);
    close(fd);
    unlink(name);
}

static void which_file(void **state)
{
    (void)state;
    assert_int_equal(setenv("JOBS_BRIDGE_CONFIG", "/b.yaml", 1), 0);
    assert_string_equal(config_file_find("/a.yaml"), "/a.yaml");
    assert_string_equal(config_file_find(NULL), "/b.yaml");
    assert_int_equal(setenv("JOBS_BRIDGE_CONFIG", "", 1), 0);
    const char *found = config_file_find(NULL);
    if (access(CONFIG_FILE_DEFAULT, F_OK) == 0)
        assert_string_equal(found, CONFIG_FILE_DEFAULT);
    else
        assert_null(found);
    unsetenv("JOBS_BRIDGE_CONFIG");
}

static void shipped_file(void **state)
{
    (void)state;
    struct buf found;
    buf_init(&found, EXPECTED_BYTES_MAX);
    find_mistakes(VECTORS_DIR "/../../packaging/jobs-bridge.yaml", &found);
    assert_string_equal(buf_text(&found), "");
    buf_fini(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),    cmocka_unit_test(missing_file), cmocka_unit_test(large_file),
        cmocka_unit_test(which_file), cmocka_unit_test(shipped_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
