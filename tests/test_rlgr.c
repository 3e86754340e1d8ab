/*
 * RLGR and SRL, the C twins: against a decoder that is written from [MS-RDPRFX] 3.1.8.1.7.3, and the examples of
 * [MS-RDPRFX] 4.2.4 and [MS-RDPEGFX] 4.1.2. What the lists of the variants become is compared with C in checkdsp.
 */
#include "codec/codec.h"
#include "codec/upgrade.h"
#include "tests/tap.h"
#include "tests/vectors/rfx-tileset.h"

#ifdef KG_SANITIZED
enum { ROUNDS = 300 };
#else
enum { ROUNDS = 1500 };
#endif

static struct kg_dsp dsp;
static struct kg_rfx_batch batch;
static const char *const coder_names[KG_RFX_CODERS] = { "RLGR1", "RLGR3" };

/* ---- the decoder, bit by bit ---- */

struct reader {
	const uint8_t *bytes;
	uint32_t size, at;		// bits
};

static uint32_t take(struct reader *r, uint32_t count)
{
	uint32_t value = 0;

	for (; count; count--, r->at++)
		value = value << 1 | (r->at / 8 < r->size && (r->bytes[r->at / 8] >> (7 - r->at % 8) & 1));
	return value;
}

static uint32_t bound(int kp)
{
	return (uint32_t)(kp < 0 ? 0 : kp > 80 ? 80 : kp);
}

static uint32_t take_number(struct reader *r, uint32_t *krp)
{
	uint32_t kr = *krp / 8, ones = 0, number;

	while (r->at < r->size * 8 && take(r, 1))
		ones++;
	number = ones << kr | take(r, kr);
	*krp = bound(ones ? (int)*krp + (ones > 1 ? (int)ones : 0) : (int)*krp - 2);
	return number;
}

static int16_t unfold(uint32_t folded)
{
	return (int16_t)(folded & 1 ? -(int)((folded + 1) / 2) : (int)(folded / 2));
}

static void decode(enum kg_rfx_coder coder, const uint8_t *bytes, uint32_t size, int16_t *values)
{
	struct reader r = { bytes, size, 0 };
	uint32_t kp = 8, krp = 8, n = 0;

	memset(values, 0, KG_RFX_VALUES * sizeof(*values));
	while (n < KG_RFX_VALUES && r.at < size * 8) {
		if (kp / 8) {
			uint32_t magnitude;
			bool negative;

			while (!take(&r, 1) && r.at < size * 8) {
				n += 1u << kp / 8;
				kp = bound((int)kp + 4);
			}
			n += take(&r, kp / 8);
			negative = take(&r, 1);
			magnitude = take_number(&r, &krp) + 1;
			kp = bound((int)kp - 6);
			if (n < KG_RFX_VALUES)
				values[n++] = (int16_t)(negative ? -(int)magnitude : (int)magnitude);
		} else if (coder == KG_RFX_RLGR1) {
			uint32_t folded = take_number(&r, &krp);

			kp = bound((int)kp + (folded ? -3 : 3));
			values[n++] = unfold(folded);
		} else {
			uint32_t sum = take_number(&r, &krp), bits = sum ? 32 - (uint32_t)__builtin_clz(sum) : 0;
			uint32_t first = take(&r, bits), second = sum - first;

			kp = bound((int)kp + (first && second ? -6 : !first && !second ? 6 : 0));
			values[n++] = unfold(first);
			if (n < KG_RFX_VALUES)
				values[n++] = unfold(second);
		}
	}
}

/* ---- lists ---- */

static void list_of(const int16_t *values, struct kg_rfx_list *list)
{
	list->count = 0;
	list->position[-1] = 0xffff;
	for (uint32_t i = 0; i < KG_RFX_VALUES; i++)
		if (values[i]) {
			list->position[list->count] = (uint16_t)i;
			list->value[list->count++] = values[i];
		}
}

static int16_t random_value(uint32_t position, uint32_t most)
{
	enum kg_rfx_band band = 0;
	int value;

	while (position >= kg_rfx_start[KG_RFX_EXTRAPOLATE][band + 1])
		band++;
	value = 1 + (int)(rnd() % KG_MIN(most, (uint32_t)kg_rfx_value_max[band]));
	return (int16_t)(rnd() & 1 ? -value : value);
}

/* density: of 256 values, so many are not 0. */
static void random_values(int16_t *values, uint32_t density, uint32_t most)
{
	for (uint32_t i = 0; i < KG_RFX_VALUES; i++)
		values[i] = rnd() % 256 < density ? random_value(i, rnd() % 8 ? 1 + most / 16 : most) : 0;
}

