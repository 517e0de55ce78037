#include "jobs/field.h"

#include "base/limits.h"
#include "jobs/model.h"

#include <math.h>

#define TOP    FIELD_COUNT
#define NUMBER .is_number = true
#define OTHER  .is_number = false
#define UNLIM  .unset = HUGE_VAL

struct row {
    const char *path;
    enum field parent;
    enum update_member member;
    bool is_number;
    bool is_list;            /* its items are what is inside of it */
    bool is_by_failure_type; /* inside of such a list */
    unsigned slot;
    double unset;
};

#define ABORT    "abortConfig"
#define CRITERIA ".criteriaList"
#define RETRY    "jobExecutionsRetryConfig"
#define ROLLOUT  "jobExecutionsRolloutConfig"
#define RATE     ROLLOUT ".exponentialRate"
#define INCREASE RATE ".rateIncreaseCriteria"
#define URL      "presignedUrlConfig"
#define TIMEOUT  "timeoutConfig"

/* A job without retries has 0 of them; pre-signed URLs live for an hour unless it is said. */
static const struct row rows[FIELD_COUNT] = {
    [FIELD_ABORT] = {ABORT, TOP, UPDATE_ABORT_CONFIG, OTHER},
    [FIELD_ABORT_CRITERIA] = {ABORT CRITERIA, FIELD_ABORT, UPDATE_ABORT_CONFIG, .is_list = true},
    [FIELD_ABORT_FAILURE_TYPE] = {ABORT CRITERIA ".failureType", FIELD_ABORT_CRITERIA,
                                  UPDATE_ABORT_CONFIG, OTHER},
    [FIELD_ABORT_ACTION] = {ABORT CRITERIA ".action", FIELD_ABORT_CRITERIA, UPDATE_ABORT_CONFIG,
                            OTHER},
    [FIELD_ABORT_THRESHOLD] = {ABORT CRITERIA ".thresholdPercentage", FIELD_ABORT_CRITERIA,
                               UPDATE_ABORT_CONFIG, NUMBER, UNLIM, .is_by_failure_type = true,
                               .slot = 0},
    [FIELD_ABORT_MIN_EXECUTED] = {ABORT CRITERIA ".minNumberOfExecutedThings", FIELD_ABORT_CRITERIA,
                                  UPDATE_ABORT_CONFIG, NUMBER, UNLIM, .is_by_failure_type = true,
                                  .slot = 4},
    [FIELD_DESCRIPTION] = {"description", TOP, UPDATE_DESCRIPTION, OTHER},
    [FIELD_RETRY] = {RETRY, TOP, UPDATE_JOB_EXECUTIONS_RETRY_CONFIG, OTHER},
    [FIELD_RETRY_CRITERIA] = {RETRY CRITERIA, FIELD_RETRY, UPDATE_JOB_EXECUTIONS_RETRY_CONFIG,
                              .is_list = true},
    [FIELD_RETRY_FAILURE_TYPE] = {RETRY CRITERIA ".failureType", FIELD_RETRY_CRITERIA,
                                  UPDATE_JOB_EXECUTIONS_RETRY_CONFIG, OTHER},
    [FIELD_RETRY_NUMBER] = {RETRY CRITERIA ".numberOfRetries", FIELD_RETRY_CRITERIA,
                            UPDATE_JOB_EXECUTIONS_RETRY_CONFIG, NUMBER, .unset = 0,
                            .is_by_failure_type = true, .slot = 8},
    [FIELD_ROLLOUT] = {ROLLOUT, TOP, UPDATE_JOB_EXECUTIONS_ROLLOUT_CONFIG, OTHER},
    [FIELD_ROLLOUT_MAXIMUM] = {ROLLOUT ".maximumPerMinute", FIELD_ROLLOUT,
                               UPDATE_JOB_EXECUTIONS_ROLLOUT_CONFIG, NUMBER, UNLIM, .slot = 12},
    [FIELD_ROLLOUT_EXPONENTIAL] = {RATE, FIELD_ROLLOUT, UPDATE_JOB_EXECUTIONS_ROLLOUT_CONFIG,
                                   OTHER},
    [FIELD_ROLLOUT_BASE] = {RATE ".baseRatePerMinute", FIELD_ROLLOUT_EXPONENTIAL,
                            UPDATE_JOB_EXECUTIONS_ROLLOUT_CONFIG, NUMBER, UNLIM, .slot = 13},
    [FIELD_ROLLOUT_INCREMENT] = {RATE ".incrementFactor", FIELD_ROLLOUT_EXPONENTIAL,
                                 UPDATE_JOB_EXECUTIONS_ROLLOUT_CONFIG, NUMBER, UNLIM, .slot = 14},
    [FIELD_ROLLOUT_INCREASE] = {INCREASE, FIELD_ROLLOUT_EXPONENTIAL,
                                UPDATE_JOB_EXECUTIONS_ROLLOUT_CONFIG, OTHER},
    [FIELD_ROLLOUT_NOTIFIED] = {INCREASE ".numberOfNotifiedThings", FIELD_ROLLOUT_INCREASE,
                                UPDATE_JOB_EXECUTIONS_ROLLOUT_CONFIG, NUMBER, UNLIM, .slot = 15},
    [FIELD_ROLLOUT_SUCCEEDED] = {INCREASE ".numberOfSucceededThings", FIELD_ROLLOUT_INCREASE,
                                 UPDATE_JOB_EXECUTIONS_ROLLOUT_CONFIG, NUMBER, UNLIM, .slot = 16},
    [FIELD_PRESIGNED] = {URL, TOP, UPDATE_PRESIGNED_URL_CONFIG, OTHER},
    [FIELD_PRESIGNED_ROLE] = {URL ".roleArn", FIELD_PRESIGNED, UPDATE_PRESIGNED_URL_CONFIG, OTHER},
    [FIELD_PRESIGNED_EXPIRES] = {URL ".expiresInSec", FIELD_PRESIGNED, UPDATE_PRESIGNED_URL_CONFIG,
                                 NUMBER, .slot = 17, .unset = 3600},
    [FIELD_TIMEOUT] = {TIMEOUT, TOP, UPDATE_TIMEOUT_CONFIG, OTHER},
    [FIELD_TIMEOUT_MINUTES] = {TIMEOUT ".inProgressTimeoutInMinutes", FIELD_TIMEOUT,
                               UPDATE_TIMEOUT_CONFIG, NUMBER, UNLIM, .slot = 18},
};

