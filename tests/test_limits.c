/* Limits in virtual time: nothing here waits. */
#include "base/base.h"
#include "server/broker/limits.h"
#include "tests/tap.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#define SECOND 1000000ull

static const struct kg_limits_settings settings = {
	.half_open = 20, .half_open_per_address = 5, .handshakes = 20, .handshakes_per_address = 4, .early_drop = 10,
	.sessions = 30, .connections_per_second = 10, .failures = 5, .slow_max_s = 8,
};

static uint64_t now = 1000 * SECOND, wait_us;

static struct kg_address address(const char *text)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return kg_address_of((struct sockaddr *)&in);
	inet_pton(AF_INET6, text, &in6.sin6_addr);
	return kg_address_of((struct sockaddr *)&in6);
}

static struct kg_address numbered(uint32_t i)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000000u + i) };

	return kg_address_of((struct sockaddr *)&in);
}

static struct kg_limits *fresh(const struct kg_limits_settings *with)
{
	struct kg_limits *limits = NULL;

	if (kg_limits_new(&limits, with, 42) < 0)
		exit(1);
	return limits;
}

static enum kg_verdict connect_from(struct kg_limits *limits, struct kg_address a, uint32_t chance)
{
	enum kg_verdict verdict;

	(void)kg_limits_accept(limits, &a, now);
	verdict = kg_limits_handshake(limits, &a, now, chance, &wait_us);
	if (verdict != KG_ADMIT)
		kg_limits_closed(limits, &a);
	return verdict;
}

static void test_addresses(void)
{
	struct kg_address a = address("192.0.2.1"), b = address("::ffff:192.0.2.1"), c = address("192.0.2.2");
	struct kg_address d = address("2001:db8:1:2::1"), e = address("2001:db8:1:2:ffff::9"), f = address("2001:db8:1:3::1");

	ok(!memcmp(&a, &b, sizeof(a)), "an IPv4 address is the same when it is mapped into IPv6");
	ok(memcmp(&a, &c, sizeof(a)), "IPv4 addresses count one by one");
	ok(!memcmp(&d, &e, sizeof(d)) && memcmp(&d, &f, sizeof(d)), "IPv6 addresses count by /64");
}

static void test_half_open(void)
{
	struct kg_limits *limits = fresh(&settings);
	struct kg_address a = address("192.0.2.1");
	bool right = true;

	for (int i = 0; i < 5; i++)
		right &= kg_limits_accept(limits, &a, now) == KG_ADMIT;
	ok(right, "connections without a word are admitted");
	ok(kg_limits_accept(limits, &a, now) == KG_EVICT_ADDRESS, "one more of an address pushes its oldest out");
	kg_limits_closed(limits, &a);
	for (uint32_t i = 0; i < 15; i++) {
		struct kg_address b = numbered(i);

		right &= kg_limits_accept(limits, &b, now) == KG_ADMIT;
	}
	a = numbered(99);
	ok(right && kg_limits_accept(limits, &a, now) == KG_EVICT_ANY, "one more of all pushes the oldest of all out");
	kg_limits_free(limits);
}

static void test_handshakes(void)
{
	struct kg_limits *limits = fresh(&settings);
	struct kg_address a = address("192.0.2.1");
	bool right = true;
	unsigned refused = 0;

	for (int i = 0; i < 4; i++)
		right &= connect_from(limits, a, 0) == KG_ADMIT;
	ok(right && connect_from(limits, a, 0) == KG_REFUSE_ADDRESS, "an address has so many handshakes at once");
	for (uint32_t i = 0; i < 6; i++)
		right &= connect_from(limits, numbered(i), 0) == KG_ADMIT;
	ok(right, "up to early-drop nobody is refused by chance");
	ok(kg_limits_counts(limits).handshakes == 10 && kg_limits_counts(limits).half_open == 0, "all are counted");

	kg_limits_ended(limits, &a, false);
	ok(connect_from(limits, a, 0) == KG_ADMIT, "one that ends makes room");
	/* 10 of 20: the chance is 0 in 10; with each handshake it grows by one in ten. */
	for (uint32_t i = 0; i < 5; i++)
		right &= connect_from(limits, numbered(100 + i), 9) == KG_ADMIT;
	for (uint32_t chance = 0; chance < 1000; chance++) {
		struct kg_address b = numbered(200);

		(void)kg_limits_accept(limits, &b, now);
		if (kg_limits_handshake(limits, &b, now, chance, &wait_us) == KG_REFUSE_HANDSHAKES) {
			kg_limits_closed(limits, &b);
			refused++;
		} else {
			kg_limits_ended(limits, &b, false);
			now += SECOND;
		}
	}
	ok(right && refused == 500, "half way between early-drop and the limit half are refused (%u of 1000)", refused);
	for (uint32_t i = 0; i < 5; i++)
		right &= connect_from(limits, numbered(300 + i), 9) == KG_ADMIT;
	ok(right && connect_from(limits, numbered(400), 9) == KG_REFUSE_HANDSHAKES, "at the limit everybody is");
	kg_limits_free(limits);
}

