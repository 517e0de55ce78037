#include "http/access_token.h"

#include "http/secret_file.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <strings.h>

#define HASH_BYTES    32
#define USER_MAX      128 /* bytes of a user name that nobody asked for */
#define LOGIN_MAX     (USER_MAX + 1 + ACCESS_TOKEN_MAX)
#define LOGIN_B64_MAX ((size_t)(LOGIN_MAX + 2) / 3 * 4)

struct access_token {
    unsigned char hash[HASH_BYTES];
};

static bool hash_of(struct str text, unsigned char ret[HASH_BYTES])
{
    return EVP_Digest(text.p, text.n, ret, NULL, EVP_sha256(), NULL) == 1;
}

static bool is_printable(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] <= ' ' || text.p[i] >= 0x7f)
            return false;
    return true;
}

/* systemd guards what it hands to a service by the folder; the modes may be those of an ACL. */
static bool is_credential(const char *path)
{
    struct str folder = str_of(getenv("CREDENTIALS_DIRECTORY"));
    return folder.n > 0 && str_starts(str_of(path), folder) && path[folder.n] == '/' &&
           strstr(path + folder.n, "/../") == NULL;
}

static enum err check(const struct secret_file *file, struct str text, const char *path,
                      struct why *why)
{
    if (!file->is_private && !is_credential(path))
        return why_set(why, ERR_INVALID, NULL,
                       "%s may be read or written by others than its owner: chmod 600 it", path);
    if (text.n < ACCESS_TOKEN_MIN || text.n > ACCESS_TOKEN_MAX)
        return why_set(why, ERR_INVALID, NULL, "%s holds %zu bytes (expected %d to %d)", path,
                       text.n, ACCESS_TOKEN_MIN, ACCESS_TOKEN_MAX);
    if (!is_printable(text))
        return why_set(why, ERR_INVALID, NULL,
                       "%s holds blanks or bytes that are not printable ASCII", path);
    return ERR_NONE;
}

enum err access_token_read(const char *path, struct access_token **ret, struct why *why)
{
    struct secret_file file = {0};
    enum err err = secret_file_read(path, ACCESS_TOKEN_MAX + 1, &file, why);
    if (err != ERR_NONE)
        return err;
    struct str text = file.text;
    if (str_ends(text, STR("\n")))
        text.n--;
    struct access_token *token = calloc(1, sizeof *token);
    err = check(&file, text, path, why);
    if (err == ERR_NONE && (token == NULL || !hash_of(text, token->hash)))
        err = why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    secret_file_free(&file);
    if (err != ERR_NONE)
        access_token_free(token);
    else
        *ret = token;
    return err;
}

void access_token_free(struct access_token *token)
{
    free(token);
}

static bool is_token(const struct access_token *token, struct str text)
{
    unsigned char hash[HASH_BYTES];
    return hash_of(text, hash) && CRYPTO_memcmp(hash, token->hash, sizeof hash) == 0;
}

/* Bytes that the text stands for, which has to be whole groups of four; -1 if it is no base64. */
static int decode(struct str base64, unsigned char ret[LOGIN_MAX + 2])
{
    if (base64.n == 0 || base64.n > LOGIN_B64_MAX || base64.n % 4 != 0)
        return -1;
    int n = EVP_DecodeBlock(ret, (const unsigned char *)base64.p, (int)base64.n);
    for (size_t i = base64.n; n > 0 && i > base64.n - 2 && base64.p[i - 1] == '='; i--)
        n--; /* what OpenSSL makes a zero byte of */
    return n;
}

static bool is_password_in(const struct access_token *token, struct str base64)
{
    unsigned char login[LOGIN_MAX + 2];
    int n = decode(base64, login);
    struct str password = n > 0 ? (struct str){(const char *)login, (size_t)n} : STR_NONE;
    (void)str_cut(&password, ':');
    bool is_known = !str_is_absent(password) && is_token(token, password);
    OPENSSL_cleanse(login, sizeof login);
    return is_known;
}

bool access_token_is_in(const struct access_token *token, struct str authorization)
{
    struct str rest = authorization;
    struct str scheme = str_cut(&rest, ' ');
    rest = str_trim(rest);
    if (scheme.n == 6 && strncasecmp(scheme.p, "Bearer", 6) == 0)
        return is_token(token, rest);
    if (scheme.n == 5 && strncasecmp(scheme.p, "Basic", 5) == 0)
        return is_password_in(token, rest);
    return false;
}
