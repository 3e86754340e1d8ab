/*
 * Every variant of RemoteFX's inner functions against its C twin: the same lists, values and bytes, nothing touched
 * outside. --bench prints times, cycles of the time stamp counter by event and by pixel.
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
	struct kg_rfx_list *lists = calloc(count, sizeof(*lists));

	for (uint32_t i = 0; lists && i < count; i++)
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

int main(int argc, char **argv)
{
	check_init(argc, argv);
	kg_dsp_init(&c, KG_CPU_C);
	for (enum kg_cpu cpu = KG_CPU_C + 1; cpu <= kg_cpu_best(); cpu++) {
		struct kg_dsp dsp;

		kg_dsp_init(&dsp, cpu);
		for (enum kg_rfx_coder coder = 0; coder < KG_RFX_CODERS; coder++)
			if (dsp.rfx_rlgr[coder] != c.rfx_rlgr[coder])
				check_rlgr(&dsp, kg_cpu_name(cpu), coder);
	}
	return tap_end();
}
