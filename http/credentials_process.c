#include "http/credentials_process.h"

#include "base/now.h"
#include "http/credentials_answer.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct credentials_process {
    pid_t pid; /* -1: not running */
    int fd;    /* of its standard output */
    int64_t deadline_ms;
    bool is_late;
    bool is_long;
    int status; /* as waitpid says */
    size_t n;
    char output[CREDENTIALS_ANSWER_BYTES];
};

static const struct credentials_names names = {
    .version = 1,
    .access_key = "AccessKeyId",
    .secret_key = "SecretAccessKey",
    .token = "SessionToken",
    .expiration = "Expiration",
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Copies one word to out, without its quotes; false if a quote stays open. */
static bool take_word(char **at, char **out)
{
    char quote = '\0';
    for (; **at != '\0' && (quote != '\0' || !is_blank(**at)); (*at)++) {
        if (quote != '\0' && **at == quote) {
            quote = '\0';
        } else if (quote == '\0' && (**at == '"' || **at == '\'')) {
            quote = **at;
        } else {
            if (quote != '\'' && **at == '\\' && (*at)[1] != '\0')
                (*at)++;
            *(*out)++ = **at;
        }
    }
    return quote == '\0';
}

enum err credentials_process_split(char *command, char *ret[CREDENTIALS_PROCESS_WORDS_MAX + 1])
{
    size_t count = 0;
    char *out = command;
    for (char *at = command;;) {
        while (is_blank(*at))
            at++;
        if (*at == '\0')
            break;
        if (count == CREDENTIALS_PROCESS_WORDS_MAX)
            return ERR_INVALID;
        ret[count++] = out;
        if (!take_word(&at, &out))
            return ERR_INVALID;
        bool is_last = *at == '\0';
        *out++ = '\0'; /* at is behind out, or on the blank that out has reached */
        if (is_last)
            break;
        at++;
    }
    ret[count] = NULL;
    return count > 0 ? ERR_NONE : ERR_INVALID;
}

/* 0, or an error number. */
static int set_files(posix_spawn_file_actions_t *files, int output)
{
    int code = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (code == 0)
        code = posix_spawn_file_actions_adddup2(files, output, STDOUT_FILENO);
    if (code == 0)
        code = posix_spawn_file_actions_addopen(files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (code == 0)
        code = posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
    return code;
}

/* A group of its own, and the signals as they are by default: the loop blocks some. */
static int set_signals(posix_spawnattr_t *attributes)
{
    sigset_t none;
    sigset_t ignored;
    sigemptyset(&none);
    sigemptyset(&ignored);
    sigaddset(&ignored, SIGPIPE);
    int code = posix_spawnattr_setsigmask(attributes, &none);
    if (code == 0)
        code = posix_spawnattr_setsigdefault(attributes, &ignored);
    if (code == 0)
        code = posix_spawnattr_setpgroup(attributes, 0);
    if (code == 0)
        code = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                        POSIX_SPAWN_SETPGROUP);
    return code;
}

static int spawn(char *const words[], int output, pid_t *ret_pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int code = posix_spawn_file_actions_init(&files);
    if (code != 0)
        return code;
    code = posix_spawnattr_init(&attributes);
    if (code == 0) {
        code = set_files(&files, output);
        if (code == 0)
            code = set_signals(&attributes);
        if (code == 0)
            code = posix_spawnp(ret_pid, words[0], &files, &attributes, words, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return code;
}

static enum err run(struct credentials_process *process, char *const words[], struct why *why)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return why_errno(why, "credential_process");
    process->fd = ends[0];
    int code = fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 ? 0 : errno;
    if (code == 0)
        code = spawn(words, ends[1], &process->pid);
    close(ends[1]);
    if (code == 0)
        return ERR_NONE;
    process->pid = -1;
    errno = code;
    return why_errno(why, "credential_process: %s", words[0]);
}

static enum err split_and_run(struct credentials_process *process, char *command, struct why *why)
{
    char *words[CREDENTIALS_PROCESS_WORDS_MAX + 1];
    if (credentials_process_split(command, words) == ERR_NONE)
        return run(process, words, why);
    return why_set(why, ERR_INVALID, NULL,
                   "credential_process is no command: empty, too long, or a quote is open");
}

enum err credentials_process_start(const char *command, int64_t timeout_ms,
                                   struct credentials_process **ret, struct why *why)
{
    struct credentials_process *process = calloc(1, sizeof *process);
    char *copy = str_dup(str_of(command));
    if (process == NULL || copy == NULL) {
        free(copy);
        free(process);
        return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    }
    process->pid = -1;
    process->fd = -1;
    process->deadline_ms = now_mono_ms() + timeout_ms;
    enum err err = split_and_run(process, copy, why);
    free(copy);
    if (err == ERR_NONE)
        *ret = process;
    else
        credentials_process_free(process);
    return err;
}

static void kill_group(const struct credentials_process *process)
{
    (void)kill(-process->pid, SIGKILL);
    (void)kill(process->pid, SIGKILL); /* where it has left its group */
}

void credentials_process_free(struct credentials_process *process)
{
    if (process == NULL)
        return;
    if (process->pid > 0) {
        kill_group(process);
        while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (process->fd >= 0)
        close(process->fd);
    OPENSSL_cleanse(process->output, sizeof process->output);
    free(process);
}

static void read_output(struct credentials_process *process)
{
    while (!process->is_long) {
        ssize_t got =
            read(process->fd, process->output + process->n, sizeof process->output - process->n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return;
        process->n += (size_t)got;
        process->is_long = process->n == sizeof process->output;
    }
}

static enum err judge(const struct credentials_process *process, struct credential *ret,
                      struct why *why)
{
    if (process->is_late)
        return why_set(why, ERR_DOWN, NULL, "the program did not end in time");
    if (process->is_long)
        return why_set(why, ERR_INVALID, NULL, "the output is longer than %d bytes",
                       CREDENTIALS_ANSWER_BYTES - 1);
    if (WIFSIGNALED(process->status))
        return why_set(why, ERR_REFUSED, NULL, "the program was ended by signal %d",
                       WTERMSIG(process->status));
    if (WEXITSTATUS(process->status) != 0)
        return why_set(why, ERR_REFUSED, NULL, "the program ended with status %d",
                       WEXITSTATUS(process->status));
    return credentials_answer_keys((struct str){process->output, process->n}, &names, ret, why);
}

/* What it started in the background may hold the pipe open: its own end counts. */
bool credentials_process_poll(struct credentials_process *process, enum err *ret_err,
                              struct credential *ret, struct why *why)
{
    bool is_late = now_mono_ms() >= process->deadline_ms;
    read_output(process);
    pid_t reaped = waitpid(process->pid, &process->status, WNOHANG);
    if (reaped == 0 && !is_late && !process->is_long)
        return false;
    if (reaped == 0) {
        process->is_late = is_late && !process->is_long;
        kill_group(process);
        return false;
    }
    process->pid = -1;
    read_output(process);
    *ret_err = judge(process, ret, why);
    return true;
}
