/* json.h: text from anywhere as a JSON string (RFC 8259). */
#ifndef NETSTEP_JSON_H
#define NETSTEP_JSON_H

#include <stddef.h>

/* Writes `text` between quotation marks into `json`, as long as it fits, and returns it. Control characters are
 * escaped, bytes that are no UTF-8 become U+FFFD. Six bytes for each of the text's, and three, always suffice. */
const char *json_string(const char *text, char *json, size_t size);

#endif
