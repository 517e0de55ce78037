/* A YAML file as a tree of nodes, and what is asked of nodes; for the files that are read strictly:
 * every mistake is collected, with its line. */
#ifndef DAEMON_DOCUMENT_H
#define DAEMON_DOCUMENT_H

#include "base/str.h"
#include "daemon/mistakes.h"

#include <yaml.h>

#define DOCUMENT_BYTES_MAX ((size_t)1024 * 1024)

/* root NULL: there is nothing but comments. */
typedef enum err document_read_fn(void *context, yaml_document_t *yaml, const yaml_node_t *root);

/* Calls read for the file's one document, which lives for that call. A file that cannot be read, is
 * not YAML or has another document becomes a mistake. Errors are read's own, and ERR_NO_MEMORY. */
nodiscard enum err document_read(const char *file, document_read_fn *read, void *context,
                                 struct mistakes *mistakes);

size_t document_line(const yaml_node_t *node); /* from 1 */
struct str document_text(const yaml_node_t *scalar);
bool document_is_null(const yaml_node_t *node);     /* left out, in the words of YAML */
bool document_has_tag(const yaml_node_t *node);     /* that could change what it means */
const char *document_kind(const yaml_node_t *node); /* "is a mapping" */

size_t document_count(const yaml_node_t *sequence);
const yaml_node_t *document_item(yaml_document_t *yaml, const yaml_node_t *sequence, size_t index);

#endif
