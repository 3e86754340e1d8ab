/*
 * The worked examples of [MS-RDPRFX] 4 and [MS-RDPEGFX] 4.1, with each instruction set: what ours must make of the same
 * values, byte by byte, and where an encoder is free, how close it comes. Those of ZGFX and planar are in their own tests.
 */
#include <freerdp/codec/clear.h>
#include <freerdp/settings.h>

#include "codec/codec.h"
#include "codec/upgrade.h"
#include "tests/clear-strict.h"
#include "tests/rfx-oracle.h"
#include "tests/vectors/clear.h"
#include "tests/vectors/rfx-picture.h"
#include "tests/vectors/rfx-stream.h"
#include "tests/vectors/rfx-tile.h"

enum { VALUES = KG_RFX_VALUES, SIDE = 64 };

static struct kg_dsp dsp;
static const char *cpu_name;

static const int16_t *const tile_values[3] = { vector_tile_y_values, vector_tile_cb_values, vector_tile_cr_values };

/* ---- RLGR ---- */

struct list {
	struct kg_rfx_list list;
	uint16_t positions[KG_RFX_LIST_FRONT + KG_RFX_LIST_ROOM];
	int16_t values[KG_RFX_LIST_FRONT + KG_RFX_LIST_ROOM];
	uint8_t bytes[KG_RFX_BYTES];
};

static void list_of(struct list *list, const int16_t *values, uint32_t count)
{
	memset(list, 0, sizeof(*list));
	list->list = (struct kg_rfx_list){ .position = list->positions + KG_RFX_LIST_FRONT,
					   .value = list->values + KG_RFX_LIST_FRONT,
					   .bytes = list->bytes };
	list->list.position[-1] = 0xffff;
	for (uint32_t i = 0; i < count; i++)
		if (values[i]) {
			list->list.position[list->list.count] = (uint16_t)i;
			list->list.value[list->list.count++] = values[i];
		}
}

/* How many bits in front are the same. */
static size_t same_bits(const uint8_t *a, const uint8_t *b, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (a[i] != b[i])
			return i * 8 + (size_t)__builtin_clz((unsigned)(a[i] ^ b[i])) - 24;
	return size * 8;
}

/*
 * The components of the tile, [MS-RDPRFX] 4.2.4.1 and 4.2.4.2. What Windows ends a component with is not ours: it codes one
 * value more, of -1, and a byte of zeros, which no decoder reads.
 */
static void rlgr3(void)
{
	static const uint8_t *const bytes[3] = { vector_tile_y_bytes, vector_tile_cb_bytes, vector_tile_cr_bytes };
	static const size_t sizes[3] = { sizeof(vector_tile_y_bytes), sizeof(vector_tile_cb_bytes), sizeof(vector_tile_cr_bytes) };
	static const char *const names[3] = { "Y", "Cb", "Cr" };
	static _Alignas(64) uint8_t scratch[KG_RFX_SCRATCH];
	static struct list lists[3];
	struct kg_rfx_list *order[3] = { &lists[0].list, &lists[2].list, &lists[1].list };	// the longest first

	for (int c = 0; c < 3; c++)
		list_of(&lists[c], tile_values[c], VALUES);
	if (order[1]->count < order[2]->count) {
		order[1] = &lists[1].list;
		order[2] = &lists[2].list;
	}
	dsp.rfx_rlgr[KG_RFX_RLGR3](order, 3, scratch);
	for (int c = 0; c < 3; c++) {
		size_t same = same_bits(lists[c].bytes, bytes[c], sizes[c]);

		if (!ok(same + 20 >= sizes[c] * 8 && lists[c].list.size <= sizes[c],
			"%s: RLGR3 of %s is %zu bytes as the example has them, but for what ends it", cpu_name, names[c], sizes[c]))
			note("%u bytes, %zu bits are the same", lists[c].list.size, same);
	}
}

