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

INLINE vector any16(const int16_t *values)
{
	return load(values) | load(values + 8);
}

INLINE uint32_t append16(struct kg_rfx_list *list, uint32_t count, const int16_t *values, uint32_t i)
{
	for (uint32_t k = i; k < i + 16; k += 4) {
		uint64_t four;

		memcpy(&four, values + k, sizeof(four));
		if (four)
			count = append4(list, count, values, k);
	}
	return count;
}

/* Most values of most pictures are 0, in long runs: 64, 16 and 4 of them at a time. */
KG_RFX_PACK_FN(kg_rfx_pack_c)
{
	uint32_t count = 0, i = 0;
	int16_t before = 0;

	for (; i + 64 <= ll3; i += 64) {
		vector any[4] = { any16(values + i), any16(values + i + 16), any16(values + i + 32), any16(values + i + 48) };

		if (all_zero(any[0] | any[1] | any[2] | any[3]))
			continue;
		for (uint32_t k = 0; k < 4; k++)
			if (!all_zero(any[k]))
				count = append16(list, count, values, i + 16 * k);
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
