/*
 * The tables of the journal, as migrations for store_open.
 *
 *   commands  one row per command, from arrival until it leaves the dedupe window
 *   dead      what could not be published for good, until a person drops it
 *   books     one row: totals, and the secret of the repeat hash
 */
#ifndef STORE_JOURNAL_SCHEMA_H
#define STORE_JOURNAL_SCHEMA_H

#include <stddef.h>

extern const char *const journal_schema_migrations[];
extern const size_t journal_schema_migration_count;

#endif
