/* Damage of tiles: the image's fields handed to the inner functions. */
#include "codec/damage.h"

#include "codec/dsp.h"

#include <assert.h>

bool kg_damage_update(const struct kg_dsp *dsp, const struct kg_image *image, uint8_t *mirror, size_t mirror_stride,
		      struct kg_damage *ret)
{
	assert(image->width <= KG_TILE && image->height <= KG_TILE);
	*ret = (struct kg_damage){ 0 };
	if (image->width && image->height)
		dsp->tile_update(image->pixels, image->stride, mirror, mirror_stride, image->width, image->height, ret);
	return ret->rows != 0;
}

bool kg_damage_compare(const struct kg_dsp *dsp, const struct kg_image *image, const uint8_t *mirror,
		       size_t mirror_stride, struct kg_damage *ret)
{
	assert(image->width <= KG_TILE && image->height <= KG_TILE);
	*ret = (struct kg_damage){ 0 };
	if (image->width && image->height)
		dsp->tile_compare(image->pixels, image->stride, mirror, mirror_stride, image->width, image->height, ret);
	return ret->rows != 0;
}
