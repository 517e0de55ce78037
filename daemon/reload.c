#include "daemon/reload.h"

#include "base/log.h"
#include "daemon/config_all.h"
#include "daemon/config_file.h"
#include "daemon/config_value.h"

#define PATHS_MAX 2048 /* bytes: the paths of all keys */

static struct config *read_again(const char *file)
{
    struct config *config = NULL;
    struct buf problems;
    buf_init(&problems, CONFIG_ALL_PROBLEMS_MAX);
    if (config_all_load(config_file_find(file), &config, &problems) != ERR_NONE) {
        struct str rest = buf_str(&problems);
        while (rest.n > 0) {
            struct str line = str_cut(&rest, '\n');
            log_say(LOG_ERROR, "reload", "%.*s", STR_ARG(line));
        }
    }
    buf_fini(&problems);
    return config;
}

/* The embedded endpoint, which goes on as it is, checks signatures for its region. */
static bool is_of_endpoint(const struct config_key *key)
{
    return strcmp(key->section, "jobs") == 0 &&
           (strcmp(key->name, "endpoint") == 0 || strcmp(key->name, "region") == 0);
}

/* Adds the paths of the keys that differ; all of them, or those that need a restart. */
static void add_changes(const struct config *old, const struct config *new, bool are_all,
                        struct buf *out)
{
    bool has_embedded = config_is_embedded(old) || config_is_embedded(new);
    const struct config_key *key;
    for (size_t i = 0; (key = config_key_at(i)) != NULL; i++) {
        bool is_fixed = key->is_fixed || (has_embedded && is_of_endpoint(key));
        if (!(are_all || is_fixed) || config_value_is_same(key, old, new))
            continue;
        if (out->n > 0)
            buf_add_text(out, ", ");
        config_key_path(key, out);
    }
}

static bool needs_restart(const struct config *old, const struct config *new)
{
    struct buf paths;
    buf_init(&paths, PATHS_MAX);
    add_changes(old, new, false, &paths);
    bool needs = paths.n > 0;
    if (needs)
        log_say(LOG_ERROR, "reload", "a restart is needed for what has changed: %s",
                buf_text(&paths));
    buf_fini(&paths);
    return needs;
}

static struct plan *make_plan(const struct wire *wire, const char *file)
{
    struct plan *plan = NULL;
    struct why why = {0};
    struct config *config = read_again(file);
    if (config == NULL)
        return NULL;
    if (needs_restart(wire->plan->config, config)) {
        config_free(config);
        return NULL;
    }
    if (wire_plan(wire, config, &plan, &why) != ERR_NONE)
        log_say(LOG_ERROR, "reload", "%s%s%s", why.field, why.field[0] != '\0' ? ": " : "",
                why.text);
    return plan;
}

struct plan *reload_plan(const struct wire *wire, const char *file)
{
    struct plan *plan = make_plan(wire, file);
    if (plan == NULL)
        log_say(LOG_ERROR, "reload", "refused; the configuration of before stays in use");
    return plan;
}

void reload_adopt(struct wire *wire, struct plan *plan)
{
    struct why why = {0};
    struct buf paths;
    buf_init(&paths, PATHS_MAX);
    add_changes(wire->plan->config, plan->config, true, &paths);
    if (wire_adopt(wire, plan, &why) != ERR_NONE)
        log_say(LOG_ERROR, "reload", "%s; the configuration of before stays in use", why.text);
    else
        log_say(LOG_INFO, "reload", "done; %s%s", paths.n > 0 ? "changed: " : "no key has changed",
                buf_text(&paths));
    buf_fini(&paths);
}
