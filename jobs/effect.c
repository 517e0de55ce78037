#include "jobs/effect.h"

#include "base/limits.h"
#include "jobs/doc.h"

static bool has_members(struct doc_node job, struct doc_node sent)
{
    for (struct doc_walk at = doc_walk_start(sent); at.p != NULL; doc_walk_next(sent, &at))
        if (!doc_equal(at.value, doc_member(job, at.key.p)))
            return false;
    return true;
}

bool effect_is_seen(struct str body, struct str description)
{
    struct doc *sent = NULL;
    struct doc *described = NULL;
    bool is_seen = doc_parse(body, LIMITS_REQUEST_BYTES, &sent, NULL) == ERR_NONE &&
                   doc_parse(description, LIMITS_ANSWER_BYTES, &described, NULL) == ERR_NONE &&
                   has_members(doc_member(doc_root(described), "job"), doc_root(sent));
    doc_free(sent);
    doc_free(described);
    return is_seen;
}
