#include "store/journal_schema.h"

#include "base/attr.h"

/* What is large stands last: the columns before it are read without it. */
static const char version_1[] = "CREATE TABLE commands ("
                                "    seq INTEGER PRIMARY KEY,"
                                "    repeat_hash INTEGER NOT NULL,"
                                "    arrived_at_ms INTEGER NOT NULL,"
                                "    expires_at_ms INTEGER NOT NULL,"
                                "    qos INTEGER NOT NULL,"
                                "    topic TEXT NOT NULL,"
                                "    response_topic TEXT,"
                                "    correlation BLOB,"
                                "    repeat_of BLOB,"
                                "    payload BLOB NOT NULL"
                                ") STRICT;"
                                "CREATE INDEX commands_repeated ON commands (repeat_hash);"
                                "CREATE TABLE endings ("
                                "    seq INTEGER PRIMARY KEY,"
                                "    code INTEGER NOT NULL,"
                                "    retry_after_s INTEGER NOT NULL,"
                                "    decided_at_s INTEGER NOT NULL,"
                                "    latency_ms INTEGER NOT NULL,"
                                "    attempts INTEGER NOT NULL,"
                                "    shared_by INTEGER NOT NULL,"
                                "    field TEXT,"
                                "    message TEXT,"
                                "    request_id TEXT"
                                ") STRICT;"
                                "CREATE TABLE unfinished ("
                                "    seq INTEGER PRIMARY KEY"
                                ") STRICT;"
                                "CREATE TABLE dead ("
                                "    seq INTEGER PRIMARY KEY,"
                                "    buried_at_s INTEGER NOT NULL,"
                                "    reason TEXT NOT NULL"
                                ") STRICT;"
                                "CREATE TABLE books ("
                                "    id INTEGER PRIMARY KEY CHECK (id = 1),"
                                "    received INTEGER NOT NULL,"
                                "    accepted INTEGER NOT NULL,"
                                "    rejected INTEGER NOT NULL,"
                                "    next_seq INTEGER NOT NULL,"
                                "    is_clean INTEGER NOT NULL,"
                                "    secret BLOB NOT NULL"
                                ") STRICT;"
                                "INSERT INTO books VALUES (1, 0, 0, 0, 1, 1, randomblob(16));";

static const char version_2[] = "CREATE TABLE memories ("
                                "    id INTEGER PRIMARY KEY,"
                                "    job TEXT NOT NULL UNIQUE,"
                                "    text TEXT NOT NULL"
                                ") STRICT;";

static const char version_3[] = "ALTER TABLE commands ADD COLUMN traceparent TEXT;"
                                "ALTER TABLE commands ADD COLUMN tracestate TEXT;";

/* enum journal_origin. */
static const char version_4[] =
    "ALTER TABLE commands ADD COLUMN origin INTEGER NOT NULL DEFAULT 0;";

/* See store/repeats.h. */
static const char version_5[] = "DROP INDEX commands_repeated;";

const char *const journal_schema_migrations[] = {version_1, version_2, version_3, version_4,
                                                 version_5};
const size_t journal_schema_migration_count = COUNT_OF(journal_schema_migrations);