/* [MS-RDPEGFX] 4.1.2.1.1 and 4.1.2.1.3: what a tile of 14 values would be; the bits behind them say that more is 0. */
static void rlgr1(void)
{
	static const struct {
		int16_t values[14];
		uint8_t bytes[6];
		size_t bits;
	} frames[] = {
		{ { -2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 1, -7, 6 }, { 0xa8, 0x62, 0x6d, 0xff, 0xf7, 0x00 }, 43 },
		{ { 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, -4, 8, -9 }, { 0x88, 0x76, 0xbd, 0xff, 0xfe, 0xf2 }, 47 },
	};
	static _Alignas(64) uint8_t scratch[KG_RFX_SCRATCH];
	static struct list list;

	for (size_t i = 0; i < KG_ARRAY_SIZE(frames); i++) {
		struct kg_rfx_list *one = &list.list;
		size_t same;

		list_of(&list, frames[i].values, 14);
		dsp.rfx_rlgr[KG_RFX_RLGR1](&one, 1, scratch);
		same = same_bits(list.bytes, frames[i].bytes, sizeof(frames[i].bytes));
		ok(same >= frames[i].bits, "%s: RLGR1 of the example's frame %zu at 25 percent is as it says (%zu bits)", cpu_name,
		   i + 1, same);
	}
}

/*
 * ---- upgrades, [MS-RDPEGFX] 4.1.2.1.2, 4.1.2.1.4 and 4.1.2.1.5 ----
 * A byte of 0 is always there behind SRL (3.1.8.1.5); the examples leave it out. In 4.1.2.1.4 the run before the first 1 is
 * coded as "01" and that 1's sign and magnitude, "01" again, are missing; 4.1.2.2.4 decodes the 1 all the same.
 */

static void upgrades(void)
{
	static const uint16_t start[4] = { 0, 5, 10, 14 };
	static const int16_t frame1[14] = { -34, -13, 15, -3, 0, 0, -7, 5, -3, 9, 15, 17, -9, 12 };
	static const int16_t difference[14] = { 32, 11, -12, 0, 1, 3, -1, 1, 0, -7, 12, -3, 30, -7 };
	static const uint8_t at_25[3] = { 4, 3, 2 }, at_50[3] = { 0, 1, 2 }, at_100[3] = { 0, 0, 0 };
	static const struct {
		const char *name;
		const int16_t *values;
		const uint8_t *from, *to;
		uint8_t srl[9], raw[2];
		uint32_t srl_size, raw_size;
	} passes[] = {
		{ "frame 1 to 50", frame1, at_25, at_50, { 0xa0, 0x01, 0x80, 0x00, 0xc9, 0x49, 0xe0, 0 }, { 0x20 }, 8, 1 },
		{ "frame 2 to 50", difference, at_25, at_50, { 0x80, 0x07, 0x00, 0x15, 0xa7, 0x00, 0 }, { 0x00 }, 7, 1 },
		{ "frame 2 to 100", difference, at_50, at_100, { 0xb0, 0 }, { 0xc6, 0x40 }, 2, 2 },
	};
	static uint8_t srl[KG_UPGRADE_SRL], raw[KG_UPGRADE_RAW];

	for (size_t i = 0; i < KG_ARRAY_SIZE(passes); i++) {
		const struct kg_upgrade pass = { start, 3, passes[i].from, passes[i].to };
		struct kg_upgrade_size size = kg_upgrade_encode(&pass, passes[i].values, srl, raw);

		if (!ok(size.srl == passes[i].srl_size && !memcmp(srl, passes[i].srl, size.srl) && size.raw == passes[i].raw_size &&
				!memcmp(raw, passes[i].raw, size.raw),
			"the upgrade of the example's %s percent is as it says, SRL and raw", passes[i].name))
			note("%u and %u bytes, %02x %02x %02x %02x, %02x %02x", size.srl, size.raw, srl[0], srl[1], srl[2], srl[3], raw[0],
			     raw[1]);
	}
}

