/*
 * The codes in a picture's corner survive RemoteFX at its worst: the first pass of a quarter's quality, and coarser
 * steps than servers use, in both streams, whatever lies beside them.
 */
#include "bench/workload/timecode.h"
#include "codec/rfx-stream.h"
#include "tests/progressive-frame.h"

static void draw_codes(const struct picture *picture, struct kg_timecode *time, struct kg_keycode *key)
{
	*time = (struct kg_timecode){ rnd(), (uint64_t)rnd() << 32 | rnd(), rnd() };
	*key = (struct kg_keycode){ (uint16_t)rnd(), (uint16_t)rnd(), (uint64_t)rnd() << 32 | rnd() };
	kg_timecode_draw((uint8_t *)picture->pixels, picture->width * 4, time);
	kg_keycode_draw((uint8_t *)picture->pixels, picture->width * 4, key);
}

static bool are_read(const struct picture *screen, const struct kg_timecode *time, const struct kg_keycode *key)
{
	struct kg_timecode got_time;
	struct kg_keycode got_key;

	return kg_timecode_read((const uint8_t *)screen->pixels, screen->width * 4, &got_time) &&
	       got_time.number == time->number && got_time.drawn_us == time->drawn_us &&
	       got_time.late_us == time->late_us &&
	       kg_keycode_read((const uint8_t *)screen->pixels, screen->width * 4, &got_key) &&
	       got_key.count == key->count && got_key.key == key->key && got_key.pressed_us == key->pressed_us;
}

/*
 * Nothing is left but a quarter of the resolution, and of that in steps 16 times as large as the usual ones. (Without
 * the third level too, nothing that has 8 pixels is left: what remains of two cells is a ramp between them.)
 */
static void coarsest(struct kg_rfx_quant quant[3])
{
	for (int c = 0; c < 3; c++) {
		memset(quant[c].step, 15, sizeof(quant[c].step));
		for (int band = KG_HL3; band <= KG_LL3; band++)
			quant[c].step[band] = 10;
	}
}

static void progressive(const struct kg_progressive_ladder *ladder, uint8_t to, const char *what)
{
	uint32_t right = 0;

	for (int content = 0; content < CONTENTS; content++) {
		struct picture picture = picture_new(SIDE, SIDE);
		struct oracle oracle = oracle_new(SIDE, SIDE);
		struct kg_progressive_tile tiles[TILES];
		struct kg_timecode time;
		struct kg_keycode key;
		size_t size;

		draw(&picture, (enum content)content, 0, 0, SIDE, SIDE);
		draw_codes(&picture, &time, &key);
		size = encode(ladder, KG_RFX_EXTRAPOLATE, tiles, tiles_of(&picture, tiles, KG_PROGRESSIVE_NEW, to), 0);
		right += size && oracle_decode(&oracle, bytes, size) && are_read(&oracle.screen, &time, &key);
		oracle_done(&oracle);
		picture_done(&picture);
	}
	ok(right == CONTENTS, "both codes are read from %s, beside any picture (%u of %u)", what, right,
	   (unsigned)CONTENTS);
}

static size_t encode_classic(const struct picture *picture, const struct kg_rfx_quant quant[3])
{
	struct kg_writer to = kg_writer_of(bytes, sizeof(bytes));
	struct kg_rect all = kg_rect_of_size(SIDE, SIDE);
	struct kg_rfx_stream_tile tiles[TILES];
	struct kg_rfx_stream stream;
	struct kg_rfx_frame frame;
	uint32_t n = 0, done;

	if (kg_rfx_stream_init(&stream, quant, KG_RFX_RLGR3, true, SIDE, SIDE) < 0)
		return 0;
	for (uint32_t y = 0; y < SIDE; y += 64)
		for (uint32_t x = 0; x < SIDE; x += 64)
			tiles[n++] = (struct kg_rfx_stream_tile){ TILE_AT(picture, x, y) };
	kg_rfx_stream_begin(&frame, &to, &stream, true, 0, &all, 1);
	done = kg_rfx_stream_tiles(&dsp, &batch, &stream, tiles, n, &to);
	kg_rfx_stream_add(&frame, NULL, 0, done);
	return done == n && !kg_rfx_stream_end(&frame) ? kg_writer_size(&to) : 0;
}

static void classic(const struct kg_rfx_quant quant[3])
{
	RFX_CONTEXT *decoder = rfx_context_new_ex(FALSE, THREADING_FLAGS_DISABLE_THREADS);
	uint32_t right = 0;

	if (!decoder || !rfx_context_reset(decoder, SIDE, SIDE)) {
		printf("Bail out! no decoder\n");
		exit(EXIT_FAILURE);
	}
	rfx_context_set_pixel_format(decoder, PIXEL_FORMAT_BGRX32);
	for (int content = 0; content < CONTENTS; content++) {
		struct picture picture = picture_new(SIDE, SIDE), screen = picture_new(SIDE, SIDE);
		struct kg_timecode time;
		struct kg_keycode key;
		REGION16 region;
		size_t size;

		draw(&picture, (enum content)content, 0, 0, SIDE, SIDE);
		draw_codes(&picture, &time, &key);
		size = encode_classic(&picture, quant);
		region16_init(&region);
		right += size &&
			 rfx_process_message(decoder, bytes, (UINT32)size, 0, 0, (BYTE *)screen.pixels,
					     PIXEL_FORMAT_BGRX32, SIDE * 4, SIDE, &region) &&
			 are_read(&screen, &time, &key);
		region16_uninit(&region);
		picture_done(&picture);
		picture_done(&screen);
	}
	rfx_context_free(decoder);
	ok(right == CONTENTS, "and from classic RemoteFX that is as coarse (%u of %u)", right, (unsigned)CONTENTS);
}

int main(void)
{
	struct kg_progressive_ladder fine, coarse;
	struct kg_rfx_quant quant[3];

	tap_seed_init();
	kg_dsp_init(&dsp, kg_cpu_best());
	kg_rfx_batch_init(&batch, malloc(kg_rfx_batch_size(7)), 7);
	coarsest(quant);
	kg_progressive_ladder_fine(&fine);
	progressive(&fine, 0, "a first pass of 25 %");
	if (!ok(kg_progressive_ladder_init(&coarse, quant, NULL, 0) == 0, "such steps are allowed"))
		return tap_end();
	progressive(&coarse, 0, "a quarter of the resolution in coarse steps");
	classic(quant);
	return tap_end();
}
