/*
 * Allocations that fail, for a program that is linked with -Wl,--wrap=malloc,--wrap=calloc: the n-th from now on, in whichever
 * thread, but for what runs while failing_spared is set. Leaks show under ASan.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

static atomic_int failing_in = -1;		// how many are still made before; below 0: none fails
static atomic_bool failing_failed;
static _Thread_local bool failing_spared;	// the test's own

static inline void failing_from(int n)
{
	failing_failed = false;
	failing_in = n;
}

/* From now on none fails any more. Returns whether one did. */
static inline bool failing_done(void)
{
	failing_in = -1;
	return failing_failed;
}

static inline bool failing_now(void)
{
	if (failing_spared || failing_in < 0 || atomic_fetch_sub(&failing_in, 1) != 0)
		return false;
	failing_failed = true;
	return true;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return failing_now() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	return failing_now() ? NULL : __real_calloc(count, size);
}
