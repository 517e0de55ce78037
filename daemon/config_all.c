#include "daemon/config_all.h"

#include "daemon/config_file.h"
#include "daemon/policy_file.h"

static void tell(struct buf *problems, struct mistakes *mistakes, const char *file, enum err err)
{
    if (file == NULL)
        file = "built-in defaults";
    if (mistakes->total > 0)
        mistakes_write(mistakes, file, problems);
    else
        buf_format(problems, "%s: %s\n", file, err_name(err));
}

static enum err load_policy(struct config *config, struct buf *problems)
{
    if (config->policy.file == NULL)
        return ERR_NONE;
    struct mistakes mistakes;
    mistakes_init(&mistakes);
    enum err err = policy_file_load(config->policy.file, &config->policy.rules, &mistakes);
    if (err != ERR_NONE)
        tell(problems, &mistakes, config->policy.file, err);
    mistakes_fini(&mistakes);
    return err;
}

enum err config_all_load(const char *file, struct config **ret, struct buf *problems)
{
    struct config *config = NULL;
    struct mistakes mistakes;
    mistakes_init(&mistakes);
    enum err err = config_file_load(file, &config, &mistakes);
    if (err != ERR_NONE)
        tell(problems, &mistakes, file, err);
    mistakes_fini(&mistakes);
    if (err == ERR_NONE)
        err = load_policy(config, problems);
    if (err == ERR_NONE)
        *ret = config;
    else
        config_free(config);
    return err;
}
