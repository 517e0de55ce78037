/*
 * A journal whose files were changed behind its back. The input is a list of changes to a journal
 * with commands in every state: three bytes of place, in the database and the log behind it as one,
 * then one byte that says how many bytes follow and replace what is there; none cuts it off there.
 *
 * Whatever the changes: a journal opens, or says that the file is not its own, and what it hands
 * out keeps to its contract. Once it has reported damage the next opening sets the file aside.
 */
#include "store/dead_letter.h"
#include "store/journal.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WALL_MS     INT64_C(1700000000000)
#define COMMANDS    12
#define IMAGE_BYTES ((size_t)512 * 1024)
#define TOPIC       "jobs-bridge/things/t/jobs/j/update"
#define PAYLOAD     "{\"description\":\"d\",\"clientToken\":\"token\"}"

/* Database and log of a journal that was not closed. */
struct image {
    size_t n;
    size_t database_n;
    char bytes[IMAGE_BYTES];
};

static struct image original;

static struct journal_options options_of(const char *path)
{
    return (struct journal_options){.path = path,
                                    .sync = STORE_SYNC_NORMAL,
                                    .bytes_max = (int64_t)16 * 1024 * 1024,
                                    .window_ms = 600000};
}

static enum err open_journal(struct journal **ret, bool *ret_is_set_aside, struct why *why)
{
    char set_aside[256];
    const struct journal_options options = options_of(scratch_file(fuzz_folder(), "journal.db"));
    enum err err = journal_open(&options, ret, set_aside, sizeof set_aside, why);
    *ret_is_set_aside = set_aside[0] != '\0';
    return err;
}

static struct journal_entry entry_of(uint64_t seq)
{
    return (struct journal_entry){
        .seq = seq,
        .topic = STR(TOPIC),
        .payload = STR(PAYLOAD),
        .response_topic = seq % 2 == 0 ? STR("answers/1") : STR_NONE,
        .correlation = seq % 3 == 0 ? STR("correlation") : STR_NONE,
        .repeat_of = STR("token"),
        .qos = 1,
        .arrived_at_ms = WALL_MS + (int64_t)seq,
        .expires_at_ms = -1,
    };
}

static const struct ending ending = {.message = {"", 0},
                                     .request_id = {"0a1b2c3d", 8},
                                     .retry_after_s = -1,
                                     .decided_at_s = WALL_MS / 1000,
                                     .attempts = 1,
                                     .shared_by = 1};

/* Commands are left open, decided, finished and buried in turn. */
static void fill(struct journal *journal)
{
    for (uint64_t seq = 1; seq <= COMMANDS; seq++) {
        const struct journal_entry entry = entry_of(seq);
        assert(journal_add(journal, &entry, NULL) == ERR_NONE);
        if (seq % 4 > 0)
            assert(journal_decide(journal, seq, &ending, NULL) == ERR_NONE);
        if (seq % 4 == 3)
            assert(journal_bury(journal, seq, STR("reason"), WALL_MS, NULL) == ERR_NONE);
        if (seq % 4 > 1)
            assert(journal_finish(journal, seq, NULL) == ERR_NONE);
        if (seq == COMMANDS / 2)
            assert(journal_remember(journal, STR("j"), STR("{\"a\":[1,2]}"), NULL) == ERR_NONE);
        assert(journal_commit(journal, WALL_MS, NULL) == ERR_NONE);
    }
}

static size_t load(const char *name, char *bytes, size_t max)
{
    FILE *file = fopen(scratch_file(fuzz_folder(), name), "re");
    assert(file != NULL);
    size_t n = fread(bytes, 1, max, file);
    fclose(file);
    assert(n < max);
    return n;
}

static void save(const char *name, const char *bytes, size_t n)
{
    FILE *file = fopen(scratch_file(fuzz_folder(), name), "we");
    assert(file != NULL);
    size_t written = fwrite(bytes, 1, n, file);
    int closed = fclose(file);
    assert(written == n && closed == 0);
}

/* Takes away all but the reserve, which costs most to make. */
static void clear(void)
{
    DIR *folder = opendir(fuzz_folder()->path);
    assert(folder != NULL);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        if (strcmp(entry->d_name, "journal.db.reserve") != 0)
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
}

/* The secret is the same in every run, so that a change means the same. */
static void fix_secret(void)
{
    struct sqlite3 *db = NULL;
    assert(sqlite3_open(scratch_file(fuzz_folder(), "journal.db"), &db) == SQLITE_OK);
    assert(sqlite3_exec(db, "UPDATE books SET secret = zeroblob(16)", NULL, NULL, NULL) ==
           SQLITE_OK);
    assert(sqlite3_close(db) == SQLITE_OK);
}

