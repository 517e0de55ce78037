/* A jobs database in a directory of its own, shared by the tests of both its stores. */
#ifndef TESTS_STORE_JOBS_FILE_H
#define TESTS_STORE_JOBS_FILE_H

#include "store/execution_store.h"
#include "store/job_store.h"
#include "tests/local/scratch.h"

struct jobs_file {
    struct scratch scratch;
    struct store *store;
    struct job_store *jobs;
    struct execution_store *executions;
};

void jobs_file_init(struct jobs_file *file);
void jobs_file_fini(struct jobs_file *file);

/* A job in progress without anything special, in a transaction that is open; its key. */
int64_t jobs_file_add_job(struct jobs_file *file, const char *id, const char *namespace);
/* An execution of it, queued at 1000. */
void jobs_file_add_execution(struct jobs_file *file, int64_t job_key, const char *thing,
                             const char *namespace, enum execution_status status);

/* Fails unless SQLite answers every statement of the store by a search of an index, without
 * sorting anything. */
void jobs_file_check_plans(struct jobs_file *file);

#endif
