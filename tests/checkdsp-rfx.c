/*
 * Every variant of RemoteFX's inner functions against its C twin: the same lists, values and bytes, nothing touched
 * outside. --bench prints times, and cycles by event and by pixel.
 */
#include "codec/dsp.h"
#include "tests/check.h"

enum { LISTS = 100, TILE = KG_RFX_TILE, VALUES = KG_RFX_VALUES };

static struct kg_dsp c;

/* ---- lists ---- */

/* Memory of lists as codec/rfx.h promises it and no more; what lies behind what may be read is forbidden. */
static void list_init(struct kg_rfx_list *list)
{
	*list = (struct kg_rfx_list){
		.position = (uint16_t *)guarded((KG_RFX_LIST_FRONT + KG_RFX_LIST_ROOM) * 2) + KG_RFX_LIST_FRONT,
		.value = (int16_t *)guarded((KG_RFX_LIST_FRONT + KG_RFX_LIST_ROOM) * 2) + KG_RFX_LIST_FRONT,
		.bytes = guarded(KG_RFX_BYTES),
	};
}

static bool list_clean(const struct kg_rfx_list *list)
{
	return front_clean(list->position - KG_RFX_LIST_FRONT) && front_clean(list->value - KG_RFX_LIST_FRONT) &&
	       front_clean(list->bytes);
}

static struct kg_rfx_list *lists_new(uint32_t count)
{
	struct kg_rfx_list *lists = guarded(count * sizeof(*lists));

	for (uint32_t i = 0; i < count; i++)
		list_init(&lists[i]);
	return lists;
}

/* Values up to 2^bits - 1, both signs; zeros with chance in 256 before each, so dense is 0. */
static void list_fill(struct kg_rfx_list *list, uint32_t dense, uint32_t bits, uint32_t end)
{
	list->count = 0;
	list->position[-1] = 0xffff;
	for (uint32_t at = 0; at < end; at++) {
		int value = (int)(1 + rnd() % ((1u << bits) - 1));

		if (rnd() % 256 >= dense)
			continue;
		list->position[list->count] = (uint16_t)at;
		list->value[list->count++] = (int16_t)(rnd() % 2 ? value : -value);
	}
	for (uint32_t i = list->count; i < list->count + KG_RFX_LIST_SLACK; i++) {	// anything may lie there
		list->position[i] = (uint16_t)rnd();
		list->value[i] = (int16_t)rnd();
	}
}

static void list_copy(struct kg_rfx_list *to, const struct kg_rfx_list *from)
{
	size_t front = KG_RFX_LIST_FRONT, size = (KG_RFX_LIST_FRONT + KG_RFX_LIST_ROOM) * 2;

	memcpy(to->position - front, from->position - front, size);
	memcpy(to->value - front, from->value - front, size);
	to->count = from->count;
}

static int longer(const void *a, const void *b)
{
	const struct kg_rfx_list *left = *(struct kg_rfx_list *const *)a, *right = *(struct kg_rfx_list *const *)b;

	return (left->count < right->count) - (left->count > right->count);
}

/* ---- rlgr ---- */

struct rlgr_case {
	KG_RFX_RLGR_FN((*function));
	struct kg_rfx_list **order;
	uint32_t count;
	uint8_t *scratch;
};

static void run_rlgr(void *data)
{
	struct rlgr_case *t = data;

	t->function(t->order, t->count, t->scratch);
}

/* Lists for each way through the coders: dense and sparse, small values, values whose codes are too long for a lane, long
 * runs, and an end with and without zeros behind it. */
static void rlgr_fill(struct kg_rfx_list *list, uint32_t round)
{
	static const uint32_t dense[] = { 256, 250, 128, 64, 20, 5, 1 }, bits[] = { 1, 1, 2, 3, 5, 8, 11 };
	uint32_t kind = rnd() % 8, end = rnd() % 3 ? VALUES : rnd() % (VALUES + 1);

	if (kind == 0) {
		list_fill(list, 0, 1, VALUES);
	} else if (kind == 1) {		// one value in a sea of zeros, a burst of large values behind it
		list_fill(list, 1, 11, end);
		list->count = KG_MIN(list->count, 1 + rnd() % 3);
	} else {
		list_fill(list, dense[rnd() % 7], bits[(round + rnd()) % 7], end);
	}
	if (kind == 2)			// calm, then a value as large as can be: the longest codes there are
		for (uint32_t i = 7; i < list->count; i += 1 + rnd() % 40)
			list->value[i] = rnd() % 2 ? KG_RFX_VALUE_MAX : -KG_RFX_VALUE_MAX;
}