/* Values that cost most: a great one whenever the coder expects small ones. */
static void costly_values(int16_t *values, uint32_t every)
{
	for (uint32_t i = 0; i < KG_RFX_VALUES; i++)
		values[i] = i % every ? 1 : random_value(i, 0xffff);
}

static void check_random(enum kg_rfx_coder coder)
{
	int16_t values[3][KG_RFX_VALUES], back[KG_RFX_VALUES];
	bool right = true, fits = true;
	uint32_t longest = 0;

	for (int round = 0; right && round < ROUNDS; round++) {
		struct kg_rfx_list *lists[3] = { batch.lists, batch.lists + 1, batch.lists + 2 };

		for (int i = 0; i < 3; i++) {
			if (round % 8)
				random_values(values[i], rnd() % 257, 1u << rnd() % 12);
			else
				costly_values(values[i], 2 + rnd() % 60);
			if (round % 16 == 1)		// one value, or none
				memset(values[i], 0, sizeof(values[i]));
			if (round % 32 == 1)
				values[i][rnd() % KG_RFX_VALUES] = -1;
			list_of(values[i], lists[i]);
			memset(lists[i]->bytes, 0xaa, KG_RFX_BYTES);
		}
		dsp.rfx_rlgr[coder](lists, 3, batch.scratch);
		for (int i = 0; i < 3; i++) {
			decode(coder, lists[i]->bytes, lists[i]->size, back);
			right &= !memcmp(values[i], back, sizeof(back));
			fits &= lists[i]->size <= KG_RFX_BYTES - 64;
			longest = KG_MAX(longest, lists[i]->size);
		}
	}
	ok(right, "%s: what is coded can be decoded", coder_names[coder]);
	ok(fits, "%s: any list has room (%u bytes of %d)", coder_names[coder], longest, KG_RFX_BYTES);
}

/* ---- examples ---- */

static uint32_t fnv(const void *bytes, size_t size)
{
	uint32_t hash = 0x811c9dc5;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x01000193;
	return hash;
}

static void check_tileset(void)
{
	const uint8_t *at = example_tileset + EXAMPLE_TILE_AT;
	struct kg_rfx_list *list = batch.lists;
	bool decoded = true, coded = true;

	for (int c = 0; c < 3; c++) {
		uint32_t size = example_components[c].size, same = 0;
		int16_t values[KG_RFX_VALUES];

		decode(KG_RFX_RLGR3, at, size, values);
		list_of(values, list);
		decoded &= list->count == example_components[c].count && fnv(values, sizeof(values)) == example_components[c].hash &&
			   !memcmp(values + KG_RFX_VALUES - 64, example_components[c].ll3, 128);
		dsp.rfx_rlgr[KG_RFX_RLGR3](&list, 1, batch.scratch);
		while (same < list->size && list->bytes[same] == at[same])
			same++;
		/* What stands for the second of the last pair where there is only one, and what follows, is an encoder's own. */
		coded &= same + 2 >= list->size && list->size <= size;
		at += size;
	}
	ok(decoded && at == example_tileset + sizeof(example_tileset), "[MS-RDPRFX] 4.2.4: the decoder decodes the example");
	ok(coded, "[MS-RDPRFX] 4.2.4: RLGR3 codes its values to its bytes");
}

static bool starts_with(const int16_t *values, uint32_t count, const uint8_t *bytes, uint32_t bits)
{
	struct kg_rfx_list *list = batch.lists;
	int16_t all[KG_RFX_VALUES] = { 0 };
	struct reader a, b = { bytes, 64, 0 };

	memcpy(all, values, count * sizeof(*values));
	list_of(all, list);
	dsp.rfx_rlgr[KG_RFX_RLGR1](&list, 1, batch.scratch);
	a = (struct reader){ list->bytes, list->size, 0 };
	for (uint32_t i = 0; i < bits; i++)
		if (take(&a, 1) != take(&b, 1))
			return false;
	return true;
}

/* What a pass makes of the values after it: bytes, size and raw of the list that is returned. */
static const struct kg_rfx_list *upgrade(const struct kg_upgrade *pass, const int16_t *values)
{
	struct kg_rfx_list *whole = &batch.spare, *list = batch.lists;

	list_of(values, whole);
	list->raw = dsp.upgrade_split(pass, whole, list, list->bytes + KG_UPGRADE_SRL, batch.scratch);
	dsp.upgrade_srl(&list, 1, batch.scratch);
	return list;
}

