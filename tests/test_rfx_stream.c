/* Classic RemoteFX against FreeRDP's decoder: both coders, both modes, any size and steps, hard pictures. */
#include "codec/rfx-stream.h"
#include "tests/rfx-surface.h"

static const char *const coder_names[KG_RFX_CODERS] = { "RLGR1", "RLGR3" };

static uint32_t tiles_of(const struct picture *picture, struct kg_rfx_stream_tile *tiles)
{
	uint32_t n = 0;

	for (uint32_t y = 0; y < picture->height; y += 64)
		for (uint32_t x = 0; x < picture->width; x += 64)
			tiles[n++] = (struct kg_rfx_stream_tile){ TILE_AT(picture, x, y) };
	return n;
}

static size_t encode(const struct kg_rfx_stream *stream, const struct kg_rfx_stream_tile *tiles, uint32_t count,
		     uint32_t index)
{
	struct kg_writer to = kg_writer_of(bytes, sizeof(bytes));
	struct kg_rfx_frame frame;
	struct kg_rect rects[TILES];
	uint32_t done;

	for (uint32_t i = 0; i < count; i++)
		rects[i] = (struct kg_rect){ tiles[i].x * 64, tiles[i].y * 64, tiles[i].x * 64 + (int32_t)tiles[i].width,
					     tiles[i].y * 64 + (int32_t)tiles[i].height };
	kg_rfx_stream_begin(&frame, &to, stream, index == 0, index, rects, count);
	done = kg_rfx_stream_tiles(&dsp, &batch, stream, tiles, count, &to);
	kg_rfx_stream_add(&frame, NULL, 0, done);
	return done == count && !kg_rfx_stream_end(&frame) ? kg_writer_size(&to) : 0;
}

static bool decode(RFX_CONTEXT *decoder, size_t size, struct picture *screen)
{
	REGION16 region;
	bool right;

	region16_init(&region);
	right = rfx_process_message(decoder, bytes, (UINT32)size, 0, 0, (BYTE *)screen->pixels, PIXEL_FORMAT_BGRX32,
				    screen->width * 4, screen->height, &region);
	region16_uninit(&region);
	return right;
}

static RFX_CONTEXT *decoder_new(uint32_t width, uint32_t height)
{
	RFX_CONTEXT *decoder = rfx_context_new_ex(FALSE, THREADING_FLAGS_DISABLE_THREADS);

	WLog_SetLogLevel(WLog_GetRoot(), WLOG_OFF);
	if (!decoder || !rfx_context_reset(decoder, width, height)) {
		printf("Bail out! no decoder\n");
		exit(EXIT_FAILURE);
	}
	rfx_context_set_pixel_format(decoder, PIXEL_FORMAT_BGRX32);
	return decoder;
}

static void random_quant(struct kg_rfx_quant *quant, uint32_t most)
{
	for (int c = 0; c < 3; c++)
		for (int band = 0; band < KG_RFX_BANDS; band++)
			quant[c].step[band] = (uint8_t)(KG_RFX_STEP_MIN + rnd() % (most - KG_RFX_STEP_MIN + 1));
}

/* A stream of three frames, the later ones of some tiles. */
static bool run_stream(const struct kg_rfx_stream *stream, struct picture *picture, double *least, bool *kept)
{
	RFX_CONTEXT *decoder = decoder_new(picture->width, picture->height);
	struct picture screen = picture_new(picture->width, picture->height);
	struct picture shown = picture_new(picture->width, picture->height);
	struct kg_rfx_stream_tile all[TILES], tiles[TILES];
	uint32_t count = tiles_of(picture, all);
	bool right = true;

	for (uint32_t frame = 0; frame < 3; frame++) {
		uint32_t some = 0;

		for (uint32_t y = 0; y < picture->height; y += 64)
			for (uint32_t x = 0; x < picture->width; x += 64)
				draw(picture, (enum content)(rnd() % CONTENTS), x, y, 64, 64);
		for (uint32_t i = 0; i < count; i++) {
			if (frame && rnd() % 2 && i + 1 < count)
				continue;
			tiles[some++] = all[i];
			for (uint32_t y = 0; y < all[i].height; y++)
				memcpy(shown.pixels + (all[i].y * 64 + y) * picture->width + all[i].x * 64,
				       all[i].pixels + y * all[i].stride, all[i].width * 4);
		}
		right &= decode(decoder, encode(stream, tiles, some, frame), &screen);
		for (uint32_t i = 0; i < count; i++)
			*least = fmin(*least, psnr_of_error(error_of(&shown, &screen, all[i].x * 64u, all[i].y * 64u,
								     all[i].width, all[i].height)));
		*kept &= psnr(&shown, &screen) > 20;
	}
	rfx_context_free(decoder);
	picture_done(&screen);
	picture_done(&shown);
	return right;
}

static void check_streams(enum kg_rfx_coder coder, bool image)
{
	const char *mode = image ? "image" : "video";
	bool right = true, coarse = true, kept = true;
	double least = 99, ignored;

	for (int round = 0; round < ROUNDS; round++) {
		struct picture picture = picture_new(1 + rnd() % SIDE, 1 + rnd() % SIDE);
		struct kg_rfx_stream stream;
		struct kg_rfx_quant quant[3];

		random_quant(quant, round % 2 ? 7 : 15);
		kg_rfx_stream_init(&stream, quant, coder, image, (uint16_t)picture.width, (uint16_t)picture.height);
		if (round % 2)
			right &= run_stream(&stream, &picture, &least, &kept);
		else
			coarse &= run_stream(&stream, &picture, &ignored, &(bool){ true });
		picture_done(&picture);
	}
	ok(right, "%s, %s mode: FreeRDP decodes streams of any size, of any tiles", coder_names[coder], mode);
	ok(kept && least > 34, "%s, %s mode: fine steps give %.1f dB or more in every tile", coder_names[coder], mode, least);
	ok(coarse, "%s, %s mode: any steps can be decoded", coder_names[coder], mode);
}

