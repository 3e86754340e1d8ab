/* Lists of RemoteFX from all values, in C: see KG_RFX_PACK_FN. */
#include "codec/c.h"
#include "codec/vector.h"

/* Four values from i on, without a branch for each. Returns the new count. */
INLINE uint32_t append4(struct kg_rfx_list *list, uint32_t count, const int16_t *values, uint32_t i)
{
	for (uint32_t k = i; k < i + 4; k++) {
		list->position[count] = (uint16_t)k;
		list->value[count] = values[k];
		count += values[k] != 0;
	}
	return count;
}

/* Sixteen and four at a time, most of which are 0. */
KG_RFX_PACK_FN(kg_rfx_pack_c)
{
	uint32_t count = 0, i = 0;
	int16_t before = 0;

	for (; i + 16 <= ll3; i += 16) {
		if (all_zero(load(values + i) | load(values + i + 8)))
			continue;
		for (uint32_t k = i; k < i + 16; k += 4) {
			uint64_t four;

			memcpy(&four, values + k, sizeof(four));
			if (four)
				count = append4(list, count, values, k);
		}
	}
	for (; i < KG_RFX_VALUES; i++) {
		int16_t value = (int16_t)(values[i] - before);

		if (i >= ll3)
			before = values[i];
		list->position[count] = (uint16_t)i;
		list->value[count] = value;
		count += value != 0;
	}
	list->position[-1] = 0xffff;
	list->count = count;
}
