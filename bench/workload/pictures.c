/* The list of pictures, and noise. */
#include "bench/workload/pictures.h"

#include "bench/workload/picture-impl.h"

static int draw_noise(struct kg_canvas *canvas, uint32_t seed, uint32_t frame)
{
	for (int32_t y = 0; y < canvas->height; y++)
		for (int32_t x = 0; x < canvas->width; x++) {
			uint32_t h = kg_hash(seed + frame, (uint32_t)x, (uint32_t)y);

			kg_canvas_put(canvas, x, y, h & 0xff, h >> 8 & 0xff, h >> 16 & 0xff);
		}
	return 0;
}

const struct kg_picture kg_pictures[] = {
	{ "text", "a page of small letters and a table, scrolled down by the frame number in pixels", false, 40, kg_picture_text },
	{ "terrain", "hills with fog under a sky; each frame a step further", false, 1, kg_picture_terrain },
	{ "dark", "few lights in the dark; each frame moves them", false, 1, kg_picture_dark },
	{ "photo", "soft shapes with fine structure and grain; each frame moves them", false, 1, kg_picture_photo },
	{ "noise", "random pixels; each frame others", false, 1, draw_noise },
	{ "scroll", "the page under a bar and beside a list that both stand still, scrolled down by the frame number", true, 40,
	  kg_picture_scroll },
	{ "typing", "the page, with as many letters typed into it as the frame number says", true, 1, kg_picture_typing },
	{ "drag", "a window over the page, 7 pixels further right and 4 further down each frame", true, 1, kg_picture_drag },
};
const size_t kg_pictures_count = KG_ARRAY_SIZE(kg_pictures);

const struct kg_picture *kg_picture_find(const char *name)
{
	for (size_t i = 0; i < kg_pictures_count; i++)
		if (!strcmp(kg_pictures[i].name, name))
			return &kg_pictures[i];
	return NULL;
}

int kg_picture_draw(const struct kg_picture *picture, uint32_t seed, uint32_t frame, uint8_t *pixels, uint32_t width,
		    uint32_t height, size_t stride)
{
	struct kg_canvas canvas;

	if (!width || !height || width > KG_PICTURE_MAX || height > KG_PICTURE_MAX || stride < (size_t)width * 4)
		return -EINVAL;
	canvas = (struct kg_canvas){
		.pixels = pixels,
		.stride = stride,
		.width = (int32_t)width,
		.height = (int32_t)height,
		.right = (int32_t)width,
		.bottom = (int32_t)height,
	};
	return picture->draw(&canvas, seed, frame);
}
