/*
 * The PEM files of a link, as they were when they last made sense together: trust, certificate,
 * key.
 *
 * They are copied into memory and checked there, and Paho is given the paths of the copies. So a
 * link that is dialled while a file is being replaced, or after a bad one took its place, still
 * gets what was good. New copies are taken as a whole or not at all. A key in memory is gone with
 * the process.
 */
#ifndef MQTT_TLS_FILES_H
#define MQTT_TLS_FILES_H

#include "base/why.h"

#include <stdbool.h>
#include <sys/stat.h>

enum tls_file { TLS_FILE_CA, TLS_FILE_CERT, TLS_FILE_KEY, TLS_FILE_COUNT };

struct tls_copy {
    int fd;
    char path[32]; /* "": there is none */
};

struct tls_files {
    const char *paths[TLS_FILE_COUNT]; /* the caller's; NULL: there is no such file */
    struct tls_copy copies[TLS_FILE_COUNT];
    struct stat tried[TLS_FILE_COUNT]; /* the files that were taken last, good or bad */
};

/* Copies and checks the files. */
nodiscard enum err tls_files_init(struct tls_files *files, const char *const paths[TLS_FILE_COUNT],
                                  struct why *why);
void tls_files_fini(struct tls_files *files); /* fine after a failure, and on zeros */

/* Whether a file is another one than when it was taken last. */
bool tls_files_have_changed(const struct tls_files *files);

/* Takes new copies. On failure the old ones stay. */
nodiscard enum err tls_files_take(struct tls_files *files, struct why *why);

/* Where Paho finds the copy; NULL where there is no such file. */
const char *tls_files_path(const struct tls_files *files, enum tls_file which);

#endif
