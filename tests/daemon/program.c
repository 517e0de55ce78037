#include "tests/daemon/program.h"

#include "tests/check.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 16

extern char **environ;

static void read_all(FILE *stream, char text[PROGRAM_OUTPUT_MAX])
{
    rewind(stream);
    text[fread(text, 1, PROGRAM_OUTPUT_MAX - 1, stream)] = '\0';
    fclose(stream);
}

void program_run(const char *words, struct program_outcome *ret)
{
    char copy[1024];
    char program[] = PROGRAM;
    char *argv[WORDS_MAX + 2] = {program};
    char *rest = NULL;
    size_t argc = 1;
    FILE *out = tmpfile();
    FILE *err = tmpfile();
    assert_true(out != NULL && err != NULL);
    snprintf(copy, sizeof copy, "%s", words);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        assert_true(argc <= WORDS_MAX);
        argv[argc++] = word;
    }
    posix_spawn_file_actions_t actions;
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, fileno(out), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(err), STDERR_FILENO);
    pid_t pid;
    int status;
    assert_int_equal(posix_spawn(&pid, program, &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    ret->status = WEXITSTATUS(status);
    read_all(out, ret->out);
    read_all(err, ret->err);
}
