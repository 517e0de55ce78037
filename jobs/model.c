#include "jobs/model.h"

#include "base/limits.h"

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define REQUIRED   .is_required = true

/* Limits that only the documentation gives. */
#define ROLLOUT_PER_MINUTE   1000  /* quota: job rollout rate */
#define TIMEOUT_MINUTES      10080 /* quota: in-progress timer, seven days */
#define TARGETS              100   /* quota: targets of a job */
#define RETRIES              10    /* retries of both failure types together */
#define STATUS_DETAILS       10    /* quota: pairs of status details */
#define STATUS_DETAIL_LENGTH 1024  /* quota: characters of one value */

static const struct shape_row abort_criteria_rows[] = {
    {"failureType", SHAPE_STRING, REQUIRED,
     .words = WORDS("FAILED", "REJECTED", "TIMED_OUT", "ALL")},
    {"action", SHAPE_STRING, REQUIRED, .words = WORDS("CANCEL")},
    {"thresholdPercentage", SHAPE_DOUBLE, REQUIRED, SHAPE_MAX(100), .decimals = {true, 2}},
    {"minNumberOfExecutedThings", SHAPE_INTEGER, REQUIRED, SHAPE_MIN(1)},
};
static const struct shape abort_criteria = {SHAPE_OF(abort_criteria_rows)};
static const struct shape_row abort_criteria_item = {
    .kind = SHAPE_STRUCTURE,
    .shape = &abort_criteria,
};

static const struct shape_row abort_config_rows[] = {
    {"criteriaList", SHAPE_LIST, REQUIRED, SHAPE_MIN(1), .item = &abort_criteria_item},
};
static const struct shape abort_config = {SHAPE_OF(abort_config_rows)};

static const struct shape_row retry_criteria_rows[] = {
    {"failureType", SHAPE_STRING, REQUIRED, .words = WORDS("FAILED", "TIMED_OUT", "ALL")},
    {"numberOfRetries", SHAPE_INTEGER, REQUIRED, SHAPE_RANGE(0, RETRIES)},
};
static const struct shape retry_criteria = {SHAPE_OF(retry_criteria_rows)};
static const struct shape_row retry_criteria_item = {
    .kind = SHAPE_STRUCTURE,
    .shape = &retry_criteria,
};

static enum err check_retries(const struct shape_place *at, struct doc_node object, struct why *why)
{
    struct doc_node list = doc_member(object, "criteriaList");
    int64_t total = 0;
    for (size_t i = 0; i < doc_count(list); i++)
        total += doc_int(doc_member(doc_item(list, i), "numberOfRetries"));
    if (total <= RETRIES)
        return ERR_NONE;
    struct shape_place place = {.parent = at, .name = STR("criteriaList")};
    return shape_refuse(&place, list, why, "have numberOfRetries of at most 10 in total");
}

static const struct shape_row retry_config_rows[] = {
    {"criteriaList", SHAPE_LIST, REQUIRED, SHAPE_RANGE(1, 2), .item = &retry_criteria_item},
};
static const struct shape retry_config = {SHAPE_OF(retry_config_rows), .check = check_retries};

static const struct shape_row rate_increase_rows[] = {
    {"numberOfNotifiedThings", SHAPE_INTEGER, SHAPE_MIN(1)},
    {"numberOfSucceededThings", SHAPE_INTEGER, SHAPE_MIN(1)},
};

/* AWS's own examples set both, though its text says "either". */
static enum err check_rate_increase(const struct shape_place *at, struct doc_node object,
                                    struct why *why)
{
    if (doc_count(object) > 0)
        return ERR_NONE;
    return shape_refuse(at, object, why,
                        "have at least one of [numberOfNotifiedThings, numberOfSucceededThings]");
}

static const struct shape rate_increase = {SHAPE_OF(rate_increase_rows),
                                           .check = check_rate_increase};

static const struct shape_row exponential_rate_rows[] = {
    {"baseRatePerMinute", SHAPE_INTEGER, REQUIRED, SHAPE_RANGE(1, 1000)},
    {"incrementFactor", SHAPE_DOUBLE, REQUIRED, SHAPE_RANGE(1.1, 5), .decimals = {true, 1}},
    {"rateIncreaseCriteria", SHAPE_STRUCTURE, REQUIRED, .shape = &rate_increase},
};
static const struct shape exponential_rate = {SHAPE_OF(exponential_rate_rows)};

static const struct shape_row rollout_config_rows[] = {
    {"maximumPerMinute", SHAPE_INTEGER, SHAPE_RANGE(1, ROLLOUT_PER_MINUTE)},
    {"exponentialRate", SHAPE_STRUCTURE, .shape = &exponential_rate},
};
static const struct shape rollout_config = {SHAPE_OF(rollout_config_rows)};

static const struct shape_row presigned_url_config_rows[] = {
    {"roleArn", SHAPE_STRING, SHAPE_RANGE(20, 2048)},
    {"expiresInSec", SHAPE_LONG, SHAPE_RANGE(60, 3600)},
};
static const struct shape presigned_url_config = {SHAPE_OF(presigned_url_config_rows)};

static const struct shape_row timeout_config_rows[] = {
    {"inProgressTimeoutInMinutes", SHAPE_LONG, SHAPE_RANGE(1, TIMEOUT_MINUTES)},
};
static const struct shape timeout_config = {SHAPE_OF(timeout_config_rows)};

