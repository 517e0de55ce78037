#include "daemon/policy_file.h"

#include "base/utf8.h"
#include "daemon/config_value.h"
#include "daemon/document.h"
#include "daemon/policy_check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define KEYS_MAX   16
#define NUMBER_MAX 32

enum said { SAID_NOTHING, SAID_ALLOW, SAID_DENY };

struct reading {
    yaml_document_t *yaml;
    struct policy *policy;
    struct mistakes *mistakes;
    bool is_broken[LIMITS_POLICY_RULES]; /* by rule: it has mistakes */

    /* Of the rule that is being read: */
    struct policy_rule *rule;
    struct policy_bound *bound;  /* the one that is being read */
    enum said said[FIELD_COUNT]; /* what it says of each field */
    bool allows_others;          /* fields of which it says nothing */
};

/* One key of a mapping. read gets its value and the path of the key. */
typedef enum err key_fn(struct reading *reading, const yaml_node_t *value, const char *key);

struct key {
    const char *name;
    key_fn *read;
};

static void complain(struct reading *reading, const yaml_node_t *node, const char *key,
                     const char *problem, const char *expected)
{
    mistakes_add(reading->mistakes, document_line(node), key, "%s (expected %s)", problem,
                 expected);
}

/* False after a mistake: the node is not of that type. */
static bool is_of(struct reading *reading, const yaml_node_t *node, yaml_node_type_t type,
                  const char *key, const char *expected)
{
    bool is_absent = type != YAML_SCALAR_NODE && document_is_null(node);
    if (node->type == type && !document_has_tag(node))
        return true;
    complain(reading, node, key,
             document_has_tag(node) ? "has a tag"
             : is_absent            ? "has no value"
                                    : document_kind(node),
             expected);
    return false;
}

static void join(const char *path, struct str name, char key[static WHY_FIELD_MAX])
{
    int n = snprintf(key, WHY_FIELD_MAX, "%s%s%.*s%s", path, path[0] != '\0' ? "." : "",
                     CONFIG_VALUE_ARG(name));
    if (n >= WHY_FIELD_MAX)
        memcpy(key + WHY_FIELD_MAX - sizeof "...", "...", sizeof "...");
}

static const struct key *find_key(const struct key *keys, struct str name)
{
    while (keys->name != NULL && !str_eq_text(name, keys->name))
        keys++;
    return keys->name != NULL ? keys : NULL;
}

static void list_keys(const struct key *keys, char text[static WHY_FIELD_MAX])
{
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; keys[i].name != NULL && n < WHY_FIELD_MAX; i++)
        n += (size_t)snprintf(text + n, WHY_FIELD_MAX - n, "%s%s", i > 0 ? " " : "", keys[i].name);
}

static enum err read_pair(struct reading *reading, const struct key *keys,
                          const yaml_node_pair_t *pair, const char *path, size_t lines[KEYS_MAX])
{
    const yaml_node_t *name = yaml_document_get_node(reading->yaml, pair->key);
    const yaml_node_t *value = yaml_document_get_node(reading->yaml, pair->value);
    char key[WHY_FIELD_MAX];
    char expected[WHY_FIELD_MAX];
    if (!is_of(reading, name, YAML_SCALAR_NODE, path, "the name of a key"))
        return ERR_NONE;
    join(path, document_text(name), key);
    const struct key *found = find_key(keys, document_text(name));
    if (found == NULL) {
        list_keys(keys, expected);
        complain(reading, name, key, "is not a known key", expected);
        return ERR_NONE;
    }
    size_t *line = &lines[found - keys];
    if (*line > 0) {
        mistakes_add(reading->mistakes, document_line(name), key, "stands on line %zu already",
                     *line);
        return ERR_NONE;
    }
    *line = document_line(name);
    return found->read(reading, value, key);
}

/* lines gets where each key stands; 0: it is not there. */
static enum err read_mapping(struct reading *reading, const struct key *keys,
                             const yaml_node_t *node, const char *path, size_t lines[KEYS_MAX])
{
    enum err err = ERR_NONE;
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    for (; err == ERR_NONE && pair < node->data.mapping.pairs.top; pair++)
        err = read_pair(reading, keys, pair, path, lines);
    return err;
}

/* Which of the words, up to a NULL, the value is; -1 after a mistake. */
static int read_word(struct reading *reading, const yaml_node_t *node, const char *key,
                     const char *const *words, const char *expected)
{
    if (!is_of(reading, node, YAML_SCALAR_NODE, key, expected))
        return -1;
    struct str text = document_text(node);
    for (int i = 0; words[i] != NULL; i++)
        if (str_eq_text(text, words[i]))
            return i;
    char problem[WHY_TEXT_MAX];
    snprintf(problem, sizeof problem, "\"%.*s%s\" is none of its values", CONFIG_VALUE_ARG(text));
    complain(reading, node, key, problem, expected);
    return -1;
}

