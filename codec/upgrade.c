/* Upgrade passes over the lists of a batch. */
#include "codec/upgrade.h"

#include "codec/dsp.h"

void kg_upgrade_split(const struct kg_dsp *dsp, struct kg_rfx_batch *batch, uint32_t tile, const struct kg_upgrade passes[3])
{
	for (uint32_t c = 0; c < 3; c++) {
		struct kg_rfx_list *list = &batch->lists[3 * tile + c], whole = *list;

		list->position = batch->spare.position;
		list->value = batch->spare.value;
		list->raw = dsp->upgrade_split(&passes[c], &whole, list, list->bytes + KG_UPGRADE_SRL, batch->scratch);
		batch->spare = whole;		// its memory is for the next one
	}
}
