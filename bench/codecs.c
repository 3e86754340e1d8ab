/* The list of codecs, in the order of the table. */
#include "bench/codecs.h"

const struct kg_bench_codec *const kg_bench_codecs[] = {
	&kg_bench_progressive,
	&kg_bench_first,
	&kg_bench_upgrade1,
	&kg_bench_upgrade2,
	&kg_bench_upgrade3,
	&kg_bench_rlgr1,
	&kg_bench_rlgr3,
	&kg_bench_clear,
	&kg_bench_planar,
	&kg_bench_zgfx,
	&kg_bench_memcmp,
	&kg_bench_read,
	&kg_bench_compare,
	&kg_bench_damage,
	&kg_bench_hash,
	&kg_bench_classify,
	&kg_bench_motion,
	&kg_bench_analysis,
	&kg_bench_frame,
};
const size_t kg_bench_codecs_count = KG_ARRAY_SIZE(kg_bench_codecs);
