#include "http/credentials_source.h"
#include "http/ini.h"
#include "http/secret_file.h"

#include <stdio.h>
#include <stdlib.h>

#define FILE_BYTES_MAX  ((size_t)256 * 1024)
#define PATH_BYTES_MAX  4096
#define DEFAULT_SESSION "jobs-bridge"

struct file {
    char path[PATH_BYTES_MAX];
    bool is_config;
    bool is_there;
    struct secret_file content;
};

/* The config file first: what the credentials file says is laid upon it. */
enum { CONFIG, CREDENTIALS, FILE_COUNT };

/* What a profile says, as views into its files. */
struct found {
    struct str access_key;
    struct str secret_key;
    struct str token;
    const char *keys_path; /* of the file that the three are from */
    struct str process;
    struct str role_arn;
    struct str source_profile;
    struct str credential_source;
    struct str session_name;
    struct str external_id;
    struct str duration_s;
    struct str unsupported; /* the name of a member that asks for another source */
};

static const struct {
    const char *name;
    size_t offset;
} members[] = {
    {"credential_process", offsetof(struct found, process)},
    {"role_arn", offsetof(struct found, role_arn)},
    {"source_profile", offsetof(struct found, source_profile)},
    {"credential_source", offsetof(struct found, credential_source)},
    {"role_session_name", offsetof(struct found, session_name)},
    {"external_id", offsetof(struct found, external_id)},
    {"duration_seconds", offsetof(struct found, duration_s)},
};

static bool asks_for_another_source(struct str name)
{
    return str_eq_text(name, "web_identity_token_file") || str_eq_text(name, "login_session") ||
           str_eq_text(name, "mfa_serial") || str_starts(name, STR("sso_"));
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

static void take_member(const struct ini_item *item, struct found *found)
{
    for (size_t i = 0; i < COUNT_OF(members); i++)
        if (str_eq_text(item->name, members[i].name))
            *(struct str *)((char *)found + members[i].offset) = item->value;
    if (asks_for_another_source(item->name))
        found->unsupported = item->name;
}

/* The keys of one file belong together: none is mixed with another file's. */
static void search(const struct file *file, struct str profile, struct found *found)
{
    struct str access_key = STR_NONE;
    struct str secret_key = STR_NONE;
    struct str token = STR_NONE;
    struct ini ini = ini_of(file->content.text);
    struct ini_item item;
    while (ini_next(&ini, &item)) {
        if (!is_section_of(item.section, profile, file->is_config))
            continue;
        if (str_eq_text(item.name, "aws_access_key_id"))
            access_key = item.value;
        else if (str_eq_text(item.name, "aws_secret_access_key"))
            secret_key = item.value;
        else if (str_eq_text(item.name, "aws_session_token"))
            token = item.value;
        else
            take_member(&item, found);
    }
    if (access_key.n == 0 && secret_key.n == 0)
        return;
    found->access_key = access_key;
    found->secret_key = secret_key;
    found->token = token;
    found->keys_path = file->path;
}

static struct found find(const struct file *files, size_t count, struct str profile)
{
    struct found found = {0};
    for (size_t i = 0; i < count; i++)
        if (files[i].is_there)
            search(&files[i], profile, &found);
    return found;
}

static enum err plan_keys(const struct found *found, struct str profile,
                          struct credentials_plan *ret, struct why *why)
{
    struct why reason;
    enum err err =
        credentials_fill(found->access_key, found->secret_key, found->token, &ret->keys, &reason);
    if (err != ERR_NONE)
        return why_set(why, err, NULL, "%s: profile %.*s: %s", found->keys_path, STR_ARG(profile),
                       reason.text);
    ret->base = CREDENTIALS_BASE_KEYS;
    return ERR_NONE;
}

static enum err refuse(struct why *why, struct str profile, const char *problem)
{
    return why_set(why, ERR_INVALID, NULL, "profile %.*s: %s", STR_ARG(profile), problem);
}

static enum err plan_process(const struct found *found, struct str profile,
                             struct credentials_plan *ret, struct why *why)
{
    if (found->process.n >= sizeof ret->command || str_has(found->process, '\0'))
        return refuse(why, profile, "credential_process is too long");
    memcpy(ret->command, found->process.p, found->process.n);
    ret->command[found->process.n] = '\0';
    ret->base = CREDENTIALS_BASE_PROCESS;
    return ERR_NONE;
}

/* Printable ASCII without blanks, of a length in the range. */
static bool copy_word(struct str text, size_t min, char *ret, size_t capacity)
{
    if (text.n < min || text.n >= capacity)
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] <= ' ' || text.p[i] >= 0x7f)
            return false;
    if (text.n > 0)
        memcpy(ret, text.p, text.n);
    ret[text.n] = '\0';
    return true;
}

