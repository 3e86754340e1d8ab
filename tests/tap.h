/*
 * TAP for unit tests: ok() once per true sentence, tap_end() as the result of main().
 * Waiting in tests is wait_until(condition, ms): it looks again until the deadline and never sleeps for luck.
 */
#pragma once

#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How many times longer a test waits than it needs to elsewhere. */
#ifdef KG_SANITIZED
#define TAP_SLOW 5
#else
#define TAP_SLOW 1
#endif

static int tap_count, tap_failed;

static inline bool __attribute__((format(printf, 2, 3))) ok(bool right, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	printf("%sok %d - ", right ? "" : "not ", ++tap_count);
	vprintf(format, ap);
	printf("\n");
	va_end(ap);
	fflush(stdout);
	tap_failed += !right;
	return right;
}

static inline void __attribute__((format(printf, 1, 2))) skip(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	printf("ok %d # SKIP ", ++tap_count);
	vprintf(format, ap);
	printf("\n");
	va_end(ap);
	fflush(stdout);		// a child that is forked must not print it again
}

static inline void __attribute__((format(printf, 1, 2))) note(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	printf("# ");
	vprintf(format, ap);
	printf("\n");
	va_end(ap);
	fflush(stdout);
}

static inline int tap_end(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static inline double tap_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

#define wait_until(condition, ms)                                                                  \
	({                                                                                         \
		double tap_deadline_ = tap_now() + TAP_SLOW * (ms) / 1000.0;                       \
		bool tap_true_;                                                                    \
		while (!(tap_true_ = (condition)) && tap_now() < tap_deadline_)                    \
			poll(NULL, 0, 1);                                                          \
		tap_true_;                                                                         \
	})

/*
 * Repeatable random numbers. A test prints its seed, which is always the same, so that what passed passes again: SEED in the
 * environment is another one, and with SEED=new each run has its own.
 */
#define TAP_SEED 20261124
static uint64_t tap_seed;

static inline void tap_seed_init(void)
{
	const char *text = getenv("SEED");

	if (!text)
		tap_seed = TAP_SEED;
	else
		tap_seed = strcmp(text, "new") ? strtoull(text, NULL, 0) : (uint64_t)time(NULL) * 1000003 + 1;
	note("SEED=%llu", (unsigned long long)tap_seed);
}

static inline uint32_t rnd(void)
{
	tap_seed ^= tap_seed << 13;
	tap_seed ^= tap_seed >> 7;
	tap_seed ^= tap_seed << 17;
	return (uint32_t)(tap_seed >> 16);
}
