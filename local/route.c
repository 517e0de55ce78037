#include "local/route.h"

#include "local/operation.h"

#define PARAMS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_PARAMS   ((const char *const[]){NULL})

const struct route route_table[] = {
    {"ListJobs", "GET", "/jobs",
     PARAMS("status", "targetSelection", "maxResults", "nextToken", "thingGroupName",
            "thingGroupId", "namespaceId"),
     STORE_READ, list_jobs_run},
    {"CreateJob", "PUT", "/jobs/{jobId}", NO_PARAMS, STORE_WRITE, create_job_run},
    {"UpdateJob", "PATCH", "/jobs/{jobId}", PARAMS("namespaceId"), STORE_WRITE, update_job_run},
    {"DescribeJob", "GET", "/jobs/{jobId}", PARAMS("beforeSubstitution"), STORE_READ,
     describe_job_run},
    {"DeleteJob", "DELETE", "/jobs/{jobId}", PARAMS("force", "namespaceId"), STORE_WRITE,
     delete_job_run},
    {"CancelJob", "PUT", "/jobs/{jobId}/cancel", PARAMS("force"), STORE_WRITE, cancel_job_run},
    {"GetJobDocument", "GET", "/jobs/{jobId}/job-document", PARAMS("beforeSubstitution"),
     STORE_READ, describe_job_document},
    {"ListJobExecutionsForJob", "GET", "/jobs/{jobId}/things",
     PARAMS("status", "maxResults", "nextToken"), STORE_READ, list_executions_of_job},
    {"ListJobExecutionsForThing", "GET", "/things/{thingName}/jobs",
     PARAMS("status", "namespaceId", "maxResults", "nextToken", "jobId"), STORE_READ,
     list_executions_of_thing},
    {"DescribeJobExecution", "GET", "/things/{thingName}/jobs/{jobId}", PARAMS("executionNumber"),
     STORE_READ, one_execution_describe},
    {"CancelJobExecution", "PUT", "/things/{thingName}/jobs/{jobId}/cancel", PARAMS("force"),
     STORE_WRITE, one_execution_cancel},
    {"DeleteJobExecution", "DELETE",
     "/things/{thingName}/jobs/{jobId}/executionNumber/{executionNumber}",
     PARAMS("force", "namespaceId"), STORE_WRITE, one_execution_delete},
};
const size_t route_count = COUNT_OF(route_table);

static void take(struct route_match *match, struct str name, struct str part)
{
    if (str_eq_text(name, "{jobId}"))
        match->job = part;
    else if (str_eq_text(name, "{thingName}"))
        match->thing = part;
    else
        match->number = part;
}

/* Part by part; a {name} takes any part, even an empty one, which its check refuses later. */
static bool matches(struct str template, struct str path, struct route_match *match)
{
    while (!str_is_absent(template) && !str_is_absent(path)) {
        struct str want = str_cut(&template, '/');
        struct str part = str_cut(&path, '/');
        if (str_starts(want, STR("{")))
            take(match, want, part);
        else if (!str_eq(want, part))
            return false;
    }
    return str_is_absent(template) && str_is_absent(path);
}

bool route_find(struct str method, struct str path, struct route_match *ret)
{
    for (size_t i = 0; i < route_count; i++) {
        struct route_match match = {.route = &route_table[i]};
        if (!str_eq_text(method, match.route->method) ||
            !matches(str_of(match.route->path), path, &match))
            continue;
        *ret = match;
        return true;
    }
    return false;
}
