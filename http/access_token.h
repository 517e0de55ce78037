/*
 * A token that requests to a server of ours have to show, as "Authorization: Bearer TOKEN", or as
 * Basic with the token for the password and any user name, so that a browser can ask for it.
 *
 * Kept as its SHA-256 alone, and compared as such in constant time. Read-only once read, so any
 * thread may ask.
 */
#ifndef HTTP_ACCESS_TOKEN_H
#define HTTP_ACCESS_TOKEN_H

#include "base/str.h"
#include "base/why.h"

#define ACCESS_TOKEN_MIN 16 /* bytes */
#define ACCESS_TOKEN_MAX 512

struct access_token;

/* The whole file without one trailing newline: printable ASCII without blanks. ERR_NOT_FOUND when
 * it is not there; ERR_INVALID when it holds something else, or when others than its owner may read
 * or write it and systemd has not handed it over ($CREDENTIALS_DIRECTORY). No error shows any of
 * it. */
nodiscard enum err access_token_read(const char *path, struct access_token **ret, struct why *why);
void access_token_free(struct access_token *token);

/* Whether the value of an Authorization header shows the token. */
bool access_token_is_in(const struct access_token *token, struct str authorization);

#endif