static void make_original(void)
{
    struct journal *journal = NULL;
    bool is_set_aside;
    enum err err = open_journal(&journal, &is_set_aside, NULL);
    assert(err == ERR_NONE);
    journal_close(journal);
    fix_secret();
    err = open_journal(&journal, &is_set_aside, NULL);
    assert(err == ERR_NONE);
    fill(journal);
    original.database_n = load("journal.db", original.bytes, IMAGE_BYTES);
    original.n = original.database_n + load("journal.db-wal", original.bytes + original.database_n,
                                            IMAGE_BYTES - original.database_n);
    journal_close(journal);
}

static void change(struct image *image, const uint8_t *bytes, size_t n)
{
    while (n >= 4) {
        size_t at = ((size_t)bytes[0] << 16 | (size_t)bytes[1] << 8 | bytes[2]) % original.n;
        size_t count = bytes[3];
        bytes += 4;
        n -= 4;
        if (count > n)
            count = n;
        if (count == 0 && at < image->n)
            image->n = at;
        if (at + count <= image->n)
            memcpy(image->bytes + at, bytes, count);
        bytes += count;
        n -= count;
    }
}

static void save_image(const struct image *image)
{
    size_t n = image->n < image->database_n ? image->n : image->database_n;
    save("journal.db", image->bytes, n);
    save("journal.db-wal", image->bytes + n, image->n - n);
}

struct seen {
    uint64_t last_seq;
    size_t count;
};

static enum err see(void *context, const struct journal_entry *entry)
{
    struct seen *seen = context;
    assert(entry->seq > seen->last_seq && entry->seq <= INT64_MAX);
    assert(entry->state == JOURNAL_OPEN || entry->state == JOURNAL_DECIDED);
    assert(!str_is_absent(entry->topic) && !str_is_absent(entry->payload));
    seen->last_seq = entry->seq;
    seen->count++;
    return ERR_NONE;
}

static enum err see_memory(void *context, struct str job, struct str text)
{
    (void)context;
    assert(!str_is_absent(job) && !str_is_absent(text));
    return ERR_NONE;
}

/* A command goes its way, and is found again. */
static enum err pass(struct journal *journal, struct why *why)
{
    struct journal_totals totals;
    struct journal_entry found;
    journal_totals(journal, &totals);
    const struct journal_entry entry = entry_of(totals.next_seq);
    enum err err = journal_add(journal, &entry, why);
    if (err == ERR_NONE)
        err = journal_find(journal, &entry, WALL_MS, &found, why);
    if (err == ERR_NONE)
        assert(found.seq == entry.seq && str_eq(found.payload, entry.payload));
    if (err == ERR_NONE)
        err = journal_decide(journal, entry.seq, &ending, why);
    if (err == ERR_NONE)
        err = journal_finish(journal, entry.seq, why);
    if (err == ERR_NONE)
        err = journal_commit(journal, WALL_MS + 3600000, why);
    return err;
}

static enum err use(struct journal *journal, struct why *why)
{
    struct seen seen = {0};
    enum err err = journal_each_memory(journal, see_memory, NULL, why);
    if (err == ERR_NONE)
        err = journal_each(journal, see, &seen, why);
    (void)journal_has_room(journal);
    return err == ERR_NONE ? pass(journal, why) : err;
}

/* What a person sees of it, and drops. */
static void read_dead_letters(void)
{
    struct dead_letters *letters = NULL;
    struct dead_letter letter = {0};
    struct why why = {0};
    int64_t count;
    enum err err = dead_letter_open(scratch_file(fuzz_folder(), "journal.db"), &letters, &why);
    for (uint64_t last = 0; err == ERR_NONE; last = letter.id) {
        err = dead_letter_next(letters, last, &letter, &why);
        assert(err != ERR_NONE || letter.id > last);
    }
    if (err == ERR_NOT_FOUND && letters != NULL)
        err = dead_letter_drop_all(letters, &count, &why);
    if (err != ERR_NONE && err != ERR_NOT_FOUND)
        fuzz_check_why(&why);
    dead_letter_close(letters);
}

/* As the daemon does: once more after damage. */
static void play(void)
{
    enum err err = ERR_NONE;
    for (int opening = 1; opening <= 2; opening++) {
        struct journal *journal = NULL;
        struct why why = {0};
        bool is_set_aside;
        enum err last = err;
        err = open_journal(&journal, &is_set_aside, &why);
        if (err != ERR_NONE && err != ERR_INVALID)
            fprintf(stderr, "%s: %s\n", err_name(err), why.text);
        assert(err == ERR_NONE || err == ERR_INVALID);
        assert(last != ERR_DAMAGED || is_set_aside);
        if (err == ERR_NONE)
            err = use(journal, &why);
        journal_close(journal);
        if (err == ERR_NONE)
            return;
        fuzz_check_why(&why);
        if (err == ERR_INVALID)
            return;
        assert(err == ERR_DAMAGED && opening == 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static struct image image;
    if (original.n == 0)
        make_original();
    clear();
    image = original;
    change(&image, bytes, n);
    save_image(&image);
    play();
    read_dead_letters();
    return 0;
}
