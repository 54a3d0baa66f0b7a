/* name.h: the names that come from the network. */
#ifndef FILE_RECV_NAME_H
#define FILE_RECV_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum { NAME_SIZE = 256 }; /* NAME_MAX of Linux and the final zero */

/* Begins the names of temporary files, where they need names. */
#define TEMPORARY_PREFIX ".file_recv-"

/* Why `name`, `length` bytes without a final zero, can't be the name of a received file; NULL if it can. */
const char *name_problem(const char *name, size_t length);

/* Writes "NAME.unconfirmed" into `text`, or for `number` from 2 on "NAME.unconfirmed.2"; a long NAME is cut, between
 * two characters, so that the whole is a name. */
void unconfirmed_name(const char *name, int number, char text[NAME_SIZE]);

#endif
