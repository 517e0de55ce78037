/*
 * A program that prints credentials (credential_process of a profile), run without a shell and
 * without waiting for it. It inherits the environment, but no descriptors; what it says on standard
 * error is dropped. Where it does not end in time it is killed, with its process group.
 */
#ifndef HTTP_CREDENTIALS_PROCESS_H
#define HTTP_CREDENTIALS_PROCESS_H

#include "http/credentials.h"

#define CREDENTIALS_PROCESS_WORDS_MAX 64
#define CREDENTIALS_PROCESS_POLL_MS   20 /* it is rare and short: no descriptor for the loop */

/* Splits a command line in place: blanks separate, '...' and "..." join, a backslash takes the next
 * character as it is (but not inside '...'). NULL behind the last word. ERR_INVALID: no word, too
 * many, or an open quote. */
nodiscard enum err credentials_process_split(char *command,
                                             char *ret[CREDENTIALS_PROCESS_WORDS_MAX + 1]);

struct credentials_process;

nodiscard enum err credentials_process_start(const char *command, int64_t timeout_ms,
                                             struct credentials_process **ret, struct why *why);
/* Kills it if it still runs. */
void credentials_process_free(struct credentials_process *process);

/* Whether it is over; then ret_err says how: ERR_NONE with the keys, or why not. No output is ever
 * repeated in why. */
bool credentials_process_poll(struct credentials_process *process, enum err *ret_err,
                              struct credential *ret, struct why *why);

#endif
