/* Any bytes as AWS's credentials file and, behind the line "# config", its config file: as items,
 * and as the plan of the profile "default". */
#include "http/credentials_process.h"
#include "http/credentials_source.h"
#include "http/ini.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

static bool is_inside(struct str part, struct str whole)
{
    return str_is_absent(part) || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static bool is_trimmed(struct str text)
{
    return str_eq(text, str_trim(text)) && !str_has(text, '\n');
}

static void check_items(struct str text)
{
    struct ini ini = ini_of(text);
    struct ini_item item;
    while (ini_next(&ini, &item)) {
        assert(is_inside(item.section, text) && is_trimmed(item.section));
        assert(is_inside(item.name, text) && is_trimmed(item.name) && !str_has(item.name, '='));
        assert(is_inside(item.value, text) && is_trimmed(item.value));
    }
}

static void check_word(const char *text, size_t min)
{
    assert(strlen(text) >= min);
    for (; *text != '\0'; text++)
        assert(*text > ' ' && *text < 0x7f);
}

static void check_process(struct credentials_plan *plan)
{
    char *words[CREDENTIALS_PROCESS_WORDS_MAX + 1];
    size_t count = 0;
    if (credentials_process_split(plan->command, words) != ERR_NONE)
        return;
    while (count < CREDENTIALS_PROCESS_WORDS_MAX && words[count] != NULL) {
        assert(words[count] >= plan->command);
        assert(words[count] + strlen(words[count]) < plan->command + sizeof plan->command);
        count++;
    }
    assert(count > 0 && words[count] == NULL);
}

static void check_plan(struct credentials_plan *plan)
{
    if (plan->base == CREDENTIALS_BASE_KEYS) {
        check_word(plan->keys.access_key, 1);
        check_word(plan->keys.secret_key, 1);
        check_word(plan->keys.token, 0);
    } else if (plan->base == CREDENTIALS_BASE_PROCESS) {
        check_process(plan);
    } else {
        assert(plan->role_count > 0);
    }
    assert(plan->role_count <= CREDENTIALS_ROLES_MAX);
    for (size_t i = 0; i < plan->role_count; i++) {
        const struct credentials_role *role = &plan->roles[i];
        check_word(role->arn, 20);
        check_word(role->session, 2);
        check_word(role->external_id, 0);
        assert(role->duration_s == 0 || (role->duration_s >= 900 && role->duration_s <= 43200));
    }
}

/* The value that starts with this is a secret key, wherever the corpus has it. */
#define SECRET "wJalrXUtnFEMI/K7MDENG"

/* Whether the secret stands once, and as a secret key: then no text for people may hold it. */
static bool is_secret_once(struct str text)
{
    const char item[] = "\naws_secret_access_key = " SECRET;
    const char *found = memmem(text.p, text.n, item, sizeof item - 1);
    const char *first = memmem(text.p, text.n, SECRET, sizeof SECRET - 1);
    if (found == NULL || first != found + sizeof item - sizeof SECRET)
        return false;
    const char *behind = first + sizeof SECRET - 1;
    return memmem(behind, (size_t)(text.p + text.n - behind), SECRET, sizeof SECRET - 1) == NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static struct credentials_plan plan;
    const struct credentials_options options = {.source = CREDENTIALS_PROFILE};
    struct str all = {(const char *)bytes, n};
    struct str config = all;
    struct str credentials = fuzz_cut(&config, "# config");
    struct why why = {0};
    check_items(credentials);
    assert(setenv("AWS_SHARED_CREDENTIALS_FILE", fuzz_file(0, credentials), 1) == 0);
    assert(setenv("AWS_CONFIG_FILE", fuzz_file(1, config), 1) == 0);
    plan = (struct credentials_plan){0};
    if (credentials_profile_plan(&options, &plan, &why) == ERR_NONE) {
        check_plan(&plan);
        return 0;
    }
    fuzz_check_why(&why);
    if (is_secret_once(all))
        assert(strstr(why.text, SECRET) == NULL);
    return 0;
}
