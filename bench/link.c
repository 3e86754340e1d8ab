/* A model of a network link in one direction, in virtual time. */
#include "bench/link.h"

#include <ctype.h>
#include <math.h>

#define NS_PER_SECOND UINT64_C(1000000000)
#define RATE_MIN 1000.0
#define RATE_MAX 10e9
#define RTT_MAX_MS 10000.0
#define QUEUE_MAX 1e9
#define QUEUE_PACKETS_MIN 16		// of the queue that is not named
#define HELD_MAX (UINT64_C(1) << 28)	// bytes on their way in one direction

const struct kg_link_kind kg_link_kinds[] = {
	{ "lan", "1G,0.5,0,512k", "an office's network: 1 Gbit/s, 0.5 ms, no loss, a switch's queue of 512 kB" },
	{ "wan", "100M,30,0.01", "another town: 100 Mbit/s, 30 ms, 0.01 % lost, queue of one round trip (375 kB)" },
	{ "lte", "30M,50,0.1,750k", "a mobile network: 30 Mbit/s, 50 ms, 0.1 % lost, a deep queue of 750 kB (200 ms)" },
	{ "satellite", "20M,600,0.5", "in orbit: 20 Mbit/s, 600 ms, 0.5 % lost, queue of one round trip (1.5 MB)" },
	{ NULL },
};

/* ---- what a link is called ---- */

/* Digits with a fraction, then one of the units or nothing; NULL: it is not that. Moves on to what follows. */
static const char *take_number(const char *text, double *ret)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return NULL;	// strtod() takes signs, blanks and "inf"
	*ret = strtod(text, &end);
	return isfinite(*ret) ? end : NULL;
}

/* k, M, G times 1000, of which the first "prefixes" are allowed. */
static const char *take_prefix(const char *text, size_t prefixes, double *value)
{
	static const struct { char letter; double factor; } known[] = { { 'k', 1e3 }, { 'M', 1e6 }, { 'G', 1e9 } };

	for (size_t i = 0; i < prefixes; i++) {
		if (*text != known[i].letter)
			continue;
		*value *= known[i].factor;
		return text + 1;
	}
	return text;
}

static const char *skip(const char *text, const char *unit)
{
	size_t length = strlen(unit);

	return strncmp(text, unit, length) ? text : text + length;
}

static uint64_t held_bytes(const struct kg_link_spec *spec)
{
	/* In doubles: the product of rate and delay is up to 2^66. */
	return spec->queue_size + (uint64_t)((double)spec->rate / 8 * (double)spec->rtt_ns / 2 / 1e9);
}

static int make(struct kg_link_spec *ret, double rate, double rtt_ms, double loss_percent, double queue)
{
	struct kg_link_spec spec;

	if (rate < RATE_MIN || rate > RATE_MAX || rtt_ms > RTT_MAX_MS || loss_percent >= 100)
		return -ERANGE;
	if (queue < 0)
		queue = fmax(rate / 8 * rtt_ms / 1e3, QUEUE_PACKETS_MIN * KG_LINK_MTU);
	if (queue < KG_LINK_MTU || queue > QUEUE_MAX)
		return -ERANGE;
	spec = (struct kg_link_spec){
		.rate = (uint64_t)llround(rate),
		.rtt_ns = (uint64_t)llround(rtt_ms * 1e6),
		.loss = loss_percent / 100,
		.queue_size = (uint64_t)llround(queue),
	};
	if (held_bytes(&spec) > HELD_MAX)
		return -ERANGE;
	*ret = spec;
	return 0;
}

int kg_link_parse(struct kg_link_spec *ret, const char *text)
{
	double rate, rtt_ms, loss, queue = -1;
	const char *at;

	for (size_t i = 0; kg_link_kinds[i].name; i++)
		if (!strcmp(text, kg_link_kinds[i].name))
			return kg_link_parse(ret, kg_link_kinds[i].form);
	at = take_number(text, &rate);
	at = at ? take_prefix(at, 3, &rate) : NULL;
	at = at && *at == ',' ? take_number(at + 1, &rtt_ms) : NULL;
	at = at ? skip(at, "ms") : NULL;
	at = at && *at == ',' ? take_number(at + 1, &loss) : NULL;
	at = at ? skip(at, "%") : NULL;
	if (at && *at == ',') {
		at = take_number(at + 1, &queue);
		at = at ? take_prefix(at, 2, &queue) : NULL;
	}
	return at && !*at ? make(ret, rate, rtt_ms, loss, queue) : -EINVAL;
}

/*
 * ---- the ring ---- A packet is a head and its bytes, never broken at the end of the ring: a head of size 0 there
 * says "from the start again".
 */

