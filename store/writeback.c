#include "store/writeback.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* SQLite locks the database and its index, never the log: closing this descriptor drops no lock. */
void writeback_open(struct writeback *writeback, const char *path)
{
    char log[PATH_MAX];
    snprintf(log, sizeof log, "%s-wal", path);
    *writeback = (struct writeback){.fd = open(log, O_RDWR | O_CLOEXEC)};
}

void writeback_close(struct writeback *writeback)
{
    if (writeback->fd >= 0)
        close(writeback->fd);
    writeback->fd = -1;
}

void writeback_push(struct writeback *writeback, int64_t log_pages)
{
    if (log_pages < writeback->started_pages)
        writeback->started_pages = 0; /* the log began anew */
    if (writeback->fd < 0 || log_pages - writeback->started_pages < WRITEBACK_PAGES)
        return;
    writeback->started_pages = log_pages;
    (void)sync_file_range(writeback->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}