static void check_rlgr(const struct kg_dsp *dsp, const char *cpu, enum kg_rfx_coder coder)
{
	struct kg_rfx_list *want = lists_new(LISTS), *got = lists_new(LISTS);
	struct kg_rfx_list *want_order[LISTS], *got_order[LISTS];
	uint8_t *scratch = guarded(KG_RFX_SCRATCH);
	bool right = true;

	for (uint32_t round = 0; right && round < 60; round++) {
		uint32_t count = round < 5 ? round : 1 + rnd() % LISTS;
		struct rlgr_case a = { c.rfx_rlgr[coder], want_order, count, scratch };
		struct rlgr_case b = { dsp->rfx_rlgr[coder], got_order, count, scratch };

		for (uint32_t i = 0; i < count; i++) {
			rlgr_fill(&want[i], round);
			want_order[i] = &want[i];
		}
		if (rnd() % 4)		// that they are sorted makes it fast, not right
			qsort(want_order, count, sizeof(*want_order), longer);
		for (uint32_t i = 0; i < count; i++) {
			got_order[i] = &got[want_order[i] - want];
			list_copy(got_order[i], want_order[i]);
		}
		run_rlgr(&a);
		memset(scratch, rnd() % 256, KG_RFX_SCRATCH);
		right = check_survives(run_rlgr, &b);
		for (uint32_t i = 0; right && i < count; i++) {
			right = want[i].size == got[i].size && !memcmp(want[i].bytes, got[i].bytes, want[i].size) &&
				list_clean(&got[i]);
			if (!right)
				note("list %u of %u, %u values: %u bytes, C %u", i, count, want[i].count, got[i].size, want[i].size);
		}
	}
	ok(right && front_clean(scratch), "RLGR%d %s: random lists of all kinds", coder == KG_RFX_RLGR1 ? 1 : 3, cpu);
}

/* ---- stage 1 ---- */

enum { STRIDE_MAX = TILE * 4 + 100 };

struct stage1_case {
	const struct kg_dsp *dsp;
	enum kg_rfx_wavelet wavelet;
	const uint8_t *pixels;
	size_t stride;
	uint32_t rows;
	const struct kg_rfx_scale *scale;
	struct kg_rfx_list *lists;
	int16_t *values;
	void *scratch;
	bool overflows;
};

static void run_lists(void *data)
{
	struct stage1_case *t = data;

	t->overflows = t->dsp->rfx_lists[t->wavelet](t->pixels, t->stride, t->rows, t->scale, t->lists, t->scratch);
}

static void run_values(void *data)
{
	struct stage1_case *t = data;

	t->overflows = t->dsp->rfx_values[t->wavelet](t->pixels, t->stride, t->rows, t->scale, t->values, t->scratch);
}

/* Pictures from calm to what makes coefficients as large as can be. */
static void pixels_fill(uint8_t *pixels, size_t stride, uint32_t rows, uint32_t kind)
{
	uint32_t base = rnd() % 256, grain = 1 + rnd() % 16, period = 1 + rnd() % 9, slope = rnd() % 8;

	for (uint32_t y = 0; y < rows; y++)
		for (uint32_t x = 0; x < TILE; x++)
			for (uint32_t k = 0; k < 4; k++) {
				uint8_t *at = pixels + y * stride + x * 4 + k;

				switch (kind % 8) {
				case 0:			// flat
					*at = (uint8_t)base;
					break;
				case 1:			// with a grain
					*at = (uint8_t)(128 + (int)(base % 64) + (int)(rnd() % grain));
					break;
				case 2:			// noise
					*at = (uint8_t)rnd();
					break;
				case 3:			// black and white, each colour for itself
					*at = rnd() % 2 ? 255 : 0;
					break;
				case 4:			// stripes and checkers
					*at = (x / period + (base & 1 ? y / period : 0)) % 2 ? 255 : 0;
					break;
				case 5:			// a slope
					*at = (uint8_t)(x * slope + y + k * 5);
					break;
				case 6:			// text: few dark pixels on white
					*at = rnd() % 8 ? 255 : (uint8_t)(rnd() % 64);
					break;
				default:		// all but flat
					*at = (uint8_t)(base + (rnd() % 64 == 0));
				}
			}
}

