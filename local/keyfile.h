/*
 * The endpoint's own keys, in a file of AWS's shared credentials format that aws and the SDKs read
 * as it is (AWS_SHARED_CREDENTIALS_FILE).
 */
#ifndef LOCAL_KEYFILE_H
#define LOCAL_KEYFILE_H

#include "base/why.h"

/* Writes the file with new random keys (profile default, mode 0600) unless there is one; never
 * touches one that is there. It appears whole or not at all. */
nodiscard enum err keyfile_ensure(const char *path, struct why *why);

#endif
