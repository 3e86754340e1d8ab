/* A kagamid of our own to be measured: on a free port, with a password for this run. */
#pragma once

#include "base/base.h"

#include <sys/types.h>

struct kg_ours;

/*
 * Starts it and waits until it is ready (at most half a minute). kagamid: its program, NULL: the one that belongs to
 * this program, beside it or in ../sbin, else the one in PATH. desktop as for its --desktop. It listens on a free port
 * of host. Its log goes to log_path (NULL: nowhere); more: further flags, ended by NULL, or NULL. On failure the reason
 * is printed.
 */
int kg_ours_start(struct kg_ours **ret, const char *kagamid, const char *desktop, const char *host,
		  const char *log_path, const char *const *more);
void kg_ours_stop(struct kg_ours *ours);		// NULL is fine

pid_t kg_ours_pid(const struct kg_ours *ours);
const char *kg_ours_address(const struct kg_ours *ours);	// HOST:PORT
const char *kg_ours_user(const struct kg_ours *ours);
const char *kg_ours_password(const struct kg_ours *ours);
