/* kagamictl's side of the control socket. */
#pragma once

#include "base/base.h"

/* One request, one answer without its first line, to be freed. -errno when kagamid is not reached; -EBADMSG when it answered
 * with an error: *ret is then its text. */
int kg_control_ask(const char *path, const char *request, char **ret);

/* The value of the first line "KEY VALUE" at or after from; NULL when there is none. *next: where to go on; may be NULL. */
char *kg_control_value(const char *from, const char *key, const char **next);	// to be freed
