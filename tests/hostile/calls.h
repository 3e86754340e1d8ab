/* Attacks on the kernel's borders: one system call each, made past libc. */
#pragma once

#include "base/base.h"

/* What the calls need to know. Fields that a program has not got are -1. */
struct calls_target {
	int sibling;	// a process that is none of its business
	int parent;	// kagamid
	int socket;	// a connected socket
	int channel;	// to kagamid
	int ring;	// memfd of a ring
	size_t ring_size;
};

/*
 * Makes the named call. Returns 0 when it was refused, with the error in *error (0: it succeeded), -ENOENT for an unknown
 * name. Often it does not return: the filter kills the process.
 */
int calls_make(const char *name, const struct calls_target *target, int *error);
