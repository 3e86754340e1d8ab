/*
 * For tests of inner functions, on top of tap.h: buffers that end at a page which may not be touched and begin behind a
 * pattern, and TIME(). A fault in a tested function is caught: check_survives() names it and the test goes on.
 */
#pragma once

#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/tap.h"

#define CHECK_FRONT 64		// bytes of pattern before a buffer
#define CHECK_PATTERN 0xa5

static bool check_bench;	// --bench: print times

/* size bytes whose end is the end of the last page that may be touched. Never freed. */
static inline void *guarded(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), all = (size + CHECK_FRONT + page - 1) / page * page;
	uint8_t *map = mmap(NULL, all + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || mprotect(map + all, page, PROT_NONE)) {
		printf("Bail out! no memory\n");
		exit(EXIT_FAILURE);
	}
	memset(map + all - size - CHECK_FRONT, CHECK_PATTERN, CHECK_FRONT);
	return map + all - size;
}

static inline bool front_clean(const void *buffer)
{
	const uint8_t *front = (const uint8_t *)buffer - CHECK_FRONT;

	for (int i = 0; i < CHECK_FRONT; i++)
		if (front[i] != CHECK_PATTERN)
			return false;
	return true;
}

static sigjmp_buf check_fault_jump;
static volatile sig_atomic_t check_fault_expected;

static inline void check_on_fault(int signal_number)
{
	if (check_fault_expected)
		siglongjmp(check_fault_jump, 1);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static inline void check_init(int argc, char **argv)
{
	check_bench = argc > 1 && !strcmp(argv[1], "--bench");
	signal(SIGSEGV, check_on_fault);
	signal(SIGBUS, check_on_fault);
	signal(SIGILL, check_on_fault);
	tap_seed_init();
}

/* True when run came back, false when it touched what it may not. */
static inline bool check_survives(void (*run)(void *data), void *data)
{
	volatile bool back = false;

	check_fault_expected = 1;
	if (!sigsetjmp(check_fault_jump, 1)) {
		run(data);
		back = true;
	}
	check_fault_expected = 0;
	return back;
}

/* Nanoseconds of one call: the best of several rounds, each long enough to measure. */
#define TIME(call)                                                                                 \
	({                                                                                         \
		double check_best_ = 1e9;                                                          \
		for (int check_round_ = 0; check_round_ < 9; check_round_++) {                     \
			double check_begin_ = tap_now(), check_spent_;                             \
			int check_n_ = 0;                                                          \
			do {                                                                       \
				for (int check_i_ = 0; check_i_ < 8; check_i_++)                   \
					(void)(call);                                              \
				check_n_ += 8;                                                     \
				check_spent_ = tap_now() - check_begin_;                           \
			} while (check_spent_ < 2e-3);                                             \
			check_best_ = check_spent_ / check_n_ < check_best_ ? check_spent_ / check_n_ : check_best_; \
		}                                                                                  \
		check_best_ * 1e9;                                                                 \
	})

/* Cycles of a core in a nanosecond: a chain of additions takes one each. */
static inline double check_clock(void)
{
	enum { ADDITIONS = 100000 };
	static double clock;

	if (clock == 0)
		clock = ADDITIONS / TIME(({
			uint64_t x = 0;

			for (int i = 0; i < ADDITIONS; i++) {
				x++;
				__asm__ volatile("" : "+r"(x));
			}
		}));
	return clock;
}

/* What a variant and its C twin take for so many pixels. */
static inline void check_times(const char *what, const char *cpu, double pixels, double ns, double c_ns)
{
	note("%s %s: %.0f ns, %.3f cycles a pixel, C %.0f ns, %.1f times as fast", what, cpu, ns, ns * check_clock() / pixels, c_ns,
	     c_ns / ns);
}

/* The time of call, which names an inner function as use->NAME, by the variants dsp of cpu and by the C twins c. */
#define COMPARE(what, pixels, call)                                                                \
	({                                                                                         \
		const struct kg_dsp *use = dsp;                                                    \
		double ns = TIME(call);                                                            \
		use = &c;                                                                          \
		check_times(what, cpu, pixels, ns, TIME(call));                                    \
	})
