/* A password from a file, for as long as it is needed. */
#ifndef MQTT_PASSWORD_H
#define MQTT_PASSWORD_H

#include "base/why.h"

#include <stddef.h>

#define PASSWORD_MAX 4096 /* bytes */

struct password {
    size_t n;
    char bytes[PASSWORD_MAX + 2]; /* and a newline, and one to notice a longer file */
};

/* The whole file without one trailing newline. */
nodiscard enum err password_read(struct password *password, const char *path, struct why *why);
void password_wipe(struct password *password);

#endif
