/*
 * Target: RemoteFX of arbitrary pixels and lists of tiles, with FreeRDP's decoders behind it. The input is a size, steps of
 * quantisation, and then what happens to tiles: painted, sent complete, as a first pass, an upgrade or a difference.
 * Whatever is written must be decoded, and a tile that has reached full quality must look as if it had been sent at once.
 */
#include "tests/fuzz/fuzz.h"

#include "base/reader.h"
#include "tests/rfx-oracle.h"

enum {
	SIDE = 128,
	TILES = (SIDE / 64) * (SIDE / 64),
	EVENTS = 24,		// of an input, so that one takes milliseconds
	ROOM = TILES * 65536,
};

static uint8_t room[ROOM];

struct run {
	struct kg_dsp dsp;
	struct kg_rfx_batch batch;
	struct kg_progressive_ladder ladder;
	enum kg_rfx_wavelet wavelet;
	struct picture now, sent;	// what is to be shown, and what the client has been sent of it
	uint8_t pass[TILES];		// that the client has reached
	bool overflows[TILES];
	struct oracle client;
	uint32_t columns, frame;
};

static void require(bool right)
{
	if (!right)
		abort();
}

/* ---- from bytes ---- */

static struct kg_rfx_quant read_quant(struct kg_reader *in)
{
	struct kg_rfx_quant quant;

	for (int band = 0; band < KG_RFX_BANDS; band++)
		quant.step[band] = (uint8_t)(KG_RFX_STEP_MIN + kg_read_u8(in) % 10);
	return quant;
}

static bool read_ladder(struct kg_reader *in, struct kg_progressive_ladder *ladder)
{
	struct kg_progressive_step steps[KG_PROGRESSIVE_STEPS];
	unsigned count = kg_read_u8(in) % (KG_PROGRESSIVE_STEPS + 1);
	struct kg_rfx_quant quant[3];

	for (int c = 0; c < 3; c++) {
		quant[c] = read_quant(in);
		for (int band = 0; band < KG_RFX_BANDS; band++) {
			unsigned bits = kg_read_u8(in), later = 0;

			for (unsigned pass = count; pass-- > 0; bits >>= 2) {
				later = KG_MIN(later + (bits & 3), band == KG_LL3 ? KG_RFX_STEP_MAX - quant[c].step[band] + 0u : 7u);
				steps[pass].later[c][band] = (uint8_t)later;
			}
		}
	}
	return !kg_progressive_ladder_init(ladder, quant, steps, count);
}

static void paint(struct kg_reader *in, const struct picture *picture, uint32_t left, uint32_t top)
{
	uint32_t kind = kg_read_u8(in), seed = kg_read_u32(in), n = seed;
	uint32_t x0 = left + kind / 8 % 8 * 8, y0 = top + kind / 64 * 16;

	for (uint32_t y = y0; y < KG_MIN(top + 64, picture->height); y++)
		for (uint32_t x = x0; x < KG_MIN(left + 64, picture->width); x++) {
			uint32_t *pixel = &picture->pixels[y * picture->width + x];

			n = n * 1664525 + 1013904223;
			switch (kind % 8) {
			case 0:
				*pixel = seed;
				break;
			case 1:
				*pixel = n >> 8;
				break;
			case 2:
				*pixel = n >> 31 ? 0xffffff : 0;
				break;
			case 3:
				*pixel = (x + y) & 1 ? seed : ~seed;
				break;
			case 4:
				*pixel = (y & seed >> 24) ? seed : ~seed;
				break;
			case 5:
				*pixel = (x * (seed & 7) + y * (seed >> 3 & 7)) * 0x10101;
				break;
			case 6:
				*pixel = kg_reader_left(in) ? kg_read_u8(in) * 0x10203u : 0;
				break;
			default:
				*pixel = *pixel + (seed & 0x010101);
			}
		}
}

/* ---- progressive ---- */

