/* Programs that a measurement starts, and stops by their process id. */
#pragma once

#include "base/base.h"

#include <sys/types.h>

/*
 * Starts arguments[0], looked for in PATH where it has no '/'; it gets SIGTERM when this process dies. Its standard
 * output can be read from *ret_out (NULL: it goes where ours does), its standard error is appended to log (NULL: stays
 * ours).
 */
int kg_child_start(pid_t *ret, const char *const *arguments, int *ret_out, const char *log);

/* SIGTERM, and SIGKILL where that does not do. */
void kg_child_stop(pid_t pid);