struct head {
	uint64_t due_ns;
	uint64_t size;
};

static size_t record_size(size_t packet_size)
{
	return sizeof(struct head) + (packet_size + 7) / 8 * 8;
}

static struct head head_at(const struct kg_link *link, size_t at)
{
	struct head head;

	memcpy(&head, link->ring + at, sizeof(head));
	return head;
}

static void set_head(struct kg_link *link, size_t at, struct head head)
{
	memcpy(link->ring + at, &head, sizeof(head));
}

/* Makes room for a record behind the last. False: there is none. */
static bool reserve(struct kg_link *link, size_t size, size_t *ret)
{
	size_t at = (link->first + link->used) % link->ring_size;
	size_t to_end = link->ring_size - at, skipped = to_end < size ? to_end : 0;

	if (link->used + skipped + size > link->ring_size)
		return false;
	if (skipped >= sizeof(struct head))
		set_head(link, at, (struct head){ 0 });
	link->used += skipped + size;
	*ret = (at + skipped) % link->ring_size;
	return true;
}

/* Where the first record begins. There is one. */
static size_t first_record(const struct kg_link *link)
{
	if (link->ring_size - link->first < sizeof(struct head) || !head_at(link, link->first).size)
		return 0;
	return link->first;
}

/* ---- the link ---- */

/* SplitMix64 (Steele, Lea and Flood 2014): any seed will do, neighbours too. */
static uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

int kg_link_init(struct kg_link *link, const struct kg_link_spec *spec, uint64_t seed)
{
	/* The smallest packets, of 20 bytes, take twice their size here; and the ring's end may be left unused. */
	size_t size = ((size_t)held_bytes(spec) * 2 + 4 * record_size(KG_LINK_PACKET_MAX)) / 8 * 8;

	*link = (struct kg_link){
		.rate = spec->rate,
		.delay_ns = spec->rtt_ns / 2,
		.queue_size = spec->queue_size,
		.loss = (uint64_t)(spec->loss * 0x1p64),
		.random = seed,
		.ring = malloc(size),
		.ring_size = size,
	};
	return link->ring ? 0 : -ENOMEM;
}

void kg_link_done(struct kg_link *link)
{
	free(link->ring);
	*link = (struct kg_link){ 0 };
}

/* Bytes that have not left yet, a started one as a whole. */
static uint64_t queued(const struct kg_link *link, uint64_t now_ns)
{
	uint64_t left_ns = link->free_ns > now_ns ? link->free_ns - now_ns : 0;

	/* left_ns is below the time of queue_size bytes: at most 2^28 * 8 * 1e9 / rate, so that the product fits. */
	return (uint64_t)(((unsigned __int128)left_ns * link->rate + 8 * NS_PER_SECOND - 1) / (8 * NS_PER_SECOND));
}

bool kg_link_put(struct kg_link *link, uint64_t now_ns, const void *packet, size_t size)
{
	uint64_t work;
	size_t at;

	if (!size || size > KG_LINK_PACKET_MAX || queued(link, now_ns) + size > link->queue_size) {
		link->count.dropped++;
		return false;
	}
	if (link->free_ns < now_ns) {
		link->free_ns = now_ns;
		link->remainder = 0;
	}
	work = size * 8 * NS_PER_SECOND + link->remainder;
	link->free_ns += work / link->rate;
	link->remainder = work % link->rate;
	if (draw(&link->random) < link->loss) {
		link->count.lost++;
		return false;
	}
	if (!reserve(link, record_size(size), &at)) {
		link->count.dropped++;
		return false;
	}
	set_head(link, at, (struct head){ link->free_ns + link->delay_ns, size });
	memcpy(link->ring + at + sizeof(struct head), packet, size);
	return true;
}

uint64_t kg_link_next_ns(const struct kg_link *link)
{
	return link->used ? head_at(link, first_record(link)).due_ns : UINT64_MAX;
}

size_t kg_link_take(struct kg_link *link, uint64_t now_ns, const uint8_t **ret)
{
	struct head head;
	size_t at;

	if (!link->used)
		return 0;
	at = first_record(link);
	head = head_at(link, at);
	if (head.due_ns > now_ns)
		return 0;
	link->used -= record_size(head.size) + (at == link->first ? 0 : link->ring_size - link->first);
	link->first = link->used ? (at + record_size(head.size)) % link->ring_size : 0;	// few packets stay in the cache
	link->count.packets++;
	link->count.bytes += head.size;
	*ret = link->ring + at + sizeof(struct head);
	return head.size;
}
