#include "http/verdict.h"

#include "jobs/doc.h"

#include <stdio.h>

#define BODY_BYTES_MAX ((size_t)1024 * 1024)

static struct str first_of(struct doc_node object, const char *name, const char *other)
{
    struct str value = doc_str(doc_member(object, name));
    return str_is_absent(value) ? doc_str(doc_member(object, other)) : value;
}

/* One line: behind it AWS's signature errors repeat the request, the session token included. */
static void set_message(struct verdict *verdict, struct str message)
{
    struct why why = {0};
    struct str line = str_cut(&message, '\n');
    if (line.n > 0)
        (void)why_set(&why, ERR_NONE, NULL, "%.*s", STR_ARG(line));
    snprintf(verdict->message, sizeof verdict->message, "%s", why.text);
}

static void set_class(struct verdict *verdict, int status)
{
    verdict->class = fault_class_of(verdict->fault);
    if (verdict->fault != FAULT_UNKNOWN)
        return;
    verdict->class = fault_class_of_status(status);
    if (verdict->class == FAULT_NONE)
        verdict->class = FAULT_PERMANENT; /* a 200 with an error nobody knows */
}

static bool is_success(int status)
{
    return status >= 200 && status < 300;
}

static bool is_blank(struct str body)
{
    for (size_t i = 0; i < body.n; i++)
        if (strchr(" \t\r\n", body.p[i]) == NULL || body.p[i] == '\0')
            return false;
    return true;
}

static void judge_body(const struct http_answer *answer, struct doc_node root,
                       struct verdict *verdict)
{
    struct str type = answer->error_type;
    if (str_is_absent(type))
        type = first_of(root, "code", "__type");
    if (is_success(answer->status) && str_is_absent(answer->error_type))
        type = doc_str(doc_member(root, "__type")); /* "code" may be data there */
    struct doc_node output = doc_member(root, "Output");
    if (str_is_absent(type))
        type = doc_str(doc_member(output, "__type"));
    if (str_is_absent(type) && is_success(answer->status))
        return;
    verdict->fault = fault_parse(type);
    set_class(verdict, answer->status);
    struct str message = first_of(root, "message", "Message");
    set_message(verdict, str_is_absent(message) ? first_of(output, "message", "Message") : message);
}

/* Something that is not AWS has answered, such as a proxy with a page of its own. */
static void judge_foreign_body(const struct http_answer *answer, struct verdict *verdict)
{
    verdict->fault = fault_parse(answer->error_type);
    set_class(verdict, answer->status);
    if (!is_success(answer->status) || !str_is_absent(answer->error_type))
        return;
    verdict->class = FAULT_TRANSIENT;
    set_message(verdict, STR("the answer is no JSON: is this an AWS IoT endpoint?"));
}

void verdict_of(const struct http_answer *answer, struct verdict *ret)
{
    struct doc *doc = NULL;
    *ret = (struct verdict){.fault = FAULT_OK, .class = FAULT_NONE};
    if (answer->problem != NULL) {
        ret->fault = FAULT_TRANSPORT;
        ret->class = FAULT_TRANSIENT;
        set_message(ret, str_of(answer->problem));
    } else if (is_blank(answer->body)) {
        judge_body(answer, (struct doc_node){NULL}, ret);
    } else if (doc_parse(answer->body, BODY_BYTES_MAX, &doc, NULL) == ERR_NONE &&
               doc_kind_of(doc_root(doc)) == DOC_OBJECT) {
        judge_body(answer, doc_root(doc), ret);
    } else {
        judge_foreign_body(answer, ret);
    }
    doc_free(doc);
}