static enum err read_name(struct reading *reading, const yaml_node_t *node, const char *key)
{
    static const char expected[] = "a text of 1 to 64 bytes without control characters";
    if (!is_of(reading, node, YAML_SCALAR_NODE, key, expected))
        return ERR_NONE;
    struct str text = document_text(node);
    if (document_is_null(node) || text.n == 0 || text.n > POLICY_FILE_NAME_MAX) {
        complain(reading, node, key, text.n == 0 ? "is empty" : "is too long", expected);
        return ERR_NONE;
    }
    if (!utf8_is_printable(text)) {
        complain(reading, node, key, "has control characters", expected);
        return ERR_NONE;
    }
    reading->rule->name = str_dup(text);
    return reading->rule->name != NULL ? ERR_NONE : ERR_NO_MEMORY;
}

static enum err read_from(struct reading *reading, const yaml_node_t *node, const char *key)
{
    static const char *const words[] = {"anyone", "things", "operators", NULL};
    int word = read_word(reading, node, key, words, "anyone, things or operators");
    if (word >= 0)
        reading->rule->sender = (enum policy_sender)word;
    return ERR_NONE;
}

static enum err read_decision(struct reading *reading, const yaml_node_t *node, const char *key)
{
    static const char *const words[] = {"allow", "deny", NULL};
    reading->rule->denies = read_word(reading, node, key, words, "allow or deny") == 1;
    return ERR_NONE;
}

static enum err read_glob(struct reading *reading, const yaml_node_t *node, const char *key,
                          struct policy_globs *globs)
{
    struct why why;
    if (!is_of(reading, node, YAML_SCALAR_NODE, key, "a name, perhaps with * and ?"))
        return ERR_NONE;
    enum err err = glob_init(&globs->items[globs->count], document_text(node), &why);
    if (err == ERR_NONE)
        globs->count++;
    else if (err == ERR_INVALID)
        complain(reading, node, key, why.text, "a name, perhaps with * and ?");
    return err == ERR_INVALID ? ERR_NONE : err;
}

static enum err read_globs(struct reading *reading, const yaml_node_t *node, const char *key,
                           struct policy_globs *globs)
{
    static const char expected[] = "a list of 1 to 100 names, perhaps with * and ?";
    if (!is_of(reading, node, YAML_SEQUENCE_NODE, key, expected))
        return ERR_NONE;
    size_t count = document_count(node);
    if (count == 0 || count > LIMITS_POLICY_GLOBS) {
        complain(reading, node, key, count == 0 ? "is empty" : "is too long", expected);
        return ERR_NONE;
    }
    globs->items = calloc(count, sizeof *globs->items);
    if (globs->items == NULL)
        return ERR_NO_MEMORY;
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < count; i++)
        err = read_glob(reading, document_item(reading->yaml, node, i), key, globs);
    return err;
}

static enum err read_things(struct reading *reading, const yaml_node_t *node, const char *key)
{
    return read_globs(reading, node, key, &reading->rule->things);
}

static enum err read_jobs(struct reading *reading, const yaml_node_t *node, const char *key)
{
    return read_globs(reading, node, key, &reading->rule->jobs);
}

static enum err read_namespaces(struct reading *reading, const yaml_node_t *node, const char *key)
{
    return read_globs(reading, node, key, &reading->rule->namespaces);
}

static enum err read_notify(struct reading *reading, const yaml_node_t *node, const char *key)
{
    return read_globs(reading, node, key, &reading->rule->notify);
}

static void read_number(struct reading *reading, const yaml_node_t *node, const char *key,
                        double *ret)
{
    if (!is_of(reading, node, YAML_SCALAR_NODE, key, "a number"))
        return;
    char text[NUMBER_MAX];
    char *end;
    struct str scalar = document_text(node);
    snprintf(text, sizeof text, "%.*s", STR_ARG(scalar));
    double value = strtod(text, &end);
    bool is_plain = strspn(text, "0123456789.-") == scalar.n && scalar.n > 0;
    if (is_plain && *end == '\0')
        *ret = value;
    else
        complain(reading, node, key, "is not a number", "one such as 50 or 12.5");
}

static enum err read_min(struct reading *reading, const yaml_node_t *node, const char *key)
{
    read_number(reading, node, key, &reading->bound->min);
    return ERR_NONE;
}

static enum err read_max(struct reading *reading, const yaml_node_t *node, const char *key)
{
    read_number(reading, node, key, &reading->bound->max);
    return ERR_NONE;
}

static enum err read_only(struct reading *reading, const yaml_node_t *node, const char *key)
{
    static const char *const words[] = {"down", "up", NULL};
    int word = read_word(reading, node, key, words, "down or up");
    if (word >= 0)
        reading->bound->only = word == 0 ? POLICY_DOWN : POLICY_UP;
    return ERR_NONE;
}

