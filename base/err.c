#include "base/err.h"

static const char *const names[ERR_COUNT] = {
    [ERR_NONE] = "ok",
    [ERR_INVALID] = "invalid",
    [ERR_FULL] = "full",
    [ERR_NO_MEMORY] = "out of memory",
    [ERR_IO] = "input/output error",
    [ERR_DOWN] = "not reachable",
    [ERR_REFUSED] = "refused",
    [ERR_NOT_FOUND] = "not found",
    [ERR_EXISTS] = "exists",
    [ERR_DAMAGED] = "damaged",
};

const char *err_name(enum err err)
{
    return (unsigned)err < ERR_COUNT ? names[err] : "unknown";
}
