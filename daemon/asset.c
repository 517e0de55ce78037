#include "daemon/asset.h"

/* The page asks nobody but the bridge, and runs nothing but its own files. */
#define POLICY                                                                                     \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "                    \
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const struct asset *asset_find(struct str path)
{
    for (size_t i = 0; i < asset_count; i++)
        if (str_eq_text(path, asset_files[i].path))
            return &asset_files[i];
    return NULL;
}

/* Whether the list of codings has gzip in it, and not with a weight of zero. */
static bool takes_gzip(struct str codings)
{
    while (!str_is_absent(codings)) {
        struct str weight = str_cut(&codings, ',');
        struct str coding = str_trim(str_cut(&weight, ';'));
        struct str q = str_trim(weight);
        if (str_eq_text(coding, "gzip"))
            return !str_eq_text(q, "q=0") && !str_starts(q, STR("q=0.0"));
    }
    return false;
}

static bool is_of_this_version(const struct server_request *request)
{
    struct str query = request->query;
    return str_eq_text(str_cut(&query, '='), "v") && str_eq_text(query, asset_version);
}

void asset_answer(const struct asset *asset, const struct server_request *request,
                  struct server_response *response)
{
    bool is_kept = is_of_this_version(request);
    bool is_gzip = takes_gzip(server_header(request, "Accept-Encoding"));
    server_response_header(response, "Content-Type", str_of(asset->type));
    server_response_header(response, "Content-Security-Policy", STR(POLICY));
    server_response_header(response, "X-Content-Type-Options", STR("nosniff"));
    server_response_header(response, "Referrer-Policy", STR("no-referrer"));
    server_response_header(response, "Vary", STR("Accept-Encoding"));
    server_response_header(response, "Cache-Control",
                           is_kept ? STR("private, max-age=31536000, immutable") : STR("no-cache"));
    if (is_gzip)
        server_response_header(response, "Content-Encoding", STR("gzip"));
    buf_add(&response->body, is_gzip ? asset->gzip : asset->bytes);
}
