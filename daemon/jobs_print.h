/* Answers of the Jobs endpoint as text for a person. An answer that is not as expected is printed
 * as it came. Nothing printed can reach a terminal as a control code. */
#ifndef DAEMON_JOBS_PRINT_H
#define DAEMON_JOBS_PRINT_H

#include "daemon/jobs_action.h"

/* "job-1: created" */
void jobs_print_created(const struct jobs_words *words, struct str answer, struct buf *out);
void jobs_print_updated(const struct jobs_words *words, struct str answer, struct buf *out);
void jobs_print_cancelled(const struct jobs_words *words, struct str answer, struct buf *out);
void jobs_print_deleted(const struct jobs_words *words, struct str answer, struct buf *out);

void jobs_print_job(const struct jobs_words *words, struct str answer, struct buf *out);
void jobs_print_document(const struct jobs_words *words, struct str answer, struct buf *out);

/* One line each. */
void jobs_print_jobs(const struct jobs_words *words, struct str answer, struct buf *out);
void jobs_print_executions(const struct jobs_words *words, struct str answer, struct buf *out);

#endif
