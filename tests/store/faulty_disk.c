#include "tests/store/faulty_disk.h"

#include "tests/check.h"

#include <sqlite3.h>

/* SQLite's file systems are global, so this is, too. */
static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    int sync_fails_in;
    bool is_full;
    bool has_failed;
    bool was_trusted_again;
} disk;

struct faulty_file {
    sqlite3_file base;
    bool has_failed;
};

/* The real file lies behind. */
static sqlite3_file *real(sqlite3_file *file)
{
    return (sqlite3_file *)((struct faulty_file *)file + 1);
}

static void touch(sqlite3_file *file)
{
    if (((struct faulty_file *)file)->has_failed)
        disk.was_trusted_again = true;
}

static int x_close(sqlite3_file *file)
{
    return real(file)->pMethods->xClose(real(file));
}

static int x_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    return real(file)->pMethods->xRead(real(file), to, n, at);
}

static int x_file_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    return real(file)->pMethods->xFileSize(real(file), ret);
}

static int x_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
    sqlite3_int64 size = 0;
    touch(file);
    if (disk.is_full && (x_file_size(file, &size) != SQLITE_OK || at + n > size))
        return SQLITE_FULL;
    return real(file)->pMethods->xWrite(real(file), from, n, at);
}

static int x_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return real(file)->pMethods->xTruncate(real(file), size);
}

static int x_sync(sqlite3_file *file, int flags)
{
    touch(file);
    if (disk.sync_fails_in > 0 && --disk.sync_fails_in == 0) {
        ((struct faulty_file *)file)->has_failed = true;
        disk.has_failed = true;
        return SQLITE_IOERR_FSYNC;
    }
    return real(file)->pMethods->xSync(real(file), flags);
}

static int x_lock(sqlite3_file *file, int lock)
{
    return real(file)->pMethods->xLock(real(file), lock);
}

static int x_unlock(sqlite3_file *file, int lock)
{
    return real(file)->pMethods->xUnlock(real(file), lock);
}

static int x_check_reserved_lock(sqlite3_file *file, int *ret)
{
    return real(file)->pMethods->xCheckReservedLock(real(file), ret);
}

static int x_file_control(sqlite3_file *file, int what, void *argument)
{
    return real(file)->pMethods->xFileControl(real(file), what, argument);
}

static int x_sector_size(sqlite3_file *file)
{
    return real(file)->pMethods->xSectorSize(real(file));
}

static int x_device_characteristics(sqlite3_file *file)
{
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int x_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **ret)
{
    return real(file)->pMethods->xShmMap(real(file), page, size, extend, ret);
}

static int x_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}

static void x_shm_barrier(sqlite3_file *file)
{
    real(file)->pMethods->xShmBarrier(real(file));
}

static int x_shm_unmap(sqlite3_file *file, int is_deleted)
{
    return real(file)->pMethods->xShmUnmap(real(file), is_deleted);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = x_close,
    .xRead = x_read,
    .xWrite = x_write,
    .xTruncate = x_truncate,
    .xSync = x_sync,
    .xFileSize = x_file_size,
    .xLock = x_lock,
    .xUnlock = x_unlock,
    .xCheckReservedLock = x_check_reserved_lock,
    .xFileControl = x_file_control,
    .xSectorSize = x_sector_size,
    .xDeviceCharacteristics = x_device_characteristics,
    .xShmMap = x_shm_map,
    .xShmLock = x_shm_lock,
    .xShmBarrier = x_shm_barrier,
    .xShmUnmap = x_shm_unmap,
};

static int x_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
    (void)vfs;
    *(struct faulty_file *)file = (struct faulty_file){0};
    int code = disk.real->xOpen(disk.real, name, real(file), flags, ret_flags);
    file->pMethods = real(file)->pMethods != NULL ? &methods : NULL;
    return code;
}

void faulty_disk_put_in(void)
{
    if (disk.real == NULL) {
        disk.real = sqlite3_vfs_find(NULL);
        disk.vfs = *disk.real;
        disk.vfs.zName = "faulty";
        disk.vfs.szOsFile += (int)sizeof(struct faulty_file);
        disk.vfs.xOpen = x_open;
        assert_int_equal(sqlite3_vfs_register(&disk.vfs, 1), SQLITE_OK);
    }
    disk.sync_fails_in = 0;
    disk.is_full = false;
    disk.has_failed = false;
    disk.was_trusted_again = false;
}

void faulty_disk_fail_sync(int n)
{
    disk.sync_fails_in = n;
}

void faulty_disk_fill(bool is_full)
{
    disk.is_full = is_full;
}

bool faulty_disk_has_failed(void)
{
    return disk.has_failed;
}

bool faulty_disk_was_trusted_again(void)
{
    return disk.was_trusted_again;
}