static const char *const failure_types[FIELD_FAILURE_TYPES] = {"FAILED", "REJECTED", "TIMED_OUT",
                                                               "ALL"};

const char *field_path(enum field field)
{
    return rows[field].path;
}

/* "maximumPerMinute" */
static const char *name_of(enum field field)
{
    const char *dot = strrchr(rows[field].path, '.');
    return dot != NULL ? dot + 1 : rows[field].path;
}

bool field_find(struct str path, enum field *ret)
{
    for (enum field field = 0; field < FIELD_COUNT; field++) {
        if (!str_eq_text(path, rows[field].path))
            continue;
        *ret = field;
        return true;
    }
    return false;
}

enum field field_parent(enum field field)
{
    return rows[field].parent;
}

enum update_member field_member(enum field field)
{
    return rows[field].member;
}

const struct shape_row *field_shape(enum field field)
{
    enum field parent = rows[field].parent;
    if (parent == TOP)
        return shape_find(&model_update_job, str_of(name_of(field)));
    const struct shape_row *row = field_shape(parent);
    if (row->kind == SHAPE_LIST)
        row = row->item;
    return shape_find(row->shape, str_of(name_of(field)));
}

uint32_t field_tree(enum field field)
{
    uint32_t bits = FIELD_BIT(field);
    for (enum field at = field + 1; at < FIELD_COUNT; at++) /* what is inside follows */
        if (rows[at].parent != TOP && (bits & FIELD_BIT(rows[at].parent)) != 0)
            bits |= FIELD_BIT(at);
    return bits;
}

