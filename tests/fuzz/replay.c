/* Gives every file of the corpus folders named on the command line to the fuzzer's function. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUT_BYTES_MAX (1 << 20)

static void fail(const char *path, const char *problem)
{
    fprintf(stderr, "%s: %s\n", path, problem);
    exit(1);
}

/* A copy of the exact size, so that a sanitizer sees a read past the end. */
static void replay_file(const char *path)
{
    static uint8_t input[INPUT_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail(path, "cannot be opened");
    size_t n = fread(input, 1, sizeof input, file);
    if (ferror(file) != 0 || n == sizeof input)
        fail(path, "cannot be read, or is too large");
    fclose(file);
    uint8_t *exact = malloc(n > 0 ? n : 1);
    if (exact == NULL)
        fail(path, "out of memory");
    for (size_t i = 0; i < n; i++)
        exact[i] = input[i];
    fprintf(stderr, "%s\n", path);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
}

static int replay_folder(const char *folder)
{
    DIR *entries = opendir(folder);
    if (entries == NULL)
        fail(folder, "cannot be opened");
    int count = 0;
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        replay_file(path);
        count++;
    }
    closedir(entries);
    return count;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++)
        count += replay_folder(argv[i]);
    if (count == 0)
        fail("replay", "the corpus is empty");
    return 0;
}