/* ---- pixels to values ---- */

/*
 * [MS-RDPRFX] 4.2.4.4 back to 4.2.4.2. The picture is what the values became, rounded to 8 bits and cut at black and white,
 * so that most must come out again and none may be off by more than one.
 */
static void values_of_pixels(void)
{
	static _Alignas(64) int16_t values[3 * VALUES];
	static _Alignas(64) uint8_t scratch[KG_RFX_SCRATCH];
	struct kg_rfx_quant quant = KG_RFX_QUANT_DEFAULT;
	struct kg_rfx_scale scale[3];
	uint32_t other = 0, far = 0;

	for (int c = 0; c < 3; c++)
		kg_rfx_scale_init(&scale[c], &quant, NULL);
	dsp.rfx_values[KG_RFX_SYMMETRIC]((const uint8_t *)vector_tile_pixels, SIDE * 4, SIDE, scale, values, scratch);
	for (int c = 0; c < 3; c++)
		for (int i = 0, low = 0; i < VALUES; i++) {
			int expected = tile_values[c][i], off;

			if (i >= kg_rfx_start[KG_RFX_SYMMETRIC][KG_LL3])
				expected = low += expected;
			off = abs(values[c * VALUES + i] - expected);
			other += off > 0;
			far += off > 1;
		}
	ok(far == 0 && other <= 3 * VALUES / 100, "%s: the example's picture becomes its values again but for %u of %d, by one",
	   cpu_name, other, 3 * VALUES);
	if (far)
		note("%u are further off", far);
}

/* ---- streams ---- */

static size_t encode_stream(const uint8_t *pixels, uint8_t *bytes, size_t size)
{
	static uint8_t *memory;
	static struct kg_rfx_batch batch;
	const struct kg_rfx_stream_tile tile = { pixels, SIDE * 4, SIDE, SIDE, 0, 0 };
	const struct kg_rect all = { 0, 0, SIDE, SIDE };
	struct kg_writer to = kg_writer_of(bytes, size);
	struct kg_rfx_stream stream;
	struct kg_rfx_frame frame;

	if (!memory) {
		memory = malloc(kg_rfx_batch_size(1));
		kg_rfx_batch_init(&batch, memory, 1);
	}
	if (kg_rfx_stream_init(&stream, NULL, KG_RFX_RLGR3, false, SIDE, SIDE) < 0)
		return 0;
	kg_rfx_stream_begin(&frame, &to, &stream, true, 0, &all, 1);
	kg_rfx_stream_add(&frame, NULL, 0, kg_rfx_stream_tiles(&dsp, &batch, &stream, &tile, 1, &to));
	return kg_rfx_stream_end(&frame) < 0 ? 0 : kg_writer_size(&to);
}

/* The block of that type in a stream of blocks, or NULL. */
static const uint8_t *block_of(const uint8_t *bytes, size_t size, uint16_t type, uint32_t *ret)
{
	for (size_t at = 0; at + 6 <= size;) {
		uint32_t length = bytes[at + 2] | bytes[at + 3] << 8 | (uint32_t)bytes[at + 4] << 16 | (uint32_t)bytes[at + 5] << 24;

		if (length < 6 || length > size - at)
			return NULL;
		if ((bytes[at] | bytes[at + 1] << 8) == type) {
			*ret = length;
			return bytes + at;
		}
		at += length;
	}
	return NULL;
}

/* reserved: the byte of the block that has bits which mean nothing, and those that mean something. */
static bool same_block(const uint8_t *ours, size_t size, const uint8_t *theirs, size_t theirs_size, uint16_t type,
		       uint32_t reserved, uint8_t mask)
{
	uint32_t a = 0, b = 0;
	const uint8_t *mine = block_of(ours, size, type, &a), *example = block_of(theirs, theirs_size, type, &b);
	bool right = mine && example && a == b;

	for (uint32_t i = 0; right && i < a; i++)
		right = ((mine[i] ^ example[i]) & (i == reserved ? mask : 0xff)) == 0;
	return right;
}

