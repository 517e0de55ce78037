/*
 * Answers of the services that hand out credentials, as the dialogues hear them. The first line
 * says what was asked, and the status, or "down" or "cut"; the rest is the body:
 *
 *   imds-role 200
 *   my-role
 */
#include "http/credentials_answer.h"
#include "http/credentials_expiry.h"
#include "http/sigv4.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

/* Stands as the secret key in the corpus, and must stand in no text for people. */
#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

static const struct {
    const char *name;
    const struct credentials_dialogue *dialogue;
    unsigned step;
} kinds[] = {
    {"container", &credentials_container_dialogue, 0},
    {"imds-token", &credentials_imds_dialogue, 0},
    {"imds-role", &credentials_imds_dialogue, 1},
    {"imds-keys", &credentials_imds_dialogue, 2},
    {"iot", &credentials_iot_dialogue, 0},
    {"sts", &credentials_sts_dialogue, 0},
};

static void check_word(const char *text)
{
    for (; *text != '\0'; text++)
        assert(*text > ' ' && *text < 0x7f);
}

/* They can stand in a header as they are. */
static void check_keys(const struct credential *keys)
{
    assert(keys->access_key[0] != '\0' && keys->secret_key[0] != '\0');
    check_word(keys->access_key);
    check_word(keys->secret_key);
    check_word(keys->token);
    assert(keys->expires_at_s >= -1 &&
           keys->expires_at_s < INT64_C(253402387200)); /* 10000-01-02 */
}

/* One more request, of one URL and whole header lines, whatever the service has said. */
static void check_next(const struct credentials_dialogue *dialogue,
                       const struct credentials_talk *talk)
{
    struct credentials_request request = {0};
    struct why why = {0};
    buf_init(&request.url, CREDENTIALS_ANSWER_BYTES);
    buf_init(&request.headers, CREDENTIALS_ANSWER_BYTES);
    buf_init(&request.body, CREDENTIALS_ANSWER_BYTES);
    assert(dialogue->ask(talk, &request, &why) == ERR_NONE);
    check_word(buf_text(&request.url));
    for (size_t i = 0; i < request.headers.n; i++)
        assert(request.headers.p[i] != '\r' && request.headers.p[i] != '\n');
    buf_fini(&request.url);
    buf_fini(&request.headers);
    buf_fini(&request.body);
}

/* Only the service's own words, which a 200 has none of but for imds, may hold what is secret. */
static void check_refused(const struct credentials_dialogue *dialogue,
                          const struct http_answer *answer, const struct why *why)
{
    fuzz_check_why(why);
    if (answer->status == 200 && dialogue != &credentials_imds_dialogue)
        assert(strstr(why->text, SECRET) == NULL);
}

static void hear(size_t kind, const struct http_answer *answer)
{
    static const struct credentials_options options = {.region = "us-east-1"};
    static struct credentials_talk talk;
    const struct credentials_dialogue *dialogue = kinds[kind].dialogue;
    struct credential keys = {0};
    struct why why = {0};
    talk = (struct credentials_talk){.options = &options, .step = kinds[kind].step};
    enum credentials_heard heard = dialogue->hear(&talk, answer, &keys, &why);
    assert(heard != CREDENTIALS_HEARD_KEYS || answer->status == 200);
    if (heard == CREDENTIALS_HEARD_KEYS)
        check_keys(&keys);
    else if (heard == CREDENTIALS_HEARD_MORE)
        check_next(dialogue, &talk);
    else
        check_refused(dialogue, answer, &why);
}

/* What a program prints is read by the same function with other names. */
static void read_process(struct str json)
{
    static const struct credentials_names names = {
        1, NULL, "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"};
    struct credential keys;
    struct why why = {0};
    if (credentials_answer_keys(json, &names, &keys, &why) == ERR_NONE) {
        check_keys(&keys);
        return;
    }
    fuzz_check_why(&why);
    assert(strstr(why.text, SECRET) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct str body = {(const char *)bytes, n};
    struct str what = str_cut(&body, '\n');
    struct str name = str_cut(&what, ' ');
    int64_t status = 0;
    if (str_is_absent(body))
        return 0;
    if (str_eq_text(name, "process")) {
        read_process(body);
        return 0;
    }
    struct http_answer answer = {.body = body, .retry_after_ms = -1};
    if (str_eq_text(what, "down"))
        answer.problem = "nobody answers";
    else if (str_eq_text(what, "cut"))
        answer.is_cut = true;
    else if (!str_to_int(what, 100, 999, &status))
        return 0;
    answer.status = (int)status;
    for (size_t kind = 0; kind < COUNT_OF(kinds); kind++)
        if (str_eq_text(name, kinds[kind].name))
            hear(kind, &answer);
    return 0;
}
