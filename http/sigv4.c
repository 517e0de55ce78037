#include "http/sigv4.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define HASH_BYTES 32
/* Bytes of a canonical request with the longest session token: growing to it would leave copies. */
#define CANONICAL_USUAL 8192

struct sigv4 {
    EVP_MD *sha256;
    EVP_MD_CTX *digest;
    EVP_MAC_CTX *chain;  /* to derive the key with */
    EVP_MAC_CTX *signer; /* has the key: setting it up anew would cost two blocks of SHA-256 */
    struct buf canonical;
    struct buf string_to_sign;

    /* What the signer's key was derived from. key_scope is "" while there is none. */
    char key_scope[SIGV4_SCOPE_MAX];
    char key_secret[SIGV4_SECRET_MAX];
};

static EVP_MAC_CTX *new_hmac(void)
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (mac == NULL)
        return NULL;
    EVP_MAC_CTX *hmac = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    char name[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
        OSSL_PARAM_construct_end(),
    };
    if (hmac != NULL && EVP_MAC_CTX_set_params(hmac, params) != 1) {
        EVP_MAC_CTX_free(hmac);
        return NULL;
    }
    return hmac;
}

enum err sigv4_new(struct sigv4 **ret)
{
    struct sigv4 *sigv4 = calloc(1, sizeof *sigv4);
    if (sigv4 == NULL)
        return ERR_NO_MEMORY;
    buf_init(&sigv4->canonical, SIGV4_REQUEST_BYTES);
    buf_init(&sigv4->string_to_sign, 512);
    if (buf_reserve(&sigv4->canonical, CANONICAL_USUAL) == NULL)
        goto fail;
    sigv4->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    sigv4->digest = EVP_MD_CTX_new();
    sigv4->chain = new_hmac();
    sigv4->signer = new_hmac();
    if (sigv4->sha256 == NULL || sigv4->digest == NULL || sigv4->chain == NULL ||
        sigv4->signer == NULL)
        goto fail;
    *ret = sigv4;
    return ERR_NONE;

fail:
    sigv4_free(sigv4);
    return ERR_NO_MEMORY;
}

static void forget_key(struct sigv4 *sigv4)
{
    static const unsigned char no_key[HASH_BYTES];
    if (sigv4->signer != NULL)
        (void)EVP_MAC_init(sigv4->signer, no_key, sizeof no_key, NULL);
    OPENSSL_cleanse(sigv4->key_scope, sizeof sigv4->key_scope);
    OPENSSL_cleanse(sigv4->key_secret, sizeof sigv4->key_secret);
}

void sigv4_forget(struct sigv4 *sigv4)
{
    if (sigv4 == NULL)
        return;
    forget_key(sigv4);
    if (sigv4->canonical.p != NULL) /* a session token is among what was signed */
        OPENSSL_cleanse(sigv4->canonical.p, sigv4->canonical.capacity);
    buf_clear(&sigv4->canonical);
}

void sigv4_free(struct sigv4 *sigv4)
{
    if (sigv4 == NULL)
        return;
    sigv4_forget(sigv4);
    EVP_MAC_CTX_free(sigv4->signer);
    EVP_MAC_CTX_free(sigv4->chain);
    EVP_MD_CTX_free(sigv4->digest);
    EVP_MD_free(sigv4->sha256);
    buf_fini(&sigv4->string_to_sign);
    buf_fini(&sigv4->canonical);
    free(sigv4);
}

