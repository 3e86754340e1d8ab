/*
 * The model of a link in virtual time: what its names mean, rate, delay, queue and loss against values worked out by
 * hand.
 */
#include "bench/link.h"
#include "tests/tap.h"

#include <math.h>

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)

static void names(void)
{
	static const struct { const char *text; uint64_t rate, rtt_ns; double loss; uint64_t queue_size; } right[] = {
		{ "lan", 1000000000, 500000, 0, 512000 },
		{ "wan", 100000000, 30 * MS, 0.0001, 375000 },
		{ "lte", 30000000, 50 * MS, 0.001, 750000 },
		{ "satellite", 20000000, 600 * MS, 0.005, 1500000 },
		{ "8M,100ms,1%,64k", 8000000, 100 * MS, 0.01, 64000 },
		{ "2.5M,40,0", 2500000, 40 * MS, 0, 24000 },	// a round trip is 12500 bytes: 16 packets
		{ "500k,0.25ms,12.5,1500", 500000, 250000, 0.125, 1500 },
		{ "10G,0,0,2M", 10000000000, 0, 0, 2000000 },
		{ "1000,10000,99.99%", 1000, 10000 * MS, 0.9999, 24000 },
	};
	static const struct { const char *text; int error; } wrong[] = {
		{ "", -EINVAL }, { "dsl", -EINVAL }, { "lan,", -EINVAL }, { "8M", -EINVAL }, { "8M,100", -EINVAL },
		{ "8M,100,1,", -EINVAL }, { "8M,100,1,64k,2", -EINVAL }, { "8Mb,100,1", -EINVAL }, { "-8M,100,1",
		-EINVAL },
		{ "8M,-1,1", -EINVAL }, { "8M,100s,1", -EINVAL }, { "8M,100,inf", -EINVAL }, { "8M,100,1,1G", -EINVAL },
		{ "1e999,1,1", -EINVAL }, { " 8M,100,1", -EINVAL }, { "999,1,0", -ERANGE }, { "11G,1,0", -ERANGE },
		{ "8M,10001,0", -ERANGE }, { "8M,100,100", -ERANGE }, { "8M,100,0,1499", -ERANGE }, { "8M,100,0,1001M",
		-ERANGE },
		{ "10G,1000,0", -ERANGE },
	};
	struct kg_link_spec spec;

	for (size_t i = 0; i < KG_ARRAY_SIZE(right); i++)
		ok(!kg_link_parse(&spec, right[i].text) && spec.rate == right[i].rate &&
		   spec.rtt_ns == right[i].rtt_ns &&
		   fabs(spec.loss - right[i].loss) < 1e-12 && spec.queue_size == right[i].queue_size,
		   "a link is %s", right[i].text);
	for (size_t i = 0; i < KG_ARRAY_SIZE(wrong); i++) {
		spec = (struct kg_link_spec){ .rate = 7 };
		ok(kg_link_parse(&spec, wrong[i].text) == wrong[i].error && spec.rate == 7, "and none is \"%s\"",
		   wrong[i].text);
	}
}

static struct kg_link link_of(const char *text, uint64_t seed)
{
	struct kg_link_spec spec;
	struct kg_link link;

	if (kg_link_parse(&spec, text) < 0 || kg_link_init(&link, &spec, seed) < 0)
		abort();
	return link;
}

/* Bytes of a packet, by its number and size. */
static void fill(uint8_t *packet, size_t size, uint32_t number)
{
	for (size_t i = 0; i < size; i++)
		packet[i] = (uint8_t)((number + i) * 2654435761u >> 24);
}

static bool put(struct kg_link *link, uint64_t now_ns, size_t size, uint32_t number)
{
	uint8_t packet[KG_LINK_PACKET_MAX];

	fill(packet, size, number);
	return kg_link_put(link, now_ns, packet, size);
}

/* The next packet comes at that time and not before, and it is this one. */
static bool comes(struct kg_link *link, uint64_t at_ns, size_t size, uint32_t number)
{
	uint8_t expected[KG_LINK_PACKET_MAX];
	const uint8_t *packet;

	fill(expected, size, number);
	return kg_link_next_ns(link) == at_ns && !kg_link_take(link, at_ns - 1, &packet) &&
	       kg_link_take(link, at_ns, &packet) == size && !memcmp(packet, expected, size);
}

