#include "daemon/send_draft.h"

#include "jobs/doc.h"
#include "topics/identifier.h"

#include <stdio.h>

static enum err take_token(struct send_draft *draft, struct doc_node token, struct why *why)
{
    if (doc_kind_of(token) == DOC_ABSENT)
        return ERR_NONE;
    if (draft->needs_no_token)
        return why_set(why, ERR_INVALID, NULL,
                       "it has a clientToken, and --repeat gives each a new one");
    if (identifier_check(IDENTIFIER_TOKEN, doc_str(token), why) != ERR_NONE)
        return ERR_INVALID;
    snprintf(draft->token, sizeof draft->token, "%.*s", STR_ARG(doc_str(token)));
    return ERR_NONE;
}

static void write_payload(const struct send_draft *draft, struct str command, struct doc_node root,
                          struct buf *out)
{
    buf_add_byte(out, '{');
    if (doc_kind_of(doc_member(root, "clientToken")) == DOC_ABSENT)
        buf_format(out, "\"clientToken\":\"%s\",", draft->token);
    if (draft->is_dry_run && doc_kind_of(doc_member(root, "dryRun")) == DOC_ABSENT)
        buf_add_text(out, "\"dryRun\":true,");
    if (doc_count(root) == 0 && out->n > 1)
        out->n--; /* the last comma */
    buf_add(out, (struct str){command.p + 1, command.n - 1});
}

static enum err check(struct send_draft *draft, struct doc_node root, struct why *why)
{
    struct doc_node dry_run = doc_member(root, "dryRun");
    if (doc_kind_of(root) != DOC_OBJECT)
        return why_set(why, ERR_INVALID, NULL, "it is no JSON object");
    if (draft->is_dry_run && doc_kind_of(dry_run) != DOC_ABSENT && !doc_bool(dry_run))
        return why_set(why, ERR_INVALID, NULL, "it says itself that it is no dry run");
    return take_token(draft, doc_member(root, "clientToken"), why);
}

enum err send_draft_write(struct send_draft *draft, struct str command, struct buf *out,
                          struct why *why)
{
    struct doc *doc = NULL;
    enum err err = doc_parse(command, LIMITS_COMMAND_BYTES, &doc, why);
    if (err == ERR_NONE)
        err = check(draft, doc_root(doc), why);
    if (err == ERR_NONE) {
        write_payload(draft, command, doc_root(doc), out);
        err = buf_err(out);
        if (err != ERR_NONE)
            why_set(why, err, NULL, "with its clientToken it is longer than %d bytes",
                    LIMITS_COMMAND_BYTES);
    }
    doc_free(doc);
    return err;
}
