#include "tests/local/scratch.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NAMES 4

static void need(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        abort();
    }
}

void scratch_init(struct scratch *scratch)
{
    const char *parent = getenv("TMPDIR");
    int n = snprintf(scratch->path, sizeof scratch->path, "%s/jobs-bridge-test-XXXXXX",
                     parent != NULL && parent[0] != '\0' ? parent : "/tmp");
    need(n > 0 && (size_t)n < sizeof scratch->path, "TMPDIR is too long");
    need(mkdtemp(scratch->path) != NULL, scratch->path);
}

void scratch_fini(struct scratch *scratch)
{
    DIR *dir = opendir(scratch->path);
    need(dir != NULL, scratch->path);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        (void)unlinkat(dirfd(dir), entry->d_name, 0); /* not "." and ".." */
    closedir(dir);
    need(rmdir(scratch->path) == 0, scratch->path);
}

const char *scratch_file(const struct scratch *scratch, const char *name)
{
    static char files[NAMES][256];
    static unsigned next;
    char *file = files[next++ % NAMES];
    snprintf(file, sizeof files[0], "%s/%s", scratch->path, name);
    return file;
}

const char *scratch_read(const char *path)
{
    static char text[8192];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return NULL;
    size_t n = fread(text, 1, sizeof text - 1, file);
    text[n] = '\0';
    fclose(file);
    return text;
}

void scratch_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    need(file != NULL, path);
    need(fputs(text, file) >= 0, path);
    need(fclose(file) == 0, path);
}
