/* The files of the dashboard's page, which are part of the program: see cmake/embed.cmake. */
#ifndef DAEMON_ASSET_H
#define DAEMON_ASSET_H

#include "http/server.h"

struct asset {
    const char *path; /* "/app.js" */
    const char *type;
    struct str bytes;
    struct str gzip; /* the same, compressed */
};

/* Made by the build. The page names the other files with ?v=<version>, which changes with any. */
extern const char asset_version[];
extern const struct asset asset_files[];
extern const size_t asset_count;

const struct asset *asset_find(struct str path); /* NULL: there is none */

/* Answers with the file, and with what a browser may do with it. */
void asset_answer(const struct asset *asset, const struct server_request *request,
                  struct server_response *response);

#endif