static enum err read_unknown(struct reading *reading, const yaml_node_t *node, const char *key)
{
    static const char *const words[] = {"allow", "deny", NULL};
    reading->bound->allows_unknown = read_word(reading, node, key, words, "allow or deny") == 0;
    return ERR_NONE;
}

static void track(struct policy *policy, enum field field)
{
    for (unsigned i = 0; i < field_slot_count(field); i++)
        policy->tracked |= UINT32_C(1) << (field_slot(field) + i);
}

static enum err read_bound(struct reading *reading, enum field field, const yaml_node_t *node,
                           const char *key)
{
    enum { MIN, MAX, ONLY, UNKNOWN };
    static const struct key keys[] = {[MIN] = {"min", read_min},
                                      [MAX] = {"max", read_max},
                                      [ONLY] = {"only", read_only},
                                      [UNKNOWN] = {"unknown", read_unknown},
                                      {NULL, NULL}};
    size_t lines[KEYS_MAX] = {0};
    if (!field_is_number(field)) {
        complain(reading, node, key, "is not a number, so it has no bounds and no direction",
                 "allow or deny");
        return ERR_NONE;
    }
    struct policy_bound *bound = &reading->rule->bounds[reading->rule->bound_count++];
    *bound = (struct policy_bound){.field = field, .min = -HUGE_VAL, .max = HUGE_VAL};
    reading->bound = bound;
    enum err err = read_mapping(reading, keys, node, key, lines);
    if (lines[MIN] + lines[MAX] + lines[ONLY] == 0)
        complain(reading, node, key, "says nothing", "min, max or only");
    if (lines[UNKNOWN] > 0 && lines[ONLY] == 0)
        mistakes_add(reading->mistakes, lines[UNKNOWN], key, "unknown is for only (expected both)");
    policy_check_bound(bound, document_line(node), key, reading->mistakes);
    if (bound->only != POLICY_ANY_WAY)
        track(reading->policy, field);
    return err;
}

static enum err read_field(struct reading *reading, const yaml_node_pair_t *pair, const char *path)
{
    static const char *const words[] = {"allow", "deny", NULL};
    const yaml_node_t *name = yaml_document_get_node(reading->yaml, pair->key);
    const yaml_node_t *value = yaml_document_get_node(reading->yaml, pair->value);
    char key[WHY_FIELD_MAX];
    enum field field;
    if (!is_of(reading, name, YAML_SCALAR_NODE, path, "the path of a field"))
        return ERR_NONE;
    join(path, document_text(name), key);
    if (!field_find(document_text(name), &field)) {
        complain(reading, name, key, "UpdateJob has no such field",
                 "one such as jobExecutionsRolloutConfig.maximumPerMinute");
        return ERR_NONE;
    }
    if (reading->said[field] != SAID_NOTHING) {
        complain(reading, name, key, "stands there already", "each field once");
        return ERR_NONE;
    }
    reading->said[field] = SAID_ALLOW;
    if (value->type == YAML_MAPPING_NODE && !document_has_tag(value))
        return read_bound(reading, field, value, key);
    if (read_word(reading, value, key, words, "allow, deny, or a mapping of min, max, only") == 1)
        reading->said[field] = SAID_DENY;
    return ERR_NONE;
}

static enum err read_fields(struct reading *reading, const yaml_node_t *node, const char *key)
{
    if (!is_of(reading, node, YAML_MAPPING_NODE, key, "a mapping of fields"))
        return ERR_NONE;
    enum err err = ERR_NONE;
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    for (; err == ERR_NONE && pair < node->data.mapping.pairs.top; pair++)
        err = read_field(reading, pair, key);
    return err;
}

static enum err read_others(struct reading *reading, const yaml_node_t *node, const char *key)
{
    static const char *const words[] = {"allow", "deny", NULL};
    reading->allows_others = read_word(reading, node, key, words, "allow or deny") == 0;
    return ERR_NONE;
}

enum { NAME, FROM, THINGS, JOBS, NAMESPACES, DECISION, FIELDS, OTHERS, NOTIFY };

static const struct key rule_keys[] = {
    [NAME] = {"name", read_name},
    [FROM] = {"from", read_from},
    [THINGS] = {"things", read_things},
    [JOBS] = {"jobs", read_jobs},
    [NAMESPACES] = {"namespaces", read_namespaces},
    [DECISION] = {"decision", read_decision},
    [FIELDS] = {"fields", read_fields},
    [OTHERS] = {"other_fields", read_others},
    [NOTIFY] = {"notify", read_notify},
    {NULL, NULL},
};

/* What is inside of a field follows it in the order of fields, so the longest path that is there
 * has the last word. */