/* Steps as both protocols allow them, sometimes those of a first pass. */
static void scales_fill(struct kg_rfx_scale *scale)
{
	for (int i = 0; i < 3; i++) {
		struct kg_rfx_quant quant = KG_RFX_QUANT_DEFAULT;
		uint8_t later[KG_RFX_BANDS] = { 0 };
		bool first_pass = rnd() % 3 == 0, few = rnd() % 2;

		for (int band = 0; band < KG_RFX_BANDS; band++) {
			if (rnd() % 2)
				quant.step[band] = (uint8_t)(KG_RFX_STEP_MIN + rnd() % (KG_RFX_STEP_MAX - KG_RFX_STEP_MIN + 1));
			if (!few || rnd() % 10 == 0)
				later[band] = (uint8_t)(rnd() % (band == KG_LL3 ? KG_RFX_STEP_MAX + 1 - quant.step[band] : 9));
		}
		kg_rfx_scale_init(&scale[i], &quant, first_pass ? later : NULL);
	}
}

static bool lists_equal(const struct kg_rfx_list *want, const struct kg_rfx_list *got)
{
	size_t size = want->count * sizeof(int16_t);

	return want->count == got->count && !memcmp(want->position - 1, got->position - 1, size + 2) &&
	       !memcmp(want->value, got->value, size) && list_clean(got);
}

static void check_stage1(const struct kg_dsp *dsp, const char *cpu, enum kg_rfx_wavelet wavelet)
{
	static const char *const names[] = { "symmetric", "extrapolated" };
	struct kg_rfx_list *want = lists_new(3), *got = lists_new(3);
	int16_t *want_values = guarded(3 * VALUES * 2), *got_values = guarded(3 * VALUES * 2);
	uint8_t *scratch = guarded(KG_RFX_SCRATCH), *pixels = guarded(TILE * STRIDE_MAX);
	bool right = true, overflowed = false;

	for (uint32_t round = 0; right && round < 600; round++) {
		uint32_t rows = round % 3 ? TILE : 1 + rnd() % TILE;
		size_t stride = TILE * 4 + rnd() % 101;
		uint8_t *at = pixels + TILE * STRIDE_MAX - (stride * (rows - 1) + TILE * 4);
		struct kg_rfx_scale scale[3];
		struct stage1_case a = { &c, wavelet, at, stride, rows, scale, want, want_values, scratch, false }, b = a;

		b = (struct stage1_case){ dsp, wavelet, at, stride, rows, scale, got, got_values, scratch, false };
		pixels_fill(at, stride, rows, round);
		if (round % 4 == 3)
			scales_fill(scale);
		else
			for (int i = 0; i < 3; i++)
				kg_rfx_scale_init(&scale[i], &KG_RFX_QUANT_DEFAULT, NULL);
		run_lists(&a);
		memset(scratch, rnd() % 256, KG_RFX_SCRATCH);
		right = check_survives(run_lists, &b) && a.overflows == b.overflows;
		for (int i = 0; right && i < 3; i++)
			right = lists_equal(&want[i], &got[i]);
		overflowed |= a.overflows;
		if (!right) {
			note("lists, picture %u, %u rows: %u %u %u values, C %u %u %u", round % 8, rows, got[0].count, got[1].count,
			     got[2].count, want[0].count, want[1].count, want[2].count);
			break;
		}
		run_values(&a);
		memset(scratch, rnd() % 256, KG_RFX_SCRATCH);
		right = check_survives(run_values, &b) && a.overflows == b.overflows;
		for (uint32_t i = 0; right && i < 3 * VALUES; i++) {
			right = want_values[i] == got_values[i];
			if (!right)
				note("values, picture %u, %u rows: [%u] %d, C %d", round % 8, rows, i, got_values[i], want_values[i]);
		}
	}
	ok(right && front_clean(scratch) && front_clean(got_values), "stage 1 %s, %s: lists and values of pictures of all kinds", cpu,
	   names[wavelet]);
	ok(overflowed == (wavelet == KG_RFX_EXTRAPOLATE), "some of them overflow in the corner only where it is extrapolated");
}