/* FreeRDP's decoder shows what the captured frame is; ours for the same picture has the same messages around it. */
static void stream(void)
{
	static const struct {
		uint16_t type;
		const char *name;
		uint32_t reserved;
		uint8_t mask;
	} blocks[] = {
		{ 0xccc0, "SYNC", 0, 0xff },	 { 0xccc1, "CODEC_VERSIONS", 0, 0xff }, { 0xccc2, "CHANNELS", 0, 0xff },
		{ 0xccc3, "CONTEXT", 12, 0x7f }, { 0xccc4, "FRAME_BEGIN", 0, 0xff },	{ 0xccc6, "REGION", 8, 0x01 },
		{ 0xccc5, "FRAME_END", 0, 0xff },
	};
	static uint8_t captured[sizeof(vector_stream_headers) + sizeof(vector_stream_frame)], bytes[65536];
	static uint8_t pixels[SIDE * SIDE * 4], again[SIDE * SIDE * 4];
	RFX_CONTEXT *decoder = rfx_context_new_ex(FALSE, THREADING_FLAGS_DISABLE_THREADS);
	size_t size = encode_stream((const uint8_t *)vector_tile_pixels, bytes, sizeof(bytes));
	uint32_t error = 0, worst = 0;
	REGION16 region;

	memcpy(captured, vector_stream_headers, sizeof(vector_stream_headers));
	memcpy(captured + sizeof(vector_stream_headers), vector_stream_frame, sizeof(vector_stream_frame));
	for (size_t i = 0; i < KG_ARRAY_SIZE(blocks); i++)
		ok(same_block(bytes, size, captured, sizeof(captured), blocks[i].type, blocks[i].reserved, blocks[i].mask),
		   "%s: the block %s is as it was captured", cpu_name, blocks[i].name);
	region16_init(&region);
	rfx_context_set_pixel_format(decoder, PIXEL_FORMAT_BGRX32);
	rfx_context_reset(decoder, SIDE, SIDE);
	ok(rfx_process_message(decoder, captured, sizeof(captured), 0, 0, pixels, PIXEL_FORMAT_BGRX32, SIDE * 4, SIDE, &region),
	   "%s: FreeRDP takes what was captured", cpu_name);
	size = encode_stream(pixels, bytes, sizeof(bytes));
	/* Ours names the steps of each component, 5 bytes each, the captured one those of all. */
	ok(size && size <= sizeof(captured) + 10, "%s: ours of that picture is not longer (%zu bytes, %zu)", cpu_name, size, sizeof(captured));
	ok(rfx_process_message(decoder, bytes, (UINT32)size, 0, 0, again, PIXEL_FORMAT_BGRX32, SIDE * 4, SIDE, &region),
	   "%s: and taken", cpu_name);
	for (size_t i = 0; i < sizeof(pixels); i++)
		if (i % 4 != 3) {
			uint32_t off = (uint32_t)abs(pixels[i] - again[i]);

			error += off * off;
			worst = KG_MAX(worst, off);
		}
	ok(error <= SIDE * SIDE * 3, "%s: and is the picture, off by one in the mean square at most (%.2f, %u at most)", cpu_name,
	   error / (SIDE * SIDE * 3.0), worst);
	region16_uninit(&region);
	rfx_context_free(decoder);
}

/* ---- ClearCodec, [MS-RDPEGFX] 4.1.1 ---- */

