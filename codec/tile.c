/* Tiles: the image's fields handed to the inner functions. */
#include "codec/tile.h"

#include "codec/dsp.h"

bool kg_tile_flat(const struct kg_dsp *dsp, const struct kg_image *image)
{
	if (!image->width || !image->height)
		return true;
	return dsp->tile_flat(image->pixels, image->stride, image->width, image->height);
}