struct pack_case {
	const struct kg_dsp *dsp;
	const int16_t *values;
	uint32_t ll3;
	struct kg_rfx_list *list;
};

static void run_pack(void *data)
{
	struct pack_case *t = data;

	t->dsp->rfx_pack(t->values, t->ll3, t->list);
}

static void check_pack(const struct kg_dsp *dsp, const char *cpu)
{
	struct kg_rfx_list *want = lists_new(1), *got = lists_new(1);
	int16_t *values = guarded(VALUES * 2);
	bool right = true;

	for (uint32_t round = 0; right && round < 300; round++) {
		uint32_t ll3 = kg_rfx_start[round % 2][KG_LL3], dense = rnd() % 3 ? rnd() % 257 : 0;
		struct pack_case a = { &c, values, ll3, want }, b = { dsp, values, ll3, got };

		for (uint32_t i = 0; i < VALUES; i++)
			values[i] = (int16_t)(rnd() % 256 < dense ? (int)(rnd() % 2047) - 1023 : 0);
		run_pack(&a);
		right = check_survives(run_pack, &b) && lists_equal(want, got);
	}
	ok(right, "pack %s", cpu);
}

/* ---- upgrades ---- */

struct split_case {
	const struct kg_dsp *dsp;
	const struct kg_upgrade *pass;
	const struct kg_rfx_list *list;
	struct kg_rfx_list *srl;
	uint8_t *raw;
	void *scratch;
	uint32_t size;
};

static void run_split(void *data)
{
	struct split_case *t = data;

	t->size = t->dsp->upgrade_split(t->pass, t->list, t->srl, t->raw, t->scratch);
}

static void run_srl(void *data)
{
	struct rlgr_case *t = data;

	t->function(t->order, t->count, t->scratch);
}

static void bits_fill(uint8_t *bits)
{
	uint32_t most = rnd() % (KG_UPGRADE_BITS + 1);

	for (int band = 0; band < KG_RFX_BANDS; band++)
		bits[band] = (uint8_t)(rnd() % 4 ? most : rnd() % (KG_UPGRADE_BITS + 1));
}

static void check_split(const struct kg_dsp *dsp, const char *cpu)
{
	struct kg_rfx_list *list = lists_new(1), *want = lists_new(1), *got = lists_new(1);
	uint8_t *want_raw = guarded(KG_UPGRADE_RAW), *got_raw = guarded(KG_UPGRADE_RAW), *scratch = guarded(KG_RFX_SCRATCH);
	uint8_t bits[KG_RFX_BANDS];
	struct kg_upgrade pass = { kg_rfx_start[KG_RFX_EXTRAPOLATE], KG_RFX_BANDS, bits };
	bool right = true;

	for (uint32_t round = 0; right && round < 1500; round++) {
		struct split_case a = { &c, &pass, list, want, want_raw, scratch, 0 };
		struct split_case b = { dsp, &pass, list, got, got_raw, scratch, 0 };
		size_t size;

		rlgr_fill(list, round);
		bits_fill(bits);
		run_split(&a);
		memset(scratch, rnd() % 256, KG_RFX_SCRATCH);
		right = check_survives(run_split, &b);
		size = want->count * sizeof(uint16_t);
		right = right && a.size == b.size && !memcmp(want_raw, got_raw, a.size) && want->count == got->count &&
			!memcmp(want->position - 1, got->position - 1, size + 4) && !memcmp(want->value, got->value, size) &&
			list_clean(list) && list_clean(got) && front_clean(got_raw);
		if (!right)
			note("%u values: %u of SRL, %u raw bytes, C %u and %u", list->count, got->count, b.size, want->count, a.size);
	}
	ok(right && front_clean(scratch), "split %s: any list by any bits", cpu);
}