static enum err add_role(const struct found *found, struct str profile,
                         struct credentials_plan *ret, struct why *why)
{
    if (ret->role_count == CREDENTIALS_ROLES_MAX)
        return refuse(why, profile, "too many roles in a row, or in a circle");
    struct credentials_role *role = &ret->roles[ret->role_count++];
    struct str session = found->session_name.n > 0 ? found->session_name : STR(DEFAULT_SESSION);
    if (!copy_word(found->role_arn, 20, role->arn, sizeof role->arn))
        return refuse(why, profile, "role_arn is no ARN");
    if (!copy_word(session, 2, role->session, sizeof role->session))
        return refuse(why, profile, "role_session_name has to have 2 to 64 characters");
    if (!copy_word(found->external_id, 0, role->external_id, sizeof role->external_id))
        return refuse(why, profile, "external_id is too long or has blanks");
    if (found->duration_s.n > 0 && !str_to_int(found->duration_s, 900, 43200, &role->duration_s))
        return refuse(why, profile, "duration_seconds has to be from 900 to 43200");
    return ERR_NONE;
}

/* Where the keys come from that the last role is assumed with. */
static enum err plan_source(const struct credentials_options *options, struct str source,
                            struct str profile, struct credentials_plan *ret, struct why *why)
{
    if (str_eq_text(source, "Environment"))
        return credentials_environment_plan(options, ret, why);
    if (str_eq_text(source, "EcsContainer"))
        return credentials_container_plan(options, ret, why);
    if (str_eq_text(source, "Ec2InstanceMetadata"))
        return credentials_imds_plan(options, ret, why);
    return refuse(why, profile,
                  "credential_source is none of Environment, EcsContainer, Ec2InstanceMetadata");
}

static enum err refuse_missing(const struct file *files, struct str profile, struct why *why)
{
    const struct file *named = &files[CREDENTIALS];
    if (!named->is_there && files[CONFIG].is_there)
        named = &files[CONFIG];
    if (!named->is_there && named->path[0] == '\0')
        return why_set(why, ERR_NOT_FOUND, NULL,
                       "neither AWS_SHARED_CREDENTIALS_FILE nor HOME is set");
    if (!named->is_there)
        return why_set(why, ERR_NOT_FOUND, NULL, "there is no %s", named->path);
    return why_set(why, ERR_NOT_FOUND, NULL, "%s has no keys in profile %.*s", named->path,
                   STR_ARG(profile));
}

/* Follows source_profile until there is something to start from. There keys come before a role, so
 * that a profile can be its own source. */