static struct kg_progressive_tile tile_of(const struct run *run, const struct picture *picture, uint32_t index)
{
	uint32_t x = index % run->columns, y = index / run->columns;

	return (struct kg_progressive_tile){
		.pixels = (const uint8_t *)(picture->pixels + (y * picture->width + x) * 64),
		.stride = picture->width * 4,
		.width = KG_MIN(picture->width - x * 64, 64u),
		.height = KG_MIN(picture->height - y * 64, 64u),
		.x = (uint16_t)x,
		.y = (uint16_t)y,
		.from = KG_PROGRESSIVE_NEW,
		.to = (uint8_t)run->ladder.count,
	};
}

static void send_tile(struct run *run, struct oracle *to, struct kg_progressive_tile *tile)
{
	struct kg_writer writer = kg_writer_of(room, sizeof(room));
	struct kg_rect rect = { tile->x * 64, tile->y * 64, tile->x * 64 + (int32_t)tile->width,
				tile->y * 64 + (int32_t)tile->height };
	struct kg_progressive region;

	kg_progressive_begin(&region, &writer, &run->ladder, run->wavelet, to->frame == 0, to->frame, &rect, 1);
	kg_progressive_add(&region, NULL, 0,
			   kg_progressive_tiles(&run->dsp, &run->batch, &run->ladder, run->wavelet, tile, 1, &writer));
	require(!kg_progressive_end(&region));
	require(oracle_decode(to, room, kg_writer_size(&writer)));
}

static void copy_tile(const struct picture *from, const struct picture *to, const struct kg_progressive_tile *tile)
{
	for (uint32_t y = tile->y * 64u; y < tile->y * 64u + tile->height; y++)
		memcpy(to->pixels + y * to->width + tile->x * 64, from->pixels + y * from->width + tile->x * 64, tile->width * 4);
}

static void send_event(struct run *run, uint32_t index, uint32_t what)
{
	struct kg_progressive_tile tile = tile_of(run, &run->now, index);
	uint32_t passes = run->ladder.count + 1;

	if (what % 3 == 0) {			// new, at some pass
		tile.to = (uint8_t)(what / 3 % passes);
	} else if (what % 3 == 1) {		// an upgrade of what was sent
		if (run->pass[index] >= run->ladder.count || run->wavelet != KG_RFX_EXTRAPOLATE)
			return;
		tile = tile_of(run, &run->sent, index);
		tile.from = run->pass[index];
		tile.to = (uint8_t)(tile.from + 1 + what / 3 % (run->ladder.count - tile.from));
	} else if (run->pass[index] == run->ladder.count && !run->overflows[index]) {
		tile.before = tile_of(run, &run->sent, index).pixels;
	}
	send_tile(run, &run->client, &tile);
	if (tile.from == KG_PROGRESSIVE_NEW)
		copy_tile(&run->now, &run->sent, &tile);
	run->pass[index] = tile.to;
	run->overflows[index] = tile.overflows;
}

static void check_end(struct run *run)
{
	struct oracle fresh = oracle_new(run->sent.width, run->sent.height);

	for (uint32_t i = 0; i < TILES; i++)
		if (run->pass[i] == run->ladder.count) {
			struct kg_progressive_tile tile = tile_of(run, &run->sent, i);

			send_tile(run, &fresh, &tile);
			require(tile.overflows == run->overflows[i]);
			copy_tile(&run->client.screen, &run->sent, &tile);
			require(error_of(&run->sent, &fresh.screen, tile.x * 64u, tile.y * 64u, tile.width, tile.height) == 0);
		}
	oracle_done(&fresh);
}

static void run_progressive(struct run *run, struct kg_reader *in)
{
	uint32_t tiles = run->columns * ((run->now.height + 63) / 64);

	if (!read_ladder(in, &run->ladder))
		return;
	run->client = oracle_new(run->now.width, run->now.height);
	memset(run->pass, KG_PROGRESSIVE_NEW, sizeof(run->pass));
	for (int i = 0; i < EVENTS && kg_reader_left(in); i++) {
		uint32_t what = kg_read_u8(in), index = what % tiles;

		if (what & 0x80)
			paint(in, &run->now, index % run->columns * 64, index / run->columns * 64);
		else
			send_event(run, index, what / 4);
	}
	check_end(run);
	oracle_done(&run->client);
}