static void to_hex(const unsigned char bytes[HASH_BYTES], char ret_hex[SIGV4_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < HASH_BYTES; i++) {
        ret_hex[2 * i] = digits[bytes[i] >> 4];
        ret_hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret_hex[SIGV4_HEX_SIZE - 1] = '\0';
}

enum err sigv4_hash(struct sigv4 *sigv4, struct str bytes, char ret_hex[SIGV4_HEX_SIZE])
{
    unsigned char hash[HASH_BYTES];
    if (EVP_DigestInit_ex2(sigv4->digest, sigv4->sha256, NULL) != 1 ||
        EVP_DigestUpdate(sigv4->digest, bytes.p, bytes.n) != 1 ||
        EVP_DigestFinal_ex(sigv4->digest, hash, NULL) != 1)
        return ERR_NO_MEMORY;
    to_hex(hash, ret_hex);
    return ERR_NONE;
}

void sigv4_timestamp(int64_t epoch_s, char ret_text[SIGV4_TIMESTAMP_SIZE])
{
    time_t seconds = (time_t)epoch_s;
    struct tm utc;
    if (gmtime_r(&seconds, &utc) == NULL ||
        strftime(ret_text, SIGV4_TIMESTAMP_SIZE, "%Y%m%dT%H%M%SZ", &utc) !=
            SIGV4_TIMESTAMP_SIZE - 1)
        ret_text[0] = '\0';
}

/* An absent key: the one that the context has. */
static bool hmac(EVP_MAC_CTX *context, struct str key, struct str bytes,
                 unsigned char ret[HASH_BYTES])
{
    size_t n = 0;
    return EVP_MAC_init(context, (const unsigned char *)key.p, key.n, NULL) == 1 &&
           EVP_MAC_update(context, (const unsigned char *)bytes.p, bytes.n) == 1 &&
           EVP_MAC_final(context, ret, &n, HASH_BYTES) == 1 && n == HASH_BYTES;
}

/* Each link of the chain is the key of the next, and the last one the signer's. */
static bool derive_key(struct sigv4 *sigv4, const struct sigv4_request *request)
{
    char seed[SIGV4_SECRET_MAX + 4];
    int n = snprintf(seed, sizeof seed, "AWS4%s", sigv4->key_secret);
    unsigned char bytes[HASH_BYTES];
    struct str key = {(const char *)bytes, sizeof bytes};
    struct str day = {request->timestamp.p, 8};
    bool ok = hmac(sigv4->chain, (struct str){seed, (size_t)n}, day, bytes) &&
              hmac(sigv4->chain, key, request->region, bytes) &&
              hmac(sigv4->chain, key, request->service, bytes) &&
              hmac(sigv4->chain, key, STR(SIGV4_TERMINATOR), bytes) &&
              EVP_MAC_init(sigv4->signer, bytes, sizeof bytes, NULL) == 1;
    OPENSSL_cleanse(seed, sizeof seed);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return ok;
}

static enum err use_key(struct sigv4 *sigv4, const struct sigv4_request *request, const char *scope)
{
    if (strcmp(scope, sigv4->key_scope) == 0 && str_eq_text(request->secret_key, sigv4->key_secret))
        return ERR_NONE;
    forget_key(sigv4);
    memcpy(sigv4->key_secret, request->secret_key.p, request->secret_key.n);
    if (!derive_key(sigv4, request)) {
        forget_key(sigv4);
        return ERR_NO_MEMORY;
    }
    snprintf(sigv4->key_scope, sizeof sigv4->key_scope, "%s", scope);
    return ERR_NONE;
}

static enum err write_scope(const struct sigv4_request *request, char ret[SIGV4_SCOPE_MAX])
{
    if (request->timestamp.n != SIGV4_TIMESTAMP_SIZE - 1 || request->secret_key.n == 0 ||
        request->secret_key.n >= SIGV4_SECRET_MAX || str_has(request->secret_key, '\0') ||
        request->region.n > SIGV4_SCOPE_MAX || request->service.n > SIGV4_SCOPE_MAX)
        return ERR_INVALID;
    int n = snprintf(ret, SIGV4_SCOPE_MAX, "%.8s/%.*s/%.*s/" SIGV4_TERMINATOR, request->timestamp.p,
                     STR_ARG(request->region), STR_ARG(request->service));
    return n > 0 && n < SIGV4_SCOPE_MAX ? ERR_NONE : ERR_INVALID;
}

static enum err write_canonical(struct sigv4 *sigv4, const struct sigv4_request *request)
{
    canonical_sort(request->headers, request->header_count);
    const struct canonical_input input = {
        .method = request->method,
        .path = request->path,
        .query = request->query,
        .headers = request->headers,
        .header_count = request->header_count,
        .payload_hash = request->payload_hash,
    };
    buf_clear(&sigv4->canonical);
    return canonical_request(&input, &sigv4->canonical);
}

static enum err write_string_to_sign(struct sigv4 *sigv4, struct str timestamp, const char *scope)
{
    char hash[SIGV4_HEX_SIZE];
    enum err err = sigv4_hash(sigv4, buf_str(&sigv4->canonical), hash);
    if (err != ERR_NONE)
        return err;
    struct buf *out = &sigv4->string_to_sign;
    buf_clear(out);
    buf_add_text(out, SIGV4_ALGORITHM "\n");
    buf_add(out, timestamp);
    buf_add_byte(out, '\n');
    buf_add_text(out, scope);
    buf_add_byte(out, '\n');
    buf_add_text(out, hash);
    return buf_err(out);
}

static enum err sign(struct sigv4 *sigv4, const struct sigv4_request *request, const char *scope,
                     char ret_hex[SIGV4_HEX_SIZE])
{
    enum err err = write_canonical(sigv4, request);
    if (err == ERR_NONE)
        err = write_string_to_sign(sigv4, request->timestamp, scope);
    if (err == ERR_NONE)
        err = use_key(sigv4, request, scope);
    if (err != ERR_NONE)
        return err;
    unsigned char signature[HASH_BYTES];
    if (!hmac(sigv4->signer, STR_NONE, buf_str(&sigv4->string_to_sign), signature))
        return ERR_NO_MEMORY;
    to_hex(signature, ret_hex);
    return ERR_NONE;
}

enum err sigv4_signature(struct sigv4 *sigv4, const struct sigv4_request *request,
                         char ret_hex[SIGV4_HEX_SIZE])
{
    char scope[SIGV4_SCOPE_MAX];
    enum err err = write_scope(request, scope);
    return err != ERR_NONE ? err : sign(sigv4, request, scope, ret_hex);
}

enum err sigv4_authorization(struct sigv4 *sigv4, const struct sigv4_request *request,
                             struct buf *out)
{
    char scope[SIGV4_SCOPE_MAX];
    char signature[SIGV4_HEX_SIZE];
    enum err err = write_scope(request, scope);
    if (err == ERR_NONE)
        err = sign(sigv4, request, scope, signature);
    if (err != ERR_NONE)
        return err;
    buf_add_text(out, SIGV4_ALGORITHM " Credential=");
    buf_add(out, request->access_key);
    buf_add_byte(out, '/');
    buf_add_text(out, scope);
    buf_add_text(out, ", SignedHeaders=");
    canonical_names(request->headers, request->header_count, out);
    buf_add_text(out, ", Signature=");
    buf_add_text(out, signature);
    return buf_err(out);
}

struct str sigv4_canonical_request(const struct sigv4 *sigv4)
{
    return buf_str(&sigv4->canonical);
}

struct str sigv4_string_to_sign(const struct sigv4 *sigv4)
{
    return buf_str(&sigv4->string_to_sign);
}