/* Both coders code the same values. */
static void check_same(void)
{
	bool same = true;

	for (int round = 0; round < ROUNDS / 4; round++) {
		struct picture picture = picture_new(SIDE, SIDE), screens[KG_RFX_CODERS];
		struct kg_rfx_stream_tile tiles[TILES];
		uint32_t count;

		for (uint32_t x = 0; x < SIDE; x += 64)
			draw(&picture, (enum content)(rnd() % CONTENTS), x, 0, 64, SIDE);
		count = tiles_of(&picture, tiles);
		for (enum kg_rfx_coder coder = 0; coder < KG_RFX_CODERS; coder++) {
			RFX_CONTEXT *decoder = decoder_new(SIDE, SIDE);
			struct kg_rfx_stream stream;

			screens[coder] = picture_new(SIDE, SIDE);
			kg_rfx_stream_init(&stream, NULL, coder, true, SIDE, SIDE);
			same &= decode(decoder, encode(&stream, tiles, count, 0), &screens[coder]);
			rfx_context_free(decoder);
		}
		same &= same_picture(&screens[0], &screens[1]);
		picture_done(&screens[0]);
		picture_done(&screens[1]);
		picture_done(&picture);
	}
	ok(same, "RLGR1 and RLGR3 show the same");
}

static void check_frames(void)
{
	static uint8_t whole[ROOM], part[2][ROOM / 4];
	struct picture picture = picture_new(SIDE, SIDE);
	struct kg_rfx_stream stream;
	struct kg_rfx_stream_tile tiles[TILES];
	struct kg_writer to = kg_writer_of(whole, sizeof(whole)), writers[2];
	struct kg_rect all = { 0, 0, SIDE, SIDE };
	struct kg_rfx_frame frame;
	size_t size, before = 12 + 10 + 12 + 13 + 14 + 15, set = 22 + 15;
	uint32_t half = TILES / 2 - 1;
	bool right = true;

	kg_rfx_stream_init(&stream, NULL, KG_RFX_RLGR3, true, SIDE, SIDE);
	draw(&picture, TEXT, 0, 0, SIDE, SIDE);
	draw(&picture, NOISE, 64, 64, 64, 64);
	tiles_of(&picture, tiles);
	size = encode(&stream, tiles, TILES, 0);
	for (int i = 0; i < 2; i++) {
		writers[i] = kg_writer_of(part[i], sizeof(part[i]));
		kg_rfx_stream_tiles(&dsp, &batch, &stream, tiles + i * half, i ? TILES - half : half, &writers[i]);
	}
	kg_rfx_stream_begin(&frame, &to, &stream, true, 0, &all, 1);
	for (uint32_t i = 0; i < 2; i++)
		kg_rfx_stream_add(&frame, part[i], kg_writer_size(&writers[i]), i ? TILES - half : half);
	ok(!kg_rfx_stream_end(&frame) && kg_writer_size(&to) == size - (TILES - 1) * 8 &&
	   !memcmp(whole + before + 8, bytes + before + 8 * TILES, size - before - 8 * TILES),
	   "tiles of several writers make the frame that one writes");
	for (size_t room = 0; room < 6000; room += 1 + rnd() % 100) {
		struct kg_writer small = kg_writer_of(part[0], room);
		uint32_t n = kg_rfx_stream_tiles(&dsp, &batch, &stream, tiles, TILES, &small);
		size_t used = kg_writer_size(&small);

		right &= kg_writer_ok(&small) && used <= room && n < TILES &&
			 (n ? !memcmp(part[0], whole + before + 8 + set, used) : !used);
	}
	ok(right, "tiles that do not fit are left out whole");
	to = kg_writer_of(whole, 120);
	kg_rfx_stream_begin(&frame, &to, &stream, true, 0, &all, 1);
	kg_rfx_stream_add(&frame, bytes, 100, 1);
	ok(kg_rfx_stream_end(&frame) == -ENOSPC, "a frame without room is reported");
	to = kg_writer_of(whole, sizeof(whole));
	kg_rfx_stream_begin(&frame, &to, &stream, true, 0, &all, 1);
	ok(kg_rfx_stream_end(&frame) == -EINVAL, "a frame without tiles is refused");
	stream.quant[2].step[KG_HH1] = 5;
	ok(kg_rfx_stream_init(&stream, stream.quant, KG_RFX_RLGR1, true, SIDE, SIDE) == -EINVAL,
	   "no step of quantisation is below 6");
	picture_done(&picture);
}

int main(void)
{
	tap_seed_init();
	kg_dsp_init(&dsp, kg_cpu_best());
	kg_rfx_batch_init(&batch, malloc(kg_rfx_batch_size(7)), 7);
	for (enum kg_rfx_coder coder = 0; coder < KG_RFX_CODERS; coder++) {
		check_streams(coder, true);
		check_streams(coder, false);
	}
	check_same();
	check_frames();
	return tap_end();
}
