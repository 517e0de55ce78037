/* Every file under vectors/policy: its mistakes, which stand in *.expected (an empty one means
 * there are none), and what it decides, which stands in *.cases:
 *
 *   known JOB JSON              an update of the job that was accepted, for the cases that follow
 *   case THING|- JOB NS|- JSON  a command; - is an operator, or no namespace
 *   = TEXT                      what is said of it */
#include "daemon/policy_file.h"
#include "daemon/policy_trial.h"
#include "tests/check.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX     65536
#define MISTAKES_MIN 40
#define CASES_MIN    100

static void read_text(const char *file, char text[static TEXT_MAX])
{
    FILE *stream = fopen(file, "re");
    if (stream == NULL)
        fail_msg("%s is not there", file);
    text[fread(text, 1, TEXT_MAX - 1, stream)] = '\0';
    fclose(stream);
}

/* The file beside, with another ending. */
static void beside(const char *file, const char *ending, char name[static 512])
{
    const char *dot = strrchr(file, '.');
    snprintf(name, 512, "%.*s.%s", (int)(dot - file), file, ending);
}

static struct policy *load(const char *file, struct buf *mistakes_text)
{
    struct mistakes mistakes;
    struct policy *policy = NULL;
    mistakes_init(&mistakes);
    enum err err = policy_file_load(file, &policy, &mistakes);
    assert_int_equal(err, mistakes.total == 0 ? ERR_NONE : ERR_INVALID);
    assert_int_equal(policy == NULL, mistakes.total > 0);
    mistakes_write(&mistakes, strrchr(file, '/') + 1, mistakes_text);
    mistakes_fini(&mistakes);
    return policy;
}

static bool has_its_mistakes(const char *file)
{
    char name[512];
    static char expected[TEXT_MAX];
    struct buf found;
    beside(file, "expected", name);
    read_text(name, expected);
    buf_init(&found, TEXT_MAX);
    policy_free(load(file, &found));
    bool is_same = strcmp(buf_text(&found), expected) == 0;
    if (!is_same)
        print_error("%s\n--- found\n%s--- expected\n%s", file, buf_text(&found), expected);
    buf_fini(&found);
    return is_same;
}

static void mistakes_are_told_as_their_vectors_say(void **state)
{
    (void)state;
    glob_t files;
    size_t different = 0;
    assert_int_equal(glob(VECTORS_DIR "/policy/*/*.expected", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        char name[512];
        beside(files.gl_pathv[i], "yaml", name);
        different += !has_its_mistakes(name);
    }
    assert_true(files.gl_pathc >= MISTAKES_MIN);
    assert_int_equal(different, 0);
    globfree(&files);
}

struct play {
    struct policy *policy;
    struct str known_job;
    struct str known;
    struct buf said;
    unsigned cases;
    unsigned different;
};

static struct str word_or_none(struct str *line)
{
    struct str word = str_cut(line, ' ');
    return str_eq_text(word, "-") ? STR_NONE : word;
}

static void play_case(struct play *play, struct str line)
{
    struct why why = {0};
    struct policy_trial trial = {.thing = word_or_none(&line)};
    trial.job = word_or_none(&line);
    trial.namespace = word_or_none(&line);
    trial.command = line;
    if (str_eq(trial.job, play->known_job))
        trial.known = play->known;
    buf_clear(&play->said);
    if (policy_trial_run(play->policy, &trial, &play->said, &why) == ERR_INVALID)
        buf_format(&play->said, "invalid: %s\n", why.text);
    play->cases++;
}

static void play_line(struct play *play, const char *file, struct str line)
{
    struct str all = line;
    struct str word = str_cut(&line, ' ');
    if (str_eq_text(word, "known")) {
        play->known_job = str_cut(&line, ' ');
        play->known = line;
    } else if (str_eq_text(word, "case")) {
        play_case(play, line);
    } else if (str_eq_text(word, "=")) {
        struct str said = {play->said.p, play->said.n > 0 ? play->said.n - 1 : 0};
        play->different += !str_eq(said, line);
        if (!str_eq(said, line))
            print_error("%s\n  said     %.*s\n  expected %.*s\n", file, STR_ARG(said),
                        STR_ARG(line));
    } else if (all.n > 0 && all.p[0] != '#') {
        fail_msg("%s: '%.*s' is no line of cases", file, STR_ARG(all));
    }
}

static void play_file(const char *file, const char *policy_file, unsigned *cases,
                      unsigned *different)
{
    static char text[TEXT_MAX];
    struct buf mistakes;
    struct play play = {0};
    buf_init(&mistakes, TEXT_MAX);
    buf_init(&play.said, TEXT_MAX);
    play.policy = load(policy_file, &mistakes);
    assert_string_equal(buf_text(&mistakes), "");
    read_text(file, text);
    struct str rest = str_of(text);
    while (!str_is_absent(rest))
        play_line(&play, file, str_cut(&rest, '\n'));
    *cases += play.cases;
    *different += play.different;
    policy_free(play.policy);
    buf_fini(&play.said);
    buf_fini(&mistakes);
}

static void commands_are_judged_as_their_vectors_say(void **state)
{
    (void)state;
    glob_t files;
    unsigned cases = 0;
    unsigned different = 0;
    assert_int_equal(glob(VECTORS_DIR "/policy/*/*.cases", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        char name[512];
        beside(files.gl_pathv[i], "yaml", name);
        if (strstr(name, "/shipped/") != NULL) { /* the examples, where users find them */
            char stem[256];
            snprintf(stem, sizeof stem, "%s", strrchr(name, '/') + 1);
            snprintf(name, sizeof name, VECTORS_DIR "/../../packaging/policy/%s", stem);
        }
        play_file(files.gl_pathv[i], name, &cases, &different);
    }
    assert_true(cases >= CASES_MIN);
    assert_int_equal(different, 0);
    globfree(&files);
}

static void a_missing_file_is_a_mistake(void **state)
{
    (void)state;
    struct buf found;
    buf_init(&found, TEXT_MAX);
    assert_null(load("/nonexistent/policy.yaml", &found));
    check_has(buf_text(&found), "policy.yaml: cannot be opened: No such file");
    buf_fini(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_told_as_their_vectors_say),
        cmocka_unit_test(commands_are_judged_as_their_vectors_say),
        cmocka_unit_test(a_missing_file_is_a_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
