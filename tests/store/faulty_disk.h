/*
 * A disk that fails when told to, under SQLite's usual one: SQLite opens every file of the process
 * through it once it is put in. Its switches are the process's own, as SQLite's file systems are.
 */
#ifndef TESTS_STORE_FAULTY_DISK_H
#define TESTS_STORE_FAULTY_DISK_H

#include <stdbool.h>

void faulty_disk_put_in(void); /* fine if it is in; also switches all faults off */

/* The next n-th sync from now (1: the very next) fails, and no other. */
void faulty_disk_fail_sync(int n);
/* From now on no file can grow. */
void faulty_disk_fill(bool is_full);

bool faulty_disk_has_failed(void);
/* Whether a file was synced or written on the very handle whose sync had failed. */
bool faulty_disk_was_trusted_again(void);

#endif
