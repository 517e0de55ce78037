/*
 * Starts the writing of a database's log to the disk while nobody waits for it, so that the sync of
 * a checkpoint finds little left to do. It promises nothing: what is not written by then is written
 * by that sync, and a failure is told by it.
 */
#ifndef STORE_WRITEBACK_H
#define STORE_WRITEBACK_H

#include <stdint.h>

#define WRITEBACK_PAGES 64 /* of the log: started with each so many more */

struct writeback {
    int fd; /* of the log; -1: it starts nothing */
    int64_t started_pages;
};

/* path: of the database, which is open, so that its log is there. */
void writeback_open(struct writeback *writeback, const char *path);
void writeback_close(struct writeback *writeback);

/* After a commit that left the log with so many pages. */
void writeback_push(struct writeback *writeback, int64_t log_pages);

#endif