bool field_is_number(enum field field)
{
    return rows[field].is_number;
}

bool field_is_by_failure_type(enum field field)
{
    return rows[field].is_by_failure_type;
}

unsigned field_slot(enum field number)
{
    return rows[number].slot;
}

unsigned field_slot_count(enum field number)
{
    return rows[number].is_by_failure_type ? FIELD_FAILURE_TYPES : 1;
}

double field_unset(enum field number)
{
    return rows[number].unset;
}

const char *field_failure_type(unsigned index)
{
    return failure_types[index];
}

enum field field_of_slot(unsigned slot)
{
    enum field field = 0;
    while (!rows[field].is_number || slot < rows[field].slot ||
           slot >= rows[field].slot + field_slot_count(field))
        field++;
    return field;
}

static void read_inside(enum field field, struct doc_node object, unsigned type,
                        struct field_values *ret);

static void read_number(enum field field, struct doc_node number, unsigned type,
                        struct field_values *ret)
{
    unsigned slot = rows[field].slot + (rows[field].is_by_failure_type ? type : 0);
    uint32_t bit = UINT32_C(1) << slot;
    ret->given_more |= ret->given & bit;
    ret->given |= bit;
    ret->slot[slot] = doc_real(number);
}

static unsigned type_of(struct doc_node criterion)
{
    struct str type = doc_str(doc_member(criterion, "failureType"));
    unsigned index = 0;
    while (index + 1 < FIELD_FAILURE_TYPES && !str_eq_text(type, failure_types[index]))
        index++;
    return index;
}

static void read_value(enum field field, struct doc_node value, unsigned type,
                       struct field_values *ret)
{
    enum doc_kind kind = doc_kind_of(value);
    if (kind == DOC_ABSENT)
        return;
    ret->members |= UINT32_C(1) << rows[field].member;
    if (rows[field].is_list) {
        for (size_t i = 0; i < doc_count(value); i++) {
            struct doc_node item = doc_item(value, i);
            read_inside(field, item, type_of(item), ret);
        }
    } else if (kind == DOC_OBJECT && doc_count(value) > 0) {
        read_inside(field, value, type, ret);
    } else {
        ret->set |= FIELD_BIT(field);
        if (rows[field].is_number)
            read_number(field, value, type, ret);
    }
}

static void read_inside(enum field field, struct doc_node object, unsigned type,
                        struct field_values *ret)
{
    for (enum field at = 0; at < FIELD_COUNT; at++)
        if (rows[at].parent == field)
            read_value(at, doc_member(object, name_of(at)), type, ret);
}

static void clear(struct field_values *ret)
{
    *ret = (struct field_values){0};
    for (enum field field = 0; field < FIELD_COUNT; field++)
        for (unsigned i = 0; rows[field].is_number && i < field_slot_count(field); i++)
            ret->slot[rows[field].slot + i] = rows[field].unset;
}

void field_read(struct doc_node body, struct field_values *ret)
{
    clear(ret);
    read_inside(TOP, body, 0, ret);
}

enum err field_read_update(const struct update *update, uint32_t wanted, struct field_values *ret)
{
    struct field_values values;
    clear(&values);
    for (enum field field = 0; field < FIELD_COUNT; field++) {
        enum update_member member = rows[field].member;
        bool is_wanted = rows[field].parent == TOP && (wanted & (UINT32_C(1) << member)) != 0;
        if (!is_wanted || str_is_absent(update->member[member]))
            continue;
        struct doc *doc;
        enum err err = doc_parse(update->member[member], LIMITS_REQUEST_BYTES, &doc, NULL);
        if (err != ERR_NONE)
            return err;
        read_value(field, doc_root(doc), 0, &values);
        doc_free(doc);
    }
    *ret = values;
    return ERR_NONE;
}