/* Bands of 5, 5 and 4 values, as [MS-RDPEGFX] 4.1.2 has them for simplicity. */
static bool upgrade_is(const int16_t *values, const uint8_t *from, const uint8_t *to, const char *want_srl,
		       uint32_t srl_size, const char *want_raw, uint32_t raw_size)
{
	static const uint16_t start[] = { 0, 5, 10, 14 };
	const uint8_t bits[] = { from[0] - to[0], from[1] - to[1], from[2] - to[2] };
	struct kg_upgrade pass = { start, 3, bits };
	const struct kg_rfx_list *list;
	int16_t all[KG_RFX_VALUES] = { 0 };

	for (int i = 0; i < 10; i++)		// the others are rounded towards 0, the last band down
		all[i] = (int16_t)(values[i] / (1 << to[i / 5]));
	for (int i = 10; i < 14; i++)
		all[i] = values[i] >> to[2];
	for (int i = 13; i > 10; i--)		// which is a list of differences
		all[i] = (int16_t)(all[i] - all[i - 1]);
	list = upgrade(&pass, all);
	return list->size == srl_size + 1 && !list->bytes[srl_size] && !memcmp(list->bytes, want_srl, srl_size) &&
	       list->raw == raw_size && !memcmp(list->bytes + KG_UPGRADE_SRL, want_raw, raw_size);
}

static void check_passes(void)
{
	static const int16_t first[] = { -2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 1, -7, 6 };
	static const int16_t second[] = { 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, -4, 8, -9 };
	static const int16_t frame_1[] = { -34, -13, 15, -3, 0, 0, -7, 5, -3, 9, 15, 17, -9, 12 };
	static const int16_t frame_2[] = { 32, 11, -12, 0, 1, 3, -1, 1, 0, -7, 12, -3, 30, -7 };
	static const uint8_t at_25[] = { 4, 3, 2 }, at_50[] = { 0, 1, 2 }, at_100[] = { 0, 0, 0 };

	ok(starts_with(first, 14, (const uint8_t *)"\xa8\x62\x6d\xff\xf7", 43) &&
	   starts_with(second, 14, (const uint8_t *)"\x88\x76\xbd\xff\xfe\xf2", 47),
	   "[MS-RDPEGFX] 4.1.2.1.1 and .3: first passes");
	ok(upgrade_is(frame_1, at_25, at_50, "\xa0\x01\x80\x00\xc9\x49\xe0", 7, "\x20", 1),
	   "[MS-RDPEGFX] 4.1.2.1.2: frame 1 at 50 %%");
	/*
	 * The text forgets two bits, sign and magnitude of the first 1, and has 80 07 00 16 9c: by its own rules (and for
	 * FreeRDP) that would be 11, -12, 0, -2 and not the values that it names.
	 */
	ok(upgrade_is(frame_2, at_25, at_50, "\x80\x07\x00\x15\xa7\x00", 6, "\x00", 1),
	   "[MS-RDPEGFX] 4.1.2.1.4: frame 2 at 50 %%, with the two bits that the text forgets");
	ok(upgrade_is(frame_2, at_50, at_100, "\xb0", 1, "\xc6\x40", 2), "[MS-RDPEGFX] 4.1.2.1.5: frame 2 at 100 %%");
}

/* The most that a pass can need: every value gets its first bits, all but the last of them as zeros. */
static void check_upgrade_room(void)
{
	uint8_t bits[KG_RFX_BANDS];
	int16_t values[KG_RFX_VALUES];
	struct kg_upgrade pass = { kg_rfx_start[KG_RFX_EXTRAPOLATE], KG_RFX_BANDS, bits };
	uint32_t srl = 0, raw = 0;

	memset(bits, KG_UPGRADE_BITS, sizeof(bits));
	for (int raise = 0; raise < 2; raise++) {
		const struct kg_rfx_list *list;

		for (int i = 0; i < KG_RFX_VALUES; i++)
			values[i] = (int16_t)(raise << KG_UPGRADE_BITS | ((1 << KG_UPGRADE_BITS) - 1 - (i & 1)));
		list = upgrade(&pass, values);
		srl = KG_MAX(srl, list->size);
		raw = KG_MAX(raw, list->raw);
	}
	ok(srl <= KG_UPGRADE_SRL - 8 && raw <= KG_UPGRADE_RAW - 8, "the bits of any pass have room: %u bytes of SRL, %u raw", srl,
	   raw);
}

int main(void)
{
	tap_seed_init();
	kg_dsp_init(&dsp, KG_CPU_C);
	kg_rfx_batch_init(&batch, malloc(kg_rfx_batch_size(1)), 1);
	check_random(KG_RFX_RLGR1);
	check_random(KG_RFX_RLGR3);
	check_tileset();
	check_passes();
	check_upgrade_room();
	return tap_end();
}
