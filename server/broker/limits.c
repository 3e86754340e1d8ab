/* Limits on connections, handshakes and sessions, in all and per address. */
#include "server/broker/limits.h"

#include <netinet/in.h>
#include <sys/socket.h>

#define ADDRESSES_MAX 8192
#define BUCKETS 4096
#define FORGET_US (10 * 60 * 1000000ull)	// an address without connections and failures since
#define RATE_UNIT 1000000ull

const struct kg_limits_settings kg_limits_defaults = {
	.half_open = 2048,
	.half_open_per_address = 256,
	.handshakes = 64,
	.handshakes_per_address = 24,
	.early_drop = 32,
	.sessions = 128,
	.connections_per_second = 20,
	.failures = 5,
	.slow_max_s = 30,
};

struct entry {
	struct kg_address address;
	uint32_t next;			// index + 1 in the bucket's chain, or the free list
	bool used;
	uint32_t half_open, handshakes, sessions;
	uint32_t failures;
	uint64_t slow_until_us;
	uint64_t rate_at_us;		// token bucket as a time: see take_token()
	uint64_t seen_us;
};

struct kg_limits {
	struct kg_limits_settings settings;
	uint64_t seed;
	uint32_t half_open, handshakes, sessions, addresses;
	uint32_t free;
	uint32_t buckets[BUCKETS];
	struct entry entries[ADDRESSES_MAX];
};

const char *kg_verdict_text(enum kg_verdict verdict)
{
	switch (verdict) {
	case KG_ADMIT:
		return "admitted";
	case KG_EVICT_ADDRESS:
	case KG_EVICT_ANY:
		return "too many connections without a word";
	case KG_SLOW:
		return "slowed down";
	case KG_REFUSE_HANDSHAKES:
		return "too many log-ins on the way";
	case KG_REFUSE_ADDRESS:
		return "too many connections of this address";
	case KG_REFUSE_SESSIONS:
		return "too many sessions";
	}
	return "unknown";
}

int kg_limits_new(struct kg_limits **ret, const struct kg_limits_settings *settings, uint64_t seed)
{
	struct kg_limits *limits = calloc(1, sizeof(*limits));

	if (!limits)
		return -ENOMEM;
	limits->settings = *settings;
	limits->seed = seed;
	for (uint32_t i = 0; i < ADDRESSES_MAX; i++)
		limits->entries[i].next = i + 1 < ADDRESSES_MAX ? i + 2 : 0;
	limits->free = 1;
	*ret = limits;
	return 0;
}

void kg_limits_free(struct kg_limits *limits)
{
	free(limits);
}

struct kg_address kg_address_of(const struct sockaddr *address)
{
	struct kg_address a = { .bytes = { 0 } };

	if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

		memcpy(a.bytes, &in6->sin6_addr, 16);
		if (!IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
			memset(a.bytes + 8, 0, 8);
	} else if (address->sa_family == AF_INET) {
		a.bytes[10] = a.bytes[11] = 0xff;
		memcpy(a.bytes + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
	}
	return a;
}

/* ---- the table of addresses ---- */

static uint32_t bucket_of(const struct kg_limits *limits, const struct kg_address *address)
{
	uint64_t half[2], hash = limits->seed;

	memcpy(half, address->bytes, 16);
	for (int i = 0; i < 2; i++) {
		hash ^= half[i];
		hash *= 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 29;
		hash *= 0xbf58476d1ce4e5b9ull;
		hash ^= hash >> 32;
	}
	return (uint32_t)(hash % BUCKETS);
}

static struct entry *find(struct kg_limits *limits, const struct kg_address *address)
{
	for (uint32_t i = limits->buckets[bucket_of(limits, address)]; i; i = limits->entries[i - 1].next) {
		if (!memcmp(&limits->entries[i - 1].address, address, sizeof(*address)))
			return &limits->entries[i - 1];
	}
	return NULL;
}

static bool idle(const struct entry *entry)
{
	return !entry->half_open && !entry->handshakes && !entry->sessions;
}

static void forget(struct kg_limits *limits, struct entry *entry)
{
	uint32_t index = (uint32_t)(entry - limits->entries) + 1;
	uint32_t *link = &limits->buckets[bucket_of(limits, &entry->address)];

	while (*link != index)
		link = &limits->entries[*link - 1].next;
	*link = entry->next;
	*entry = (struct entry){ .next = limits->free };
	limits->free = index;
	limits->addresses--;
}

/* Makes room when the table is full: all that are forgotten by now, else the idle one that was seen least lately. */
static void reclaim(struct kg_limits *limits, uint64_t now_us)
{
	struct entry *oldest = NULL;

	for (uint32_t i = 0; i < ADDRESSES_MAX; i++) {
		struct entry *entry = &limits->entries[i];

		if (!entry->used || !idle(entry))
			continue;
		if (now_us - entry->seen_us > FORGET_US)
			forget(limits, entry);
		else if (!oldest || entry->seen_us < oldest->seen_us)
			oldest = entry;
	}
	if (!limits->free && oldest)
		forget(limits, oldest);
}

/* NULL when the table is full of addresses in use: such a connection counts in all, and not by address. */
static struct entry *find_or_add(struct kg_limits *limits, const struct kg_address *address, uint64_t now_us)
{
	struct entry *entry = find(limits, address);
	uint32_t *bucket;

