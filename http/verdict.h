/*
 * What an AWS answer means: its error type decides, and its status only where the type is unknown.
 * Pure.
 *
 * The type is in the header x-amzn-ErrorType, else in the body's "code" or "__type", or one level
 * down in "Output". A 200 that carries one is a failure all the same.
 */
#ifndef HTTP_VERDICT_H
#define HTTP_VERDICT_H

#include "base/why.h"
#include "http/http.h"
#include "jobs/fault.h"

struct verdict {
    enum fault fault;
    enum fault_class class;
    char message[WHY_TEXT_MAX]; /* the service's or the transport's, one line; "" for none */
};

void verdict_of(const struct http_answer *answer, struct verdict *ret);

#endif
