/* How close what was shown is to what was drawn. Pure. */
#pragma once

#include "codec/image.h"

#define KG_QUALITY_TILE 64

/*
 * PSNR in dB over blue, green and red, INFINITY for equal pictures. SSIM of the luma: means over windows of 8x8 pixels,
 * one every 4 pixels, with box weights and the constants of Wang et al. 2004 (K1 0.01, K2 0.03); NAN where no window
 * fits. A tile's SSIM is the mean of the windows that begin in it.
 */
struct kg_quality {
	bool exact;
	double psnr, ssim;
	double worst_psnr, worst_ssim;		// of the worst tile of 64x64, each by its own measure
	uint32_t worst_x, worst_y;		// the tile with the worst PSNR, in pixels
};

/* Both pictures have one size. Returns 0 or -ENOMEM. */
int kg_quality(struct kg_quality *ret, const struct kg_image *shown, const struct kg_image *drawn);

double kg_psnr(const struct kg_image *a, const struct kg_image *b);
bool kg_images_equal(const struct kg_image *a, const struct kg_image *b);	// but for the bytes X