static void settle_fields(struct reading *reading, bool has_fields)
{
    uint32_t fields = !has_fields || reading->allows_others ? FIELD_ALL : 0;
    for (enum field field = 0; field < FIELD_COUNT; field++) {
        if (reading->said[field] == SAID_ALLOW)
            fields |= field_tree(field);
        else if (reading->said[field] == SAID_DENY)
            fields &= ~field_tree(field);
    }
    reading->rule->fields = fields;
}

/* Keys of a rule that do not go together. */
static void check_together(struct reading *reading, const size_t lines[KEYS_MAX], const char *path)
{
    static const int of_allowing[] = {FIELDS, OTHERS, NOTIFY};
    const struct policy_rule *rule = reading->rule;
    char key[WHY_FIELD_MAX];
    for (size_t i = 0; rule->denies && i < COUNT_OF(of_allowing); i++) {
        int at = of_allowing[i];
        join(path, str_of(rule_keys[at].name), key);
        if (lines[at] > 0)
            mistakes_add(reading->mistakes, lines[at], key,
                         "is for rules that allow, and this one denies (expected one of the two)");
    }
    join(path, STR("other_fields"), key);
    if (lines[OTHERS] > 0 && lines[FIELDS] == 0)
        mistakes_add(reading->mistakes, lines[OTHERS], key, "needs fields (expected both)");
    join(path, STR("things"), key);
    if (lines[THINGS] > 0 && lines[FROM] > 0 && rule->sender != POLICY_THINGS)
        mistakes_add(reading->mistakes, lines[THINGS], key,
                     "names things, and from asks for others as well (expected from: things)");
}

static enum err read_rule(struct reading *reading, const yaml_node_t *node)
{
    struct policy_rule *rule = &reading->policy->rules[reading->policy->count++];
    size_t lines[KEYS_MAX] = {0};
    char path[WHY_FIELD_MAX];
    *rule = (struct policy_rule){.number = reading->policy->count, .line = document_line(node)};
    snprintf(path, sizeof path, "rules[%zu]", rule->number);
    reading->rule = rule;
    reading->allows_others = false;
    memset(reading->said, 0, sizeof reading->said);
    if (!is_of(reading, node, YAML_MAPPING_NODE, path, "a mapping of keys to values"))
        return ERR_NONE;
    enum err err = read_mapping(reading, rule_keys, node, path, lines);
    check_together(reading, lines, path);
    settle_fields(reading, lines[FIELDS] > 0);
    if (lines[THINGS] > 0)
        rule->sender = POLICY_THINGS;
    return err;
}

static enum err read_rules(struct reading *reading, const yaml_node_t *node, const char *key)
{
    static const char expected[] = "a list of at most 1000 rules";
    if (!is_of(reading, node, YAML_SEQUENCE_NODE, key, expected))
        return ERR_NONE;
    size_t count = document_count(node);
    if (count > LIMITS_POLICY_RULES) {
        complain(reading, node, key, "is too long", expected);
        return ERR_NONE;
    }
    reading->policy->rules = calloc(count + 1, sizeof *reading->policy->rules);
    if (reading->policy->rules == NULL)
        return ERR_NO_MEMORY;
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < count; i++) {
        size_t mistakes_before = reading->mistakes->total;
        err = read_rule(reading, document_item(reading->yaml, node, i));
        reading->is_broken[i] = reading->mistakes->total > mistakes_before;
    }
    return err;
}

static enum err read_root(void *context, yaml_document_t *yaml, const yaml_node_t *root)
{
    static const struct key keys[] = {{"rules", read_rules}, {NULL, NULL}};
    struct reading *reading = context;
    size_t lines[KEYS_MAX] = {0};
    enum err err = ERR_NONE;
    reading->yaml = yaml;
    if (root != NULL && !is_of(reading, root, YAML_MAPPING_NODE, "", "rules: and a list of them"))
        return ERR_NONE;
    if (root != NULL)
        err = read_mapping(reading, keys, root, "", lines);
    if (lines[0] == 0)
        mistakes_add(reading->mistakes, 0, "rules",
                     "is not there (expected a list; an empty one, [], denies everything)");
    return err;
}

enum err policy_file_load(const char *file, struct policy **ret, struct mistakes *mistakes)
{
    struct reading reading = {.mistakes = mistakes, .policy = calloc(1, sizeof(struct policy))};
    if (reading.policy == NULL)
        return ERR_NO_MEMORY;
    size_t mistakes_before = mistakes->total;
    enum err err = document_read(file, read_root, &reading, mistakes);
    if (err != ERR_NONE)
        goto fail;
    policy_check_rules(reading.policy, reading.is_broken, mistakes);
    if (mistakes->total > mistakes_before) {
        err = ERR_INVALID;
        goto fail;
    }
    *ret = reading.policy;
    return ERR_NONE;
fail:
    policy_free(reading.policy);
    return err;
}
