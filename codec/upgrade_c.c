/* Upgrade passes in C: the split, and SRL. */
#include "codec/c.h"
#include "codec/srl.h"
#include "codec/upgrade-split.h"

/* ---- the split ---- */

/* Without a branch for what an entry is: that is foreseen badly. */
static uint8_t *split_band(struct kg_split *s, uint32_t end, uint32_t bits, uint8_t *raw)
{
	uint32_t greatest = (1u << bits) - 1, gone = s->gone;
	const uint16_t *position = s->position;
	const int16_t *value = s->value;
	uint16_t *srl_position = s->srl_position;
	int16_t *srl_value = s->srl_value;

	for (; *position < end; position++, value++) {
		uint32_t sign = (uint16_t)*value & KG_SRL_NEGATIVE, magnitude = (uint32_t)(*value < 0 ? -*value : *value);
		uint32_t is_raw = magnitude > greatest, ended = magnitude != greatest;

		*srl_position = (uint16_t)(*position - gone);
		*srl_value = (int16_t)(sign | (magnitude - 1 + ended) | ended << KG_SRL_ENDED_SHIFT);
		srl_position += !is_raw;
		srl_value += !is_raw;
		*raw = (uint8_t)magnitude;
		raw += is_raw;
		gone += is_raw;
	}
	*s = (struct kg_split){ position, value, srl_position, srl_value, gone };
	return raw;
}

KG_UPGRADE_SPLIT_FN(kg_upgrade_split_c)
{
	return kg_split_list(pass, list, srl, raw, scratch, split_band);
}

/* ---- SRL ---- */

static void srl(struct kg_rfx_list *list)
{
	struct kg_bits to = { .at = list->bytes };
	uint32_t kp = KG_KP_START, next = 0;

	for (uint32_t i = 0; i < list->count; i++) {
		kp = kg_put_run(&to, kp, list->position[i] - next, list->value[i] < 0);
		kg_put_unary(&to, list->value[i]);
		next = list->position[i] + 1u;
	}
	list->size = kg_srl_end(&to, kp, list->position[list->count] - next, list->bytes);
}

KG_UPGRADE_SRL_FN(kg_upgrade_srl_c)
{
	(void)scratch;
	for (uint32_t i = 0; i < count; i++)
		srl(lists[i]);
}
