/*
 * The tables of the embedded endpoint, as migrations for store_open.
 *
 *   jobs         what every operation reads, and what may change
 *   definitions  what CreateJob fixed for good: large, read by few operations
 *   executions   one row per thing and job
 *
 * Every listing has an index that ends in its page key, so a page costs the same at any size.
 */
#ifndef STORE_JOB_SCHEMA_H
#define STORE_JOB_SCHEMA_H

#include <stddef.h>

extern const char *const job_schema_migrations[];
extern const size_t job_schema_migration_count;

#endif