/* What a split gives: the codes of passes of few bits, in some lists those of all lengths. */
static void srl_fill(struct kg_rfx_list *list, uint32_t round)
{
	uint32_t most = rnd() % 3 ? 1u << rnd() % 3 : KG_SRL_LENGTH, end;

	rlgr_fill(list, round);
	for (uint32_t i = 0; i < list->count; i++) {
		uint32_t length = rnd() % (rnd() % 2 ? most : KG_MIN(most, 3u));

		list->value[i] = (int16_t)((rnd() % 2 ? KG_SRL_NEGATIVE : 0) | (length && rnd() % 2 ? KG_SRL_ENDED : 0) | length);
	}
	end = list->count ? list->position[list->count - 1] + 1u : 0;
	list->position[list->count] = (uint16_t)(rnd() % 4 ? end + rnd() % (VALUES - end + 1) : end);
}

static void check_srl(const struct kg_dsp *dsp, const char *cpu)
{
	struct kg_rfx_list *want = lists_new(LISTS), *got = lists_new(LISTS);
	struct kg_rfx_list *want_order[LISTS], *got_order[LISTS];
	uint8_t *scratch = guarded(KG_RFX_SCRATCH);
	bool right = true;

	for (uint32_t round = 0; right && round < 60; round++) {
		uint32_t count = round < 5 ? round : 1 + rnd() % LISTS;
		struct rlgr_case a = { c.upgrade_srl, want_order, count, scratch };
		struct rlgr_case b = { dsp->upgrade_srl, got_order, count, scratch };

		for (uint32_t i = 0; i < count; i++) {
			srl_fill(&want[i], round);
			list_copy(&got[i], &want[i]);
			want_order[i] = &want[i];
			got_order[i] = &got[i];
		}
		run_srl(&a);
		memset(scratch, rnd() % 256, KG_RFX_SCRATCH);
		right = check_survives(run_srl, &b);
		for (uint32_t i = 0; right && i < count; i++) {
			right = want[i].size == got[i].size && !memcmp(want[i].bytes, got[i].bytes, want[i].size) &&
				list_clean(&got[i]);
			if (!right)
				note("list %u of %u, %u values: %u bytes, C %u", i, count, want[i].count, got[i].size, want[i].size);
		}
	}
	ok(right && front_clean(scratch), "SRL %s: random lists of all kinds", cpu);
}

/* ---- times ---- */

/* Stage 1 of a tile of grain or of a text page. */
static void bench_stage1(const struct kg_dsp *dsp, const char *cpu, uint32_t picture)
{
	struct kg_rfx_list *lists = lists_new(3);
	uint8_t *scratch = guarded(KG_RFX_SCRATCH), *pixels = guarded(TILE * TILE * 4);
	int16_t *values = guarded(3 * VALUES * 2);
	struct kg_rfx_scale scale[3];

	for (int i = 0; i < 3; i++)
		kg_rfx_scale_init(&scale[i], &KG_RFX_QUANT_DEFAULT, NULL);
	pixels_fill(pixels, TILE * 4, TILE, picture);
	for (enum kg_rfx_wavelet w = 0; w < KG_RFX_WAVELETS; w++) {
		COMPARE(w == KG_RFX_SYMMETRIC ? "lists, symmetric" : "lists, extrapolated", TILE * TILE,
			use->rfx_lists[w](pixels, TILE * 4, TILE, scale, lists, scratch));
		COMPARE(w == KG_RFX_SYMMETRIC ? "values, symmetric" : "values, extrapolated", TILE * TILE,
			use->rfx_values[w](pixels, TILE * 4, TILE, scale, values, scratch));
	}
	COMPARE("pack", TILE * TILE / 3.0, use->rfx_pack(values, kg_rfx_start[KG_RFX_EXTRAPOLATE][KG_LL3], lists));
}