static const struct shape_row update_job_rows[] = {
    {"abortConfig", SHAPE_STRUCTURE, .shape = &abort_config},
    {"description", SHAPE_STRING, SHAPE_MAX(2028), .pattern = &pattern_printable},
    {"jobExecutionsRetryConfig", SHAPE_STRUCTURE, .shape = &retry_config},
    {"jobExecutionsRolloutConfig", SHAPE_STRUCTURE, .shape = &rollout_config},
    {"presignedUrlConfig", SHAPE_STRUCTURE, .shape = &presigned_url_config},
    {"timeoutConfig", SHAPE_STRUCTURE, .shape = &timeout_config},
};
const struct shape model_update_job = {SHAPE_OF(update_job_rows)};

static const struct shape_row target = {.kind = SHAPE_STRING, SHAPE_MAX(2048)};

static const struct shape_row tag_rows[] = {
    {"Key", SHAPE_STRING, REQUIRED, SHAPE_RANGE(1, 128), .pattern = &pattern_tag_key},
    {"Value", SHAPE_STRING, SHAPE_RANGE(0, 256)},
};
static const struct shape tag = {SHAPE_OF(tag_rows)};
static const struct shape_row tag_item = {.kind = SHAPE_STRUCTURE, .shape = &tag};

static const struct shape_row parameter_key = {
    .kind = SHAPE_STRING,
    SHAPE_RANGE(1, 128),
    .pattern = &pattern_id,
};
static const struct shape_row parameter_value = {
    .kind = SHAPE_STRING,
    SHAPE_RANGE(1, 30720),
    .pattern = &pattern_printable,
};

static const struct shape_row maintenance_window_rows[] = {
    {"startTime", SHAPE_STRING, REQUIRED, SHAPE_RANGE(1, 256)},
    {"durationInMinutes", SHAPE_INTEGER, REQUIRED, SHAPE_RANGE(1, 1430)},
};
static const struct shape maintenance_window = {SHAPE_OF(maintenance_window_rows)};
static const struct shape_row maintenance_window_item = {
    .kind = SHAPE_STRUCTURE,
    .shape = &maintenance_window,
};

static const struct shape_row scheduling_config_rows[] = {
    {"startTime", SHAPE_STRING, SHAPE_RANGE(1, 64)},
    {"endTime", SHAPE_STRING, SHAPE_RANGE(1, 64)},
    {"endBehavior", SHAPE_STRING, .words = WORDS("STOP_ROLLOUT", "CANCEL", "FORCE_CANCEL")},
    {"maintenanceWindows", SHAPE_LIST, .item = &maintenance_window_item},
};
static const struct shape scheduling_config = {SHAPE_OF(scheduling_config_rows)};

static const struct shape_row package_version = {
    .kind = SHAPE_STRING,
    SHAPE_RANGE(1, 1600),
    .pattern = &pattern_arn,
};

/* What UpdateJob takes, CreateJob takes as well. */
static const struct shape_row create_job_rows[] = {
    {"targets", SHAPE_LIST, REQUIRED, SHAPE_RANGE(1, TARGETS), .item = &target},
    {"documentSource", SHAPE_STRING, SHAPE_RANGE(1, 1350)},
    {"document", SHAPE_STRING, SHAPE_MAX(32768)},
    {"targetSelection", SHAPE_STRING, .words = WORDS("CONTINUOUS", "SNAPSHOT")},
    {"tags", SHAPE_LIST, .item = &tag_item},
    {"namespaceId", SHAPE_STRING, SHAPE_RANGE(1, LIMITS_NAMESPACE_ID), .pattern = &pattern_id},
    {"jobTemplateArn", SHAPE_STRING, SHAPE_RANGE(1, 1600), .pattern = &pattern_arn},
    {"documentParameters", SHAPE_MAP, .key = &parameter_key, .item = &parameter_value},
    {"schedulingConfig", SHAPE_STRUCTURE, .shape = &scheduling_config},
    {"destinationPackageVersions", SHAPE_LIST, .item = &package_version},
};
const struct shape model_create_job = {SHAPE_OF(create_job_rows), .base = &model_update_job};

static const struct shape_row cancel_job_rows[] = {
    {"reasonCode", SHAPE_STRING, SHAPE_MAX(128), .pattern = &pattern_reason_code},
    {"comment", SHAPE_STRING, SHAPE_MAX(2028), .pattern = &pattern_printable},
};
const struct shape model_cancel_job = {SHAPE_OF(cancel_job_rows)};

static const struct shape_row detail_key = {
    .kind = SHAPE_STRING,
    SHAPE_RANGE(1, 128),
    .pattern = &pattern_thing_name,
};
static const struct shape_row detail_value = {
    .kind = SHAPE_STRING,
    SHAPE_RANGE(1, STATUS_DETAIL_LENGTH),
    .pattern = &pattern_printable,
};

static const struct shape_row cancel_job_execution_rows[] = {
    {.name = "expectedVersion", .kind = SHAPE_LONG},
    {"statusDetails", SHAPE_MAP, SHAPE_MAX(STATUS_DETAILS), .key = &detail_key,
     .item = &detail_value},
};
const struct shape model_cancel_job_execution = {SHAPE_OF(cancel_job_execution_rows)};
