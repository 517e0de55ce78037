#include "http/credentials_answer.h"

#include "http/credentials_expiry.h"
#include "jobs/doc.h"

#include <openssl/crypto.h>
#include <stdio.h>

#define WORDS_MAX 200 /* bytes of the service's own */

const struct credentials_names credentials_answer_names = {
    .access_key = "AccessKeyId",
    .secret_key = "SecretAccessKey",
    .token = "Token",
    .expiration = "Expiration",
};

/* The first line of the service's message, " (...)"; "" when there is none. */
static void find_words(struct str json, char ret[WORDS_MAX + 8])
{
    static const char *const names[] = {"message", "Message", "code", "Code"};
    struct doc *doc = NULL;
    ret[0] = '\0';
    if (doc_parse(json, CREDENTIALS_ANSWER_BYTES, &doc, NULL) != ERR_NONE)
        return;
    struct str words = STR_NONE;
    for (size_t i = 0; words.n == 0 && i < COUNT_OF(names); i++)
        words = doc_str(doc_member(doc_root(doc), names[i]));
    struct str line = str_cut(&words, '\n');
    if (line.n > 0)
        snprintf(ret, WORDS_MAX + 8, " (%.*s)", (int)(line.n < WORDS_MAX ? line.n : WORDS_MAX),
                 line.p);
    doc_free(doc);
}

enum credentials_heard credentials_answer_judge(const struct http_answer *answer, struct why *why)
{
    if (answer->problem != NULL) {
        (void)why_set(why, ERR_DOWN, NULL, "%s", answer->problem);
        return CREDENTIALS_HEARD_NOTHING;
    }
    if (answer->is_cut) {
        (void)why_set(why, ERR_INVALID, NULL, "the answer is longer than %d bytes",
                      CREDENTIALS_ANSWER_BYTES);
        return CREDENTIALS_HEARD_NO;
    }
    if (answer->status == 200)
        return CREDENTIALS_HEARD_KEYS;
    char words[WORDS_MAX + 8];
    find_words(answer->body, words);
    (void)why_set(why, ERR_REFUSED, NULL, "HTTP %d%s", answer->status, words);
    bool may_pass = answer->status >= 500 || answer->status == 429;
    return may_pass ? CREDENTIALS_HEARD_NOTHING : CREDENTIALS_HEARD_NO;
}

static enum err fill(struct doc_node object, const struct credentials_names *names,
                     struct credential *ret, struct why *why)
{
    struct str secret_key = doc_str(doc_member(object, names->secret_key));
    struct str token = doc_str(doc_member(object, names->token));
    struct doc_node expiration = doc_member(object, names->expiration);
    struct credential found;
    enum err err = credentials_fill(doc_str(doc_member(object, names->access_key)), secret_key,
                                    token, &found, why);
    if (err == ERR_NONE && doc_kind_of(expiration) != DOC_ABSENT &&
        !credentials_expiry_parse(doc_str(expiration), &found.expires_at_s))
        err = why_set(why, ERR_INVALID, NULL, "the expiration is no date and time");
    if (err == ERR_NONE)
        *ret = found;
    credentials_wipe(&found);
    /* The document is ours alone and about to be freed. */
    if (secret_key.n > 0)
        OPENSSL_cleanse((char *)secret_key.p, secret_key.n);
    if (token.n > 0)
        OPENSSL_cleanse((char *)token.p, token.n);
    return err;
}

enum err credentials_answer_keys(struct str json, const struct credentials_names *names,
                                 struct credential *ret, struct why *why)
{
    struct doc *doc = NULL;
    struct why detail;
    enum err err = doc_parse(json, CREDENTIALS_ANSWER_BYTES, &doc, &detail);
    if (err != ERR_NONE) /* the detail may show a part of the document */
        return why_set(why, err, NULL, "the answer is no valid JSON");
    struct doc_node object = doc_root(doc);
    if (names->inside != NULL)
        object = doc_member(object, names->inside);
    if (names->version != 0 && doc_int(doc_member(object, "Version")) != names->version)
        err = why_set(why, ERR_INVALID, NULL, "the answer is not of Version %lld",
                      (long long)names->version);
    else if (doc_kind_of(object) == DOC_OBJECT)
        err = fill(object, names, ret, why);
    else
        err = why_set(why, ERR_INVALID, NULL, "the answer holds no credentials");
    doc_free(doc);
    return err;
}
