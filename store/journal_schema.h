/*
 * The tables of the journal, as migrations for store_open.
 *
 *   commands    as they arrived; a row is written once, and goes when it is collected
 *   endings     how those that are decided ended
 *   unfinished  those whose answer and events the broker does not have yet
 *   dead        those whose answer or events could not be published; collection leaves them alone
 *   books       one row: totals, the secret of the repeat hash, whether the last close was clean
 *   memories    what the bridge wants to know of jobs after a restart; ids rise with each change
 *
 * Those of commands have the seq of the command as their key.
 */
#ifndef STORE_JOURNAL_SCHEMA_H
#define STORE_JOURNAL_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

#define JOURNAL_SCHEMA_APPLICATION_ID UINT32_C(0x4a42726a) /* "JBrj" */

extern const char *const journal_schema_migrations[];
extern const size_t journal_schema_migration_count;

/* Column origin of table commands: what came, and from where. */
enum journal_origin {
    JOURNAL_ORIGIN_COMMAND,
    JOURNAL_ORIGIN_UPSTREAM_COMMAND,
    JOURNAL_ORIGIN_NOTICE, /* always from upstream */
    JOURNAL_ORIGIN_COUNT
};

#endif
