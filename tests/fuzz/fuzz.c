#include "tests/fuzz/fuzz.h"

#include "base/utf8.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct str fuzz_cut(struct str *rest, const char *line)
{
    struct str all = *rest;
    while (!str_is_absent(*rest)) {
        const char *start = rest->p;
        if (str_eq_text(str_cut(rest, '\n'), line))
            return (struct str){all.p, (size_t)(start - all.p)};
    }
    return all;
}

void fuzz_check_line(struct str text)
{
    assert(text.n > 0 && utf8_is_valid(text));
    for (size_t i = 0; i < text.n; i++)
        assert((unsigned char)text.p[i] >= 0x20 && text.p[i] != 0x7f);
}

void fuzz_check_why(const struct why *why)
{
    fuzz_check_line(str_of(why->text));
    if (why->field[0] != '\0')
        fuzz_check_line(str_of(why->field));
}

const char *fuzz_file(unsigned slot, struct str bytes)
{
    static int fds[FUZZ_FILES];
    static char paths[FUZZ_FILES][32];
    if (fds[slot] == 0) {
        fds[slot] = memfd_create("fuzz", MFD_CLOEXEC);
        assert(fds[slot] > 0);
        snprintf(paths[slot], sizeof paths[slot], "/proc/self/fd/%d", fds[slot]);
    }
    assert(ftruncate(fds[slot], 0) == 0);
    assert(pwrite(fds[slot], bytes.p, bytes.n, 0) == (ssize_t)bytes.n);
    return paths[slot];
}

static struct scratch folder;

static void remove_folder(void)
{
    scratch_fini(&folder);
}

const struct scratch *fuzz_folder(void)
{
    if (folder.path[0] == '\0') {
        scratch_init(&folder);
        assert(atexit(remove_folder) == 0);
    }
    return &folder;
}
