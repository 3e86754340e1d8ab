/*
 * video: a film, 24 pictures a second: shots of two to four seconds that the camera pans over, hard cuts between them,
 * and grain on everything, other in every picture. The shots are the pictures that codecs are measured with, larger
 * than the screen.
 */
#include "bench/workload/pictures.h"
#include "bench/workload/workload_impl.h"

#define SHOT 72				// frames
#define SHOTS 8				// then it begins anew
#define GRAIN_BITS 9			// the side of the square of grain
#define STRENGTH 5			// grain is 0 to this much, added to each colour alike

static const char *const names[] = { "photo", "terrain", "dark" };

#define SCENES KG_ARRAY_SIZE(names)

struct video {
	struct kg_workload workload;
	int32_t width, height;		// of a scene
	uint32_t *scenes[SCENES];	// made darker by STRENGTH at the bright end, so that no sum overflows
	uint32_t *grain;		// 1 << GRAIN_BITS rows, each twice, so that a row can begin anywhere
};

static int make_scene(struct video *video, size_t i)
{
	size_t count = (size_t)video->width * (size_t)video->height;
	uint32_t *pixels = malloc((count + 1) * 4);		// one more: half pixels look at their neighbour
	int r;

	video->scenes[i] = pixels;
	if (!pixels)
		return -ENOMEM;
	r = kg_picture_draw(kg_picture_find(names[i]), video->workload.seed, 0, (uint8_t *)pixels,
			    (uint32_t)video->width, (uint32_t)video->height, (size_t)video->width * 4);
	if (r < 0)
		return r;
	for (uint8_t *at = (uint8_t *)pixels, *end = (uint8_t *)(pixels + count); at < end; at++)
		*at = KG_MIN(*at, 255 - STRENGTH);
	pixels[count] = pixels[count - 1];
	return 0;
}

static int video_init(struct kg_workload *workload)
{
	struct video *video = kg_container_of(workload, struct video, workload);
	const struct kg_canvas *canvas = &workload->canvas;
	uint32_t side = 1u << GRAIN_BITS;
	int r = 0;

	video->width = KG_MIN(canvas->width + canvas->width / 8 + 1, KG_PICTURE_MAX);
	video->height = KG_MIN(canvas->height + canvas->height / 8 + 1, KG_PICTURE_MAX);
	video->grain = malloc((size_t)side * side * 2 * 4);
	if (!video->grain)
		return -ENOMEM;
	for (uint32_t i = 0; i < side * side; i++) {
		uint32_t h = kg_hash(workload->seed, 0x6e, i);
		uint32_t value = (h & 1) + (h >> 1 & 1) + (h >> 2 & 1) + (h >> 3 & 1) +
				 (h >> 4 & 1);	  // in the middle most often
		uint32_t *row = video->grain + (size_t)(i >> GRAIN_BITS) * side * 2;

		row[i % side] = row[i % side + side] = htole32(value * 0x010101);
	}
	for (size_t i = 0; r == 0 && i < SCENES; i++)
		r = make_scene(video, i);
	return r;
}

/* Halfway between two pixels, rounded down, all colours at once. */
static inline uint32_t between(uint32_t a, uint32_t b)
{
	return (a & b) + (((a ^ b) & 0xfefefefe) >> 1);
}

/* count pixels from a scene; half: each is between itself and the next. */
static void put_row(uint8_t *to, const uint32_t *from, const uint32_t *grain, int32_t count, bool half)
{
	const uint32_t opaque = htole32(0xff000000);

	for (int32_t x = 0; x < count; x++) {
		uint32_t pixel = ((half ? between(from[x], from[x + 1]) : from[x]) + grain[x]) | opaque;

		memcpy(to + x * 4, &pixel, 4);
	}
}

static void draw_rows(const struct video *video, const uint32_t *scene, int32_t pan_x, int32_t pan_y, uint32_t number)
{
	const struct kg_canvas *canvas = &video->workload.canvas;
	uint32_t side = 1u << GRAIN_BITS;
	bool half = pan_x & 1;

	for (int32_t y = 0; y < canvas->height; y++) {
		const uint32_t *from = scene + (size_t)(y + pan_y / 2) * (size_t)video->width + pan_x / 2;

		/* The square of grain begins elsewhere in every frame, and beside itself in every other row and column.
		 */
		for (int32_t x = 0; x < canvas->width; x += (int32_t)side) {
			uint32_t h = kg_hash(number, (uint32_t)y >> GRAIN_BITS, (uint32_t)x);
			const uint32_t *grain =
				video->grain + (size_t)(((uint32_t)y + h) % side) * side * 2 + (h >> 16) % side;

			put_row(kg_canvas_at(canvas, x, y), from + x, grain, KG_MIN(canvas->width - x, (int32_t)side),
				half);
		}
	}
}

static void video_draw(struct kg_workload *workload, uint32_t number)
{
	struct video *video = kg_container_of(workload, struct video, workload);
	const struct kg_canvas *canvas = &workload->canvas;
	uint32_t shot = number / SHOT % SHOTS, h = kg_hash(workload->seed, 0x6f, shot);
	int32_t step = (int32_t)(number % SHOT);
	int32_t room_x = 2 * (video->width - 1 - canvas->width),
		room_y = 2 * (video->height - canvas->height);	  // half pixels
	/* The odd ones pan back; some move in one direction only, and one of eight stands still. */
	int32_t x = h % 8 < 6 ? room_x * step / SHOT : room_x / 2,
		y = h % 8 && h % 8 < 4 ? room_y * step / SHOT : room_y / 3;

	if (h & 16)
		x = room_x - x;
	draw_rows(video, video->scenes[shot % SCENES], KG_MAX(x, 0), KG_MAX(y, 0), number);
	kg_workload_damage_all(workload);
}

static void video_done(struct kg_workload *workload)
{
	struct video *video = kg_container_of(workload, struct video, workload);

	for (size_t i = 0; i < SCENES; i++)
		free(video->scenes[i]);
	free(video->grain);
}

static const struct kg_workload_impl video_impl = {
	.size = sizeof(struct video),
	.init = video_init,
	.draw = video_draw,
	.done = video_done,
};

const struct kg_workload_kind kg_workload_video = {
	.name = "video",
	.what = "a film with pans, cuts and grain",
	.fps = 24,
	.frames = SHOTS * SHOT,
	.impl = &video_impl,
};