/* The decoders that everything else is tested with read what Windows made. */
static void clear_decoders(uint32_t *pixels, uint32_t width, uint32_t height)
{
	uint8_t message[sizeof(vector_clear_2)];
	uint32_t *theirs = calloc((size_t)width * height, 4);
	struct clear_strict *strict = clear_strict_new();
	CLEAR_CONTEXT *freerdp = clear_context_new(FALSE);
	const char *wrong;

	memcpy(message, vector_clear_2, sizeof(message));
	message[1] = 0;		// the first of a connection
	wrong = clear_strict_decode(strict, message, sizeof(message), width, height, pixels, width);
	ok(!wrong && clear_strict_counts(strict)->rlex == 1, "the strict decoder takes the example of RLEX (%s)", wrong ? wrong : "right");
	ok(clear_decompress(freerdp, message, sizeof(message), width, height, (BYTE *)theirs, PIXEL_FORMAT_BGRX32, width * 4, 0, 0,
			    width, height, NULL) >= 0,
	   "and FreeRDP");
	wrong = NULL;
	for (uint32_t i = 0; i < width * height; i++)
		if ((pixels[i] ^ theirs[i]) & 0xffffff)
			wrong = "other pixels";
	ok(!wrong, "and both see the same");
	/* 4.1.1.2 says what begins, and what the second segment ends with. */
	ok(pixels[0] == 0xffffffff && pixels[4] == 0xffffffff && pixels[5] == 0xff000000 && pixels[6] == 0xffffffff &&
		   pixels[5 + 77] == 0xffffffff && pixels[5 + 78] == 0xff000000,
	   "which begins as the example says");
	clear_strict_free(strict);
	free(theirs);
	clear_context_free(freerdp);
}

/* The other messages need what came before them in the capture: a decoder that has seen nothing says so. */
static void clear_refuses(const char *name, const uint8_t *from, size_t size, uint32_t width, uint32_t height)
{
	uint8_t *message = malloc(size);
	uint32_t *pixels = calloc((size_t)width * height, 4);
	struct clear_strict *strict = clear_strict_new();
	const char *wrong;

	memcpy(message, from, size);
	message[1] = 0;
	wrong = clear_strict_decode(strict, message, size, width, height, pixels, width);
	ok(wrong, "%s: is refused by whom has nothing of it (%s)", name, wrong ? wrong : "not so");
	free(message);
	free(pixels);
	clear_strict_free(strict);
}

/* Ours of the same picture, for a client that has seen nothing as well: as short, but for a few bytes. */
static void clear_size(const uint32_t *pixels, uint32_t width, uint32_t height)
{
	const struct kg_image image = { (const uint8_t *)pixels, width, height, width * 4 };
	struct kg_clear *clear = malloc(sizeof(*clear));
	size_t bound = kg_clear_bound(width, height), size = 0;
	uint8_t *to = malloc(bound), *scratch = malloc(kg_clear_scratch(width, height));
	struct kg_clear_plan *plan;

	kg_clear_init(clear, (const uint8_t *)"a test's own key");
	plan = kg_clear_analyse(&dsp, clear, &image, scratch);
	if (plan)
		size = kg_clear_encode(&dsp, clear, plan, 0, to, bound);
	ok(size && size <= sizeof(vector_clear_2) + 8, "%s: the example's picture takes %zu bytes, the example %zu", cpu_name, size,
	   sizeof(vector_clear_2));
	free(to);
	free(scratch);
	free(clear);
}

int main(void)
{
	static uint32_t glyphs[78 * 17];

	WLog_SetLogLevel(WLog_GetRoot(), WLOG_OFF);
	upgrades();
	clear_decoders(glyphs, 78, 17);
	clear_refuses("a glyph", vector_clear_1, sizeof(vector_clear_1), 8, 9);
	clear_refuses("a band of columns", vector_clear_3, sizeof(vector_clear_3), 64, 24);
	clear_refuses("a band with a new column and known ones", vector_clear_4, sizeof(vector_clear_4), 7, 15);
	for (enum kg_cpu cpu = KG_CPU_C; cpu <= kg_cpu_best(); cpu++) {
		kg_dsp_init(&dsp, cpu);
		cpu_name = kg_cpu_name(cpu);
		rlgr3();
		rlgr1();
		values_of_pixels();
		stream();
		clear_size(glyphs, 78, 17);
	}
	return tap_end();
}
