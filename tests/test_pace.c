/* When a player shows which frame: at a rate, by a recording's times, as fast as taken, once or for ever. */
#include "bench/workload/pace.h"
#include "tests/tap.h"

#define BEGUN UINT64_C(123456789)

static void at_a_rate(void)
{
	bool right = true;

	for (uint32_t fps = 1; fps <= 1000; fps += fps < 70 ? 1 : 133) {
		struct kg_pace pace = { .fps = fps, .frames = 100, .begun_us = BEGUN };

		for (uint32_t n = 1; n < 400; n++) {
			uint64_t due = kg_pace_due_us(&pace, n);

			right &= kg_pace_number(&pace, -1, due) == n && kg_pace_number(&pace, -1, due - 1) == n - 1;
		}
		right &= kg_pace_number(&pace, -1, BEGUN) == 0 && kg_pace_number(&pace, -1, BEGUN - 5000000) == 0;
	}
	ok(right, "a frame is due in its first microsecond, at every rate");
	ok(kg_pace_number(&(struct kg_pace){ .fps = 60, .frames = 1, .begun_us = BEGUN }, -1,
			  BEGUN + UINT64_C(86400) * 1000000) == 86400 * 60,
	   "a day has as many frames as it should, passes or not");
	ok(kg_pace_number(&(struct kg_pace){ .fps = 60, .frames = 9 }, 500, 0) == 500,
	   "what was shown is never gone back from");
}

static void once(void)
{
	struct kg_pace pace = { .fps = 30, .frames = 100, .once = true, .begun_us = BEGUN };

	ok(kg_pace_number(&pace, 12, BEGUN + 1000000000) == 99 && kg_pace_due_us(&pace, 99) != UINT64_MAX &&
		   kg_pace_due_us(&pace, 100) == UINT64_MAX,
	   "once ends with the last frame of the pass, and nothing is due after it");
}

static void by_times(void)
{
	static const uint64_t times[] = { 0, 10, 500, 501, 2000 };
	struct kg_pace pace = { .times_us = times, .pass_us = 2100, .frames = 5, .begun_us = BEGUN };
	bool right = true;

	for (uint32_t n = 0; n < 50; n++) {
		uint64_t due = kg_pace_due_us(&pace, n);

		right &= due == BEGUN + n / 5 * UINT64_C(2100) + times[n % 5] && kg_pace_number(&pace, -1, due) == n &&
			 (!n || kg_pace_number(&pace, -1, due - 1) == n - 1);
	}
	ok(right, "a recording has its own times, and begins anew after its length");
	pace.once = true;
	ok(kg_pace_number(&pace, -1, BEGUN + 999999) == 4, "or ends");
}

static void as_taken(void)
{
	struct kg_pace pace = { .fps = 30, .frames = 3, .taken = true, .once = true };

	ok(kg_pace_number(&pace, -1, 5) == 0 && kg_pace_number(&pace, 0, 5) == 1 && kg_pace_number(&pace, 2, 5) == 2,
	   "as fast as taken, one frame follows the other, to the end of the pass");
	ok(kg_pace_due_us(&pace, 1) == 0 && kg_pace_due_us(&pace, 3) == UINT64_MAX,
	   "each is due at any time, none after the end");
	pace.once = false;
	ok(kg_pace_number(&pace, 2, 5) == 3 && kg_pace_number(&pace, UINT32_MAX, 5) == UINT32_MAX,
	   "without an end they go on, to the last number there is");
}

int main(void)
{
	at_a_rate();
	once();
	by_times();
	as_taken();
	return tap_end();
}
