/* As much of XML as the answers of AWS STS need. Pure. */
#ifndef HTTP_CREDENTIALS_XML_H
#define HTTP_CREDENTIALS_XML_H

#include "base/str.h"

/* What stands between <name> and </name>: without attributes, exactly once in xml and closed once.
 * Absent otherwise, and for an absent xml. Entities stay as they are. */
struct str credentials_xml_element(struct str xml, const char *name);

#endif