static enum err plan_chain(const struct credentials_options *options, const struct file *files,
                           struct str profile, struct credentials_plan *ret, struct why *why)
{
    for (;;) {
        struct found found = find(files, FILE_COUNT, profile);
        bool has_keys = found.access_key.n > 0 || found.secret_key.n > 0;
        bool is_first = ret->role_count == 0;
        if (!str_is_absent(found.unsupported))
            return why_set(why, ERR_INVALID, NULL,
                           "profile %.*s has %.*s, which is not supported: give keys, a role or a "
                           "credential_process instead",
                           STR_ARG(profile), STR_ARG(found.unsupported));
        if (found.role_arn.n == 0 || (has_keys && !is_first)) {
            if (has_keys)
                return plan_keys(&found, profile, ret, why);
            if (found.process.n > 0)
                return plan_process(&found, profile, ret, why);
            enum err err = refuse_missing(files, profile, why);
            return is_first ? err : ERR_INVALID;
        }
        enum err err = add_role(&found, profile, ret, why);
        if (err != ERR_NONE)
            return err;
        if (found.credential_source.n > 0) {
            err = plan_source(options, found.credential_source, profile, ret, why);
            return err == ERR_NOT_FOUND ? ERR_INVALID : err; /* a role asked for it */
        }
        if (found.source_profile.n == 0)
            return refuse(why, profile, "role_arn needs source_profile or credential_source");
        profile = found.source_profile;
    }
}

/* The variable's value, or the file below the home directory; "" when neither is there. */
static enum err find_path(const char *name, const char *below_home, char ret[PATH_BYTES_MAX],
                          struct why *why)
{
    const char *path = getenv(name);
    const char *home = getenv("HOME");
    bool is_named = path != NULL && path[0] != '\0';
    ret[0] = '\0';
    if (!is_named && (home == NULL || home[0] == '\0'))
        return ERR_NONE;
    int n = is_named ? snprintf(ret, PATH_BYTES_MAX, "%s", path)
                     : snprintf(ret, PATH_BYTES_MAX, "%s/%s", home, below_home);
    if (n < 0 || n >= PATH_BYTES_MAX)
        return why_set(why, ERR_INVALID, NULL, "%s is too long", is_named ? name : "HOME");
    return ERR_NONE;
}

/* A file that is not there is an empty one. */
static enum err read_file(struct file *file, struct why *why)
{
    if (file->path[0] == '\0')
        return ERR_NONE;
    enum err err = secret_file_read(file->path, FILE_BYTES_MAX, &file->content, why);
    file->is_there = err == ERR_NONE;
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

static enum err read_files(struct file files[FILE_COUNT], struct why *why)
{
    files[CONFIG].is_config = true;
    enum err err =
        find_path("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials", files[CREDENTIALS].path, why);
    if (err == ERR_NONE)
        err = find_path("AWS_CONFIG_FILE", ".aws/config", files[CONFIG].path, why);
    if (err == ERR_NONE)
        err = read_file(&files[CREDENTIALS], why);
    return err == ERR_NONE ? read_file(&files[CONFIG], why) : err;
}

enum err credentials_profile_plan(const struct credentials_options *options,
                                  struct credentials_plan *ret, struct why *why)
{
    const char *profile = getenv("AWS_PROFILE");
    if (profile == NULL || profile[0] == '\0')
        profile = "default";
    struct file files[FILE_COUNT] = {0};
    enum err err = read_files(files, why);
    if (err == ERR_NONE)
        err = plan_chain(options, files, str_of(profile), ret, why);
    for (size_t i = 0; i < FILE_COUNT; i++)
        secret_file_free(&files[i].content);
    return err;
}

enum err credentials_profile_plan_embedded(const struct credentials_options *options,
                                           struct credentials_plan *ret, struct why *why)
{
    const struct str profile = STR("default");
    struct file file = {0};
    enum err err = secret_file_read(options->embedded_file, FILE_BYTES_MAX, &file.content, why);
    if (err != ERR_NONE)
        return err;
    snprintf(file.path, sizeof file.path, "%s", options->embedded_file);
    file.is_there = true;
    struct found found = find(&file, 1, profile);
    if (found.access_key.n > 0 || found.secret_key.n > 0)
        err = plan_keys(&found, profile, ret, why);
    else
        err = why_set(why, ERR_NOT_FOUND, NULL, "%s has no keys in profile default", file.path);
    secret_file_free(&file.content);
    return err;
}
