#include "http/credentials_source.h"
#include "http/ini.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX ((size_t)256 * 1024)
#define PATH_BYTES_MAX 4096

/* Whole file in memory that is wiped before it is freed. */
struct secret_file {
    char *bytes;
    struct str text;
};

/* What a profile says, as views into its file. */
struct found {
    struct str access_key;
    struct str secret_key;
    struct str token;
    struct str unsupported; /* the name of a member that asks for another source */
};

static void free_file(struct secret_file *file)
{
    if (file->bytes != NULL)
        OPENSSL_cleanse(file->bytes, FILE_BYTES_MAX + 1);
    free(file->bytes);
    *file = (struct secret_file){0};
}

static enum err read_all(int fd, const char *path, struct secret_file *file, struct why *why)
{
    size_t n = 0;
    while (n <= FILE_BYTES_MAX) {
        ssize_t got = read(fd, file->bytes + n, FILE_BYTES_MAX + 1 - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return why_errno(why, "%s", path);
        if (got == 0) {
            file->text = (struct str){file->bytes, n};
            return ERR_NONE;
        }
        n += (size_t)got;
    }
    return why_set(why, ERR_INVALID, NULL, "%s is larger than %zu bytes", path, FILE_BYTES_MAX);
}

/* Not blocking and only regular files, so that a pipe in the file's place cannot hold us up. */
static enum err open_file(const char *path, int *ret_fd, struct why *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return why_set(why, ERR_NOT_FOUND, NULL, "there is no %s", path);
    if (fd < 0)
        return why_errno(why, "%s", path);
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(fd);
        return why_set(why, ERR_INVALID, NULL, "%s is no regular file", path);
    }
    *ret_fd = fd;
    return ERR_NONE;
}

static enum err load_file(const char *path, struct secret_file *ret, struct why *why)
{
    int fd = -1;
    enum err err = open_file(path, &fd, why);
    if (err != ERR_NONE)
        return err;
    struct secret_file file = {.bytes = malloc(FILE_BYTES_MAX + 1)};
    if (file.bytes == NULL)
        err = why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    else
        err = read_all(fd, path, &file, why);
    close(fd);
    if (err != ERR_NONE)
        free_file(&file);
    else
        *ret = file;
    return err;
}

static bool asks_for_another_source(struct str name)
{
    return str_eq_text(name, "role_arn") || str_eq_text(name, "credential_process") ||
           str_eq_text(name, "web_identity_token_file") || str_eq_text(name, "login_session") ||
           str_starts(name, STR("sso_"));
}

/* "default", or in a config file also "profile name" and "profile "name"". */
static bool is_section_of(struct str section, struct str profile, bool is_config)
{
    bool is_default = str_eq_text(profile, "default");
    if (!is_config || (is_default && str_eq(section, profile)))
        return str_eq(section, profile);
    struct str name = section;
    if (!str_eq_text(str_cut(&name, ' '), "profile"))
        return false;
    name = str_trim(name);
    if (name.n >= 2 && name.p[0] == '"' && name.p[name.n - 1] == '"')
        name = (struct str){name.p + 1, name.n - 2};
    return str_eq(name, profile);
}

static void search(struct str text, struct str profile, bool is_config, struct found *found)
{
    struct ini ini = ini_of(text);
    struct ini_item item;
    while (ini_next(&ini, &item)) {
        if (!is_section_of(item.section, profile, is_config))
            continue;
        if (str_eq_text(item.name, "aws_access_key_id"))
            found->access_key = item.value;
        else if (str_eq_text(item.name, "aws_secret_access_key"))
            found->secret_key = item.value;
        else if (str_eq_text(item.name, "aws_session_token"))
            found->token = item.value;
        else if (asks_for_another_source(item.name))
            found->unsupported = item.name;
    }
}

static enum err use(const struct found *found, const char *path, const char *profile,
                    struct credential *ret, struct why *why)
{
    if (!str_is_absent(found->unsupported))
        return why_set(why, ERR_INVALID, NULL,
                       "%s: profile %s has %.*s, which is not supported yet: give keys instead",
                       path, profile, STR_ARG(found->unsupported));
    if (found->access_key.n == 0 && found->secret_key.n == 0)
        return why_set(why, ERR_NOT_FOUND, NULL, "%s has no keys in profile %s", path, profile);
    struct why reason;
    enum err err =
        credentials_fill(found->access_key, found->secret_key, found->token, ret, &reason);
    if (err != ERR_NONE)
        return why_set(why, err, NULL, "%s: profile %s: %s", path, profile, reason.text);
    return ERR_NONE;
}

static enum err read_file(const char *path, const char *profile, bool is_config,
                          struct credential *ret, struct why *why)
{
    struct secret_file file = {0};
    struct found found = {0};
    enum err err = load_file(path, &file, why);
    if (err != ERR_NONE)
        return err;
    search(file.text, str_of(profile), is_config, &found);
    err = use(&found, path, profile, ret, why);
    free_file(&file);
    return err;
}

/* The variable's value, or the file below the home directory. */
static enum err find_path(const char *name, const char *below_home, char ret[PATH_BYTES_MAX],
                          struct why *why)
{
    const char *path = getenv(name);
    const char *home = getenv("HOME");
    bool is_named = path != NULL && path[0] != '\0';
    if (!is_named && (home == NULL || home[0] == '\0'))
        return why_set(why, ERR_NOT_FOUND, NULL, "neither %s nor HOME is set", name);
    int n = is_named ? snprintf(ret, PATH_BYTES_MAX, "%s", path)
                     : snprintf(ret, PATH_BYTES_MAX, "%s/%s", home, below_home);
    if (n < 0 || n >= PATH_BYTES_MAX)
        return why_set(why, ERR_INVALID, NULL, "%s is too long", is_named ? name : "HOME");
    return ERR_NONE;
}

static enum err read_either(const char *profile, struct credential *ret, struct why *why)
{
    char path[PATH_BYTES_MAX];
    enum err err = find_path("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials", path, why);
    if (err == ERR_NONE)
        err = read_file(path, profile, false, ret, why);
    if (err != ERR_NOT_FOUND)
        return err;
    struct why of_config = {0};
    err = find_path("AWS_CONFIG_FILE", ".aws/config", path, &of_config);
    if (err == ERR_NONE)
        err = read_file(path, profile, true, ret, &of_config);
    if (err == ERR_NOT_FOUND)
        return err; /* the credentials file is what the reader expects to be named */
    return err == ERR_NONE ? err : why_set(why, err, NULL, "%s", of_config.text);
}

enum err credentials_profile_read(const char *file, struct credential *ret, struct why *why)
{
    (void)file;
    const char *profile = getenv("AWS_PROFILE");
    return read_either(profile != NULL && profile[0] != '\0' ? profile : "default", ret, why);
}

enum err credentials_profile_read_embedded(const char *file, struct credential *ret,
                                           struct why *why)
{
    return read_file(file, "default", false, ret, why);
}