static void test_sessions(void)
{
	struct kg_limits *limits = fresh(&settings);
	bool right = true;

	for (uint32_t i = 0; i < 30; i++) {
		struct kg_address a = numbered(i);

		right &= connect_from(limits, a, 9) == KG_ADMIT;
		kg_limits_logged_in(limits, &a);
	}
	ok(right && kg_limits_counts(limits).sessions == 30 && kg_limits_counts(limits).handshakes == 0,
	   "a log-in makes a session of a handshake");
	ok(connect_from(limits, numbered(99), 9) == KG_REFUSE_SESSIONS, "a full server refuses");
	kg_limits_ended(limits, &(struct kg_address[]){ numbered(3) }[0], true);
	ok(connect_from(limits, numbered(99), 9) == KG_ADMIT, "until a session ends");
	kg_limits_free(limits);
}

static void test_rate(void)
{
	struct kg_limits *limits = fresh(&settings);
	struct kg_address a = address("2001:db8::1");
	unsigned admitted = 0;

	for (int i = 0; i < 100; i++) {
		if (connect_from(limits, a, 9) == KG_ADMIT) {
			admitted++;
			kg_limits_ended(limits, &a, false);
		}
	}
	ok(admitted == 20 && wait_us > 0 && wait_us <= SECOND / 10, "a burst of two seconds' worth, then a wait (%u)", admitted);
	now += wait_us;
	ok(connect_from(limits, a, 9) == KG_ADMIT, "after the wait the next one is admitted");
	kg_limits_ended(limits, &a, false);
	ok(connect_from(limits, a, 9) == KG_SLOW, "and only that one");
	ok(connect_from(limits, address("2001:db8:0:1::1"), 9) == KG_ADMIT, "others are not slowed down");
	now += 10 * SECOND;
	ok(connect_from(limits, a, 9) == KG_ADMIT, "later it is as before");
	kg_limits_free(limits);
}

/* How long the address has to wait now, in seconds. */
static unsigned slowness(struct kg_limits *limits, struct kg_address a)
{
	if (connect_from(limits, a, 9) == KG_ADMIT) {
		kg_limits_ended(limits, &a, false);
		return 0;
	}
	return (unsigned)((wait_us + SECOND / 2) / SECOND);
}

static void test_failures(void)
{
	struct kg_limits *limits = fresh(&settings);
	struct kg_address a = address("192.0.2.1"), b = address("192.0.2.2");
	unsigned seconds[7];

	for (int i = 0; i < 4; i++)
		kg_limits_failed(limits, &a, now);
	ok(slowness(limits, a) == 0, "four failures slow nobody down");
	for (int i = 0; i < 6; i++) {
		kg_limits_failed(limits, &a, now);
		seconds[i] = slowness(limits, a);
	}
	ok(seconds[0] == 1 && seconds[1] == 2 && seconds[2] == 4 && seconds[3] == 8 && seconds[5] == 8,
	   "from the fifth on an address waits 1, 2, 4 seconds, and so on up to the limit");
	ok(slowness(limits, b) == 0, "another address does not");
	now += 8 * SECOND;
	ok(slowness(limits, a) == 0, "after the wait it may try again");
	kg_limits_failed(limits, &a, now);
	ok(slowness(limits, a) == 8, "and waits again when it fails");
	kg_limits_proved(limits, &a);
	ok(slowness(limits, a) == 0, "a right log-in ends it");
	for (int i = 0; i < 5; i++)
		kg_limits_failed(limits, &a, now);
	now += 11 * 60 * SECOND;
	kg_limits_failed(limits, &a, now);
	ok(slowness(limits, a) == 0, "failures are forgotten after ten quiet minutes");
	kg_limits_free(limits);
}

static void test_table(void)
{
	struct kg_limits_settings wide = settings;
	struct kg_limits *limits;
	struct kg_limits_counts counts;
	struct kg_address a = address("192.0.2.1");
	bool right = true;

	wide.half_open = 100000;
	limits = fresh(&wide);
	for (int i = 0; i < 5; i++)
		kg_limits_failed(limits, &a, now);
	(void)kg_limits_accept(limits, &a, now);
	for (uint32_t i = 0; i < 100000; i++) {
		struct kg_address b = numbered(i);

		now++;
		right &= kg_limits_accept(limits, &b, now) == KG_ADMIT;
		kg_limits_closed(limits, &b);
	}
	counts = kg_limits_counts(limits);
	ok(right && counts.half_open == 1 && counts.addresses <= 8192, "a hundred thousand addresses fit (%u kept)",
	   counts.addresses);
	ok(kg_limits_handshake(limits, &a, now, 9, &wait_us) == KG_SLOW, "and push none out that is in use");
	for (uint32_t i = 0; i < 20000; i++) {
		struct kg_address b = numbered(i);

		right &= kg_limits_accept(limits, &b, now) == KG_ADMIT;
	}
	ok(right && kg_limits_counts(limits).half_open == 20001, "more addresses at once than the table holds count in all");
	for (uint32_t i = 0; i < 20000; i++) {
		struct kg_address b = numbered(i);

		kg_limits_closed(limits, &b);
	}
	ok(kg_limits_counts(limits).half_open == 1, "and end as they came");
	kg_limits_free(limits);
}

int main(void)
{
	test_addresses();
	test_half_open();
	test_handshakes();
	test_sessions();
	test_rate();
	test_failures();
	test_table();
	return tap_end();
}