/* ---- classic ---- */

static void run_classic(struct run *run, struct kg_reader *in)
{
	struct kg_rfx_quant quant[3] = { read_quant(in), read_quant(in), read_quant(in) };
	uint32_t count = run->columns * ((run->now.height + 63) / 64);
	bool image = kg_read_u8(in) & 1;
	struct picture screens[KG_RFX_CODERS];

	for (uint32_t i = 0; i < count; i++)
		paint(in, &run->now, i % run->columns * 64, i / run->columns * 64);
	for (enum kg_rfx_coder coder = 0; coder < KG_RFX_CODERS; coder++) {
		struct kg_rect all = { 0, 0, (int32_t)run->now.width, (int32_t)run->now.height };
		struct kg_writer writer = kg_writer_of(room, sizeof(room));
		struct kg_rfx_stream_tile tiles[TILES];
		RFX_CONTEXT *decoder = rfx_context_new_ex(FALSE, THREADING_FLAGS_DISABLE_THREADS);
		struct kg_rfx_stream stream;
		struct kg_rfx_frame frame;
		REGION16 region;

		require(decoder && rfx_context_reset(decoder, run->now.width, run->now.height));
		rfx_context_set_pixel_format(decoder, PIXEL_FORMAT_BGRX32);
		require(!kg_rfx_stream_init(&stream, quant, coder, image, (uint16_t)run->now.width, (uint16_t)run->now.height));
		for (uint32_t i = 0; i < count; i++) {
			struct kg_progressive_tile t = tile_of(run, &run->now, i);

			tiles[i] = (struct kg_rfx_stream_tile){ t.pixels, t.stride, t.width, t.height, t.x, t.y };
		}
		kg_rfx_stream_begin(&frame, &writer, &stream, true, 0, &all, 1);
		kg_rfx_stream_add(&frame, NULL, 0,
				  kg_rfx_stream_tiles(&run->dsp, &run->batch, &stream, tiles, count, &writer));
		require(!kg_rfx_stream_end(&frame));
		screens[coder] = picture_new(run->now.width, run->now.height);
		region16_init(&region);
		require(rfx_process_message(decoder, room, (UINT32)kg_writer_size(&writer), 0, 0, (BYTE *)screens[coder].pixels,
					    PIXEL_FORMAT_BGRX32, run->now.width * 4, run->now.height, &region));
		region16_uninit(&region);
		rfx_context_free(decoder);
	}
	require(same_picture(&screens[0], &screens[1]));
	picture_done(&screens[0]);
	picture_done(&screens[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct kg_reader in = kg_reader_of(bytes, size);
	struct run run = { .wavelet = KG_RFX_EXTRAPOLATE };
	uint32_t kind = kg_read_u8(&in), width = 1 + kg_read_u8(&in) % SIDE, height = 1 + kg_read_u8(&in) % SIDE;
	void *memory;

	if (!kg_reader_ok(&in))
		return 0;
	memory = malloc(kg_rfx_batch_size(TILES));
	kg_dsp_init(&run.dsp, kind & 0x40 ? KG_CPU_C : kg_cpu_best());
	kg_rfx_batch_init(&run.batch, memory, TILES);
	run.now = picture_new(width, height);
	run.sent = picture_new(width, height);
	run.columns = (width + 63) / 64;
	if (kind & 2)
		run.wavelet = KG_RFX_SYMMETRIC;
	if (kind & 1)
		run_classic(&run, &in);
	else
		run_progressive(&run, &in);
	picture_done(&run.now);
	picture_done(&run.sent);
	free(memory);
	return 0;
}