/* What coding lists takes, by a variant and its C twin. An event is a value that is not 0, with the zeros in front of it. */
static void note_coder(const char *what, const char *kind, const char *cpu, const struct rlgr_case *t, KG_RFX_RLGR_FN((*c_twin)))
{
	double ns = TIME(t->function(t->order, t->count, t->scratch)), c_ns = TIME(c_twin(t->order, t->count, t->scratch));
	double cycles = ns * check_clock();
	uint32_t events = 0;

	for (uint32_t i = 0; i < t->count; i++)
		events += t->order[i]->count;
	note("%s, %s %s: %.0f ns, %.2f cycles an event, %.3f a pixel, C %.0f ns, %.1f times as fast", what, kind, cpu, ns,
	     cycles / events, cycles / (t->count / 3.0 * VALUES), c_ns, c_ns / ns);
}

/* Stage 2 of as many lists as are coded in one call. */
static void bench_coders(const struct kg_dsp *dsp, const char *cpu, const char *kind, uint32_t dense, uint32_t bits)
{
	struct kg_rfx_list *lists = lists_new(LISTS), *order[LISTS];
	uint8_t *scratch = guarded(KG_RFX_SCRATCH);
	struct rlgr_case t = { dsp->rfx_rlgr[KG_RFX_RLGR1], order, LISTS, scratch };

	for (int i = 0; i < LISTS; i++) {
		list_fill(&lists[i], dense, bits, VALUES);
		order[i] = &lists[i];
	}
	note_coder("rlgr1", kind, cpu, &t, c.rfx_rlgr[KG_RFX_RLGR1]);
	t.function = dsp->rfx_rlgr[KG_RFX_RLGR3];
	note_coder("rlgr3", kind, cpu, &t, c.rfx_rlgr[KG_RFX_RLGR3]);
	for (int i = 0; i < LISTS; i++) {	// an upgrade of two bits
		for (uint32_t k = 0; k < lists[i].count; k++)
			lists[i].value[k] = (int16_t)((rnd() % 2 ? KG_SRL_NEGATIVE : 0) | KG_SRL_ENDED | (1 + rnd() % 3));
		lists[i].position[lists[i].count] = VALUES;
	}
	t.function = dsp->upgrade_srl;
	note_coder("srl", kind, cpu, &t, c.upgrade_srl);
}

/* The split of a list for an upgrade of two bits. */
static void bench_split(const struct kg_dsp *dsp, const char *cpu)
{
	struct kg_rfx_list *list = lists_new(1), *srl = lists_new(1);
	uint8_t *raw = guarded(KG_UPGRADE_RAW), *scratch = guarded(KG_RFX_SCRATCH), bits[KG_RFX_BANDS];
	struct kg_upgrade pass = { kg_rfx_start[KG_RFX_EXTRAPOLATE], KG_RFX_BANDS, bits };

	memset(bits, 2, sizeof(bits));
	list_fill(list, 150, 5, VALUES);
	COMPARE("split, text", TILE * TILE / 3.0, use->upgrade_split(&pass, list, srl, raw, scratch));
}

static void bench(const struct kg_dsp *dsp, const char *cpu)
{
	note("a tile of grain");
	bench_stage1(dsp, cpu, 1);
	note("a tile of text");
	bench_stage1(dsp, cpu, 6);
	bench_coders(dsp, cpu, "sparse", 40, 2);
	bench_coders(dsp, cpu, "text", 150, 5);
	bench_coders(dsp, cpu, "noise", 240, 5);
	bench_split(dsp, cpu);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	kg_dsp_init(&c, KG_CPU_C);
	if (check_bench)
		bench(&c, "c");
	for (enum kg_cpu cpu = KG_CPU_C + 1; cpu <= kg_cpu_best(); cpu++) {
		const char *name = kg_cpu_name(cpu);
		struct kg_dsp dsp;

		kg_dsp_init(&dsp, cpu);
		for (enum kg_rfx_wavelet wavelet = 0; wavelet < KG_RFX_WAVELETS; wavelet++)
			check_stage1(&dsp, name, wavelet);
		check_pack(&dsp, name);
		if (dsp.upgrade_split != c.upgrade_split)
			check_split(&dsp, name);
		if (dsp.upgrade_srl != c.upgrade_srl)
			check_srl(&dsp, name);
		for (enum kg_rfx_coder coder = 0; coder < KG_RFX_CODERS; coder++)
			check_rlgr(&dsp, name, coder);
		if (check_bench)
			bench(&dsp, name);
	}
	return tap_end();
}