/* At 8 Mbit/s a byte takes a microsecond; 10 ms one way. */
static void times(void)
{
	struct kg_link link = link_of("8M,20,0,5000", 1);
	const uint8_t *packet;

	ok(kg_link_next_ns(&link) == UINT64_MAX && !kg_link_take(&link, SECOND, &packet),
	   "an empty link has nothing to wait for");
	ok(put(&link, SECOND, 1000, 1) && comes(&link, SECOND + 11 * MS, 1000, 1),
	   "1000 bytes need 1 ms at 8 Mbit/s and 10 ms of delay");
	ok(put(&link, 2 * SECOND, 1000, 1) && put(&link, 2 * SECOND, 500, 2) && put(&link, 2 * SECOND + MS, 1000, 3),
	   "three packets at once, nearly");
	ok(comes(&link, 2 * SECOND + 11 * MS, 1000, 1) && comes(&link, 2 * SECOND + 11 * MS + MS / 2, 500, 2) &&
	   comes(&link, 2 * SECOND + 12 * MS + MS / 2, 1000, 3), "come one after the other, each for its size");
	ok(put(&link, 3 * SECOND, 100, 4) && comes(&link, 3 * SECOND + 10 * MS + MS / 10, 100, 4),
	   "a link that was idle is not in debt");
	kg_link_done(&link);
	link = link_of("3M,0,0,1M", 1);
	for (uint32_t i = 0; i < 15000; i++)
		(void)put(&link, 0, 61, i);
	for (uint32_t i = 0; i < 14999; i++)
		(void)kg_link_take(&link, UINT64_MAX, &packet);
	/* 488 bits at 3 Mbit/s are 162.67 microseconds. */
	ok(comes(&link, UINT64_C(2440000000), 61, 14999),
	   "15000 packets whose time is no whole number take exactly 2.44 s");
	kg_link_done(&link);
}

static void queue(void)
{
	struct kg_link link = link_of("8M,20,0,5000", 1);
	uint32_t in = 0;

	for (uint32_t i = 0; i < 10; i++)
		in += put(&link, SECOND, 1000, i);
	ok(in == 5 && link.count.dropped == 5, "of ten packets of 1000 bytes 5000 bytes are taken");
	ok(!put(&link, SECOND, 1, 5), "not a byte more");
	ok(!put(&link, SECOND + MS - 1, 1000, 5) && put(&link, SECOND + MS, 1000, 5),
	   "there is room for another when one has left, not before");
	for (uint32_t i = 0; i < 6; i++)
		in -= comes(&link, SECOND + (11 + i) * MS, 1000, i);
	ok(in == UINT32_MAX && kg_link_next_ns(&link) == UINT64_MAX, "those come, in order, and no other");
	ok(link.count.packets == 6 && link.count.bytes == 6000 && link.count.dropped == 7 && !link.count.lost,
	   "all were counted");
	kg_link_done(&link);
}

/* Which of n packets are lost, as bits. Packets are far from each other, so that none is dropped. */
static uint32_t lose(const char *text, uint64_t seed, uint8_t *lost, uint32_t n)
{
	struct kg_link link = link_of(text, seed);
	const uint8_t *packet;
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++) {
		lost[i] = !kg_link_put(&link, i * MS, "packet", 6);
		count += lost[i];
		while (kg_link_take(&link, i * MS, &packet))
			;
	}
	if (link.count.lost != count || link.count.dropped)
		abort();
	kg_link_done(&link);
	return count;
}