	if (entry) {
		if (idle(entry) && now_us - entry->seen_us > FORGET_US)
			entry->failures = 0;
		entry->seen_us = now_us;
		return entry;
	}
	if (!limits->free)
		reclaim(limits, now_us);
	if (!limits->free)
		return NULL;
	entry = &limits->entries[limits->free - 1];
	limits->free = entry->next;
	bucket = &limits->buckets[bucket_of(limits, address)];
	*entry = (struct entry){ .address = *address, .next = *bucket, .used = true, .seen_us = now_us };
	*bucket = (uint32_t)(entry - limits->entries) + 1;
	limits->addresses++;
	return entry;
}

/* ---- counting ---- */

static void less(uint32_t *count)
{
	if (*count)
		--*count;
}

enum kg_verdict kg_limits_accept(struct kg_limits *limits, const struct kg_address *address, uint64_t now_us)
{
	struct entry *entry = find_or_add(limits, address, now_us);

	limits->half_open++;
	if (entry && ++entry->half_open > limits->settings.half_open_per_address)
		return KG_EVICT_ADDRESS;
	return limits->half_open > limits->settings.half_open ? KG_EVICT_ANY : KG_ADMIT;
}

void kg_limits_closed(struct kg_limits *limits, const struct kg_address *address)
{
	struct entry *entry = find(limits, address);

	less(&limits->half_open);
	if (entry)
		less(&entry->half_open);
}

/* The bucket is kept as the time at which it was empty: each token moves it on, up to two seconds ahead of now. */
static bool take_token(struct kg_limits *limits, struct entry *entry, uint64_t now_us, uint64_t *wait_us)
{
	uint64_t step = RATE_UNIT / KG_MAX(1u, limits->settings.connections_per_second);

	if (entry->rate_at_us < now_us)
		entry->rate_at_us = now_us;
	if (entry->rate_at_us - now_us > 2 * RATE_UNIT - step) {
		*wait_us = entry->rate_at_us - now_us - (2 * RATE_UNIT - step);
		return false;
	}
	entry->rate_at_us += step;
	return true;
}

/* Refusal begins at early_drop with probability 0 and is certain at handshakes. */
static bool dropped_early(const struct kg_limits *limits, uint32_t chance)
{
	const struct kg_limits_settings *s = &limits->settings;

	if (limits->handshakes >= s->handshakes)
		return true;
	if (limits->handshakes < s->early_drop || s->early_drop >= s->handshakes)
		return false;
	return chance % (s->handshakes - s->early_drop) < limits->handshakes - s->early_drop;
}

enum kg_verdict kg_limits_handshake(struct kg_limits *limits, const struct kg_address *address, uint64_t now_us,
				    uint32_t chance, uint64_t *wait_us)
{
	struct entry *entry = find_or_add(limits, address, now_us);

	if (limits->sessions + limits->handshakes >= limits->settings.sessions)
		return KG_REFUSE_SESSIONS;
	if (dropped_early(limits, chance))
		return KG_REFUSE_HANDSHAKES;
	if (entry) {
		if (entry->handshakes >= limits->settings.handshakes_per_address)
			return KG_REFUSE_ADDRESS;
		if (entry->slow_until_us > now_us) {
			*wait_us = entry->slow_until_us - now_us;
			return KG_SLOW;
		}
		if (!take_token(limits, entry, now_us, wait_us))
			return KG_SLOW;
		less(&entry->half_open);
		entry->handshakes++;
	}
	less(&limits->half_open);
	limits->handshakes++;
	return KG_ADMIT;
}

void kg_limits_logged_in(struct kg_limits *limits, const struct kg_address *address)
{
	struct entry *entry = find(limits, address);

	less(&limits->handshakes);
	limits->sessions++;
	if (!entry)
		return;
	less(&entry->handshakes);
	entry->sessions++;
}

void kg_limits_ended(struct kg_limits *limits, const struct kg_address *address, bool logged_in)
{
	struct entry *entry = find(limits, address);

	less(logged_in ? &limits->sessions : &limits->handshakes);
	if (entry)
		less(logged_in ? &entry->sessions : &entry->handshakes);
}

void kg_limits_failed(struct kg_limits *limits, const struct kg_address *address, uint64_t now_us)
{
	struct entry *entry = find_or_add(limits, address, now_us);
	uint32_t over, seconds;

	if (!entry || !limits->settings.failures)
		return;
	if (entry->failures < UINT32_MAX)
		entry->failures++;
	if (entry->failures < limits->settings.failures)
		return;
	/* 1, 2, 4 ... seconds from now. */
	over = entry->failures - limits->settings.failures;
	seconds = over < 16 ? 1u << over : 1u << 16;
	entry->slow_until_us = now_us + KG_MIN(seconds, limits->settings.slow_max_s) * RATE_UNIT;
}

void kg_limits_proved(struct kg_limits *limits, const struct kg_address *address)
{
	struct entry *entry = find(limits, address);

	if (!entry)
		return;
	entry->failures = 0;
	entry->slow_until_us = 0;
}

struct kg_limits_counts kg_limits_counts(const struct kg_limits *limits)
{
	return (struct kg_limits_counts){ limits->half_open, limits->handshakes, limits->sessions, limits->addresses };
}
