/*
 * What a program of ours writes to its standard error becomes lines of kagamid's log: prefixed with who wrote it, cut into
 * lines, control characters replaced, and at most so many a second. A hostile session can neither forge a line of
 * kagamid's nor fill the disk, nor keep kagamid busy.
 */
#pragma once

#include "base/log.h"

#include <sys/types.h>

struct kg_loop;
struct kg_relay;

/* label ("session") is copied. fd is the end to read, taken also on failure. */
int kg_relay_new(struct kg_relay **ret, struct kg_loop *loop, int fd, const char *label, pid_t pid);

/* Writes what is left, then ends. NULL is fine. */
void kg_relay_free(struct kg_relay *relay);

/* How lines are allowed: a burst, then so many a second. */
#define KG_RELAY_BURST 100
#define KG_RELAY_PER_SECOND 20

/* Pure, for the test: the level that a line claims ("<6>..."), and where its text begins. */
const char *kg_relay_line(const char *line, enum kg_log_level *level);