static void loss(void)
{
	enum { N = 200000 };
	static const struct { const char *text; double share; } links[] = {
		{ "10M,2,0", 0 }, { "10M,2,0.1%", 0.001 }, { "10M,2,1%", 0.01 }, { "10M,2,25%", 0.25 }, { "10M,2,99%",
		0.99 },
	};
	static uint8_t lost[N], again[N], other[N];
	uint32_t pairs = 0;

	for (size_t i = 0; i < KG_ARRAY_SIZE(links); i++) {
		double mean = N * links[i].share, limit = 2.576 * sqrt(N * links[i].share * (1 - links[i].share));
		uint32_t count = lose(links[i].text, 42, lost, N);

		ok(fabs(count - mean) <= limit, "%s loses %u of %d packets: %.0f within %.0f, of 100 seeds 99",
		   links[i].text, count, N,
		   mean, limit);
	}
	(void)lose("10M,2,1%", 7, lost, N);
	(void)lose("50k,900,1%", 7, again, 20);
	ok(!memcmp(lost, again, 20), "what is lost depends on the seed and the packet's place only");
	(void)lose("10M,2,1%", 7, again, N);
	(void)lose("10M,2,1%", 8, other, N);
	ok(!memcmp(lost, again, N) && memcmp(lost, other, N), "a seed repeats it, another one does not");
	/* Of 2000 lost packets 20 follow another one, with a deviation of 4.5. */
	for (uint32_t i = 0; i + 1 < N; i++)
		pairs += lost[i] && lost[i + 1];
	ok(pairs >= 8 && pairs <= 32, "a loss does not bring the next (%u pairs)", pairs);
}

static void lost_use_rate(void)
{
	struct kg_link link = link_of("8M,0,50%,1M", 3);
	uint64_t end = 0;
	const uint8_t *packet;

	for (uint32_t i = 0; i < 100; i++)
		(void)kg_link_put(&link, 0, "0123456789", 10);
	while (kg_link_next_ns(&link) != UINT64_MAX) {
		end = kg_link_next_ns(&link);
		(void)kg_link_take(&link, end, &packet);
	}
	ok(end % 10000 == 0 && end > 900000 && link.count.lost > 20,
	   "what is lost has used the rate: %u of 100, the last at %.2f of 1 ms",
	   (unsigned)link.count.lost, (double)end / 1e6);
	kg_link_done(&link);
}

/* Packets of all sizes, many times round the ring, taken late and early. */
static void ring(void)
{
	enum { N = 20000 };
	static size_t sizes[N];
	struct kg_link link = link_of("100M,2,0,100k", 1);
	uint8_t expected[KG_LINK_MTU];
	const uint8_t *packet;
	uint64_t now = 0;
	uint32_t in = 0, out = 0, wrong = 0;
	size_t size;

	while (in < N || kg_link_next_ns(&link) != UINT64_MAX) {
		now += rnd() % 60000;
		for (uint32_t i = rnd() % 4; i && in < N; i--) {
			sizes[in] = 20 + rnd() % (KG_LINK_MTU - 20);
			in += put(&link, now, sizes[in], in);
		}
		while (rnd() % 8 && (size = kg_link_take(&link, now, &packet))) {
			fill(expected, sizes[out], out);
			wrong += size != sizes[out] || memcmp(packet, expected, size);
			out++;
		}
	}
	ok(out == N && !wrong && !link.used, "%u packets of all sizes come as they went (%u dropped at the queue)", out,
	   (unsigned)link.count.dropped);
	kg_link_done(&link);
}

/* The most that may be on its way: the smallest packets, and none is taken. */
static void full(void)
{
	struct kg_link link = link_of("100M,100,0,100k", 1);
	uint64_t now = 0;
	uint32_t in = 0, i;

	for (i = 0; now < 50 * MS; i++, now += 20 * 80)		// the rate, until the first is due
		in += put(&link, now, 20, i);
	for (; i < 31250 + 4999; i++)
		in += put(&link, now, 20, i);
	ok(in == i && !link.count.dropped, "delay and queue hold %u packets of 20 bytes", in);
	for (; link.count.dropped < 1 && i < 100000; i++)
		in += put(&link, now, 20, i);
	ok(in == 31250 + 5000, "and are full then, at %u", in);
	kg_link_done(&link);
	link = link_of("100M,1,0", 1);
	ok(!kg_link_put(&link, 0, "", 0) && !put(&link, 0, KG_LINK_PACKET_MAX, 1) && link.count.dropped == 2,
	   "a packet is neither empty nor larger than the queue");
	for (i = 0; i < 100000; i++)
		(void)put(&link, i * MS, 1400, i);		// nobody takes them, so that the ring fills
	ok(link.count.dropped > 1000 && link.used <= link.ring_size, "what is never taken is dropped in the end");
	kg_link_done(&link);
}

int main(void)
{
	tap_seed_init();
	names();
	times();
	queue();
	loss();
	lost_use_rate();
	ring();
	full();
	return tap_end();
}
