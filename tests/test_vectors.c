/*
 * The worked examples of [MS-RDPRFX] 4.2, with each instruction set: from the picture to the values, and the messages of
 * a stream. Those of the coders are in test_rlgr.c, of ClearCodec in test_clear_examples.c, of ZGFX and planar in their tests.
 */
#include <freerdp/settings.h>

#include "codec/codec.h"
#include "tests/rfx-oracle.h"
#include "tests/vectors/rfx-picture.h"
#include "tests/vectors/rfx-stream.h"
#include "tests/vectors/rfx-values.h"

enum { VALUES = KG_RFX_VALUES, SIDE = 64 };

static struct kg_dsp dsp;
static const char *cpu_name;

static const int16_t *const tile_values[3] = { example_y_values, example_cb_values, example_cr_values };

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
	dsp.rfx_values[KG_RFX_SYMMETRIC]((const uint8_t *)example_pixels, SIDE * 4, SIDE, scale, values, scratch);
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
	static uint8_t captured[sizeof(example_headers) + sizeof(example_frame)], bytes[65536];
	static uint8_t pixels[SIDE * SIDE * 4], again[SIDE * SIDE * 4];
	RFX_CONTEXT *decoder = rfx_context_new_ex(FALSE, THREADING_FLAGS_DISABLE_THREADS);
	size_t size = encode_stream((const uint8_t *)example_pixels, bytes, sizeof(bytes));
	uint32_t error = 0, worst = 0;
	REGION16 region;

	memcpy(captured, example_headers, sizeof(example_headers));
	memcpy(captured + sizeof(example_headers), example_frame, sizeof(example_frame));
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
	ok(size && size <= sizeof(captured) + 10, "%s: ours of that picture is not longer (%zu bytes, %zu)", cpu_name,
	   size, sizeof(captured));
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

int main(void)
{
	WLog_SetLogLevel(WLog_GetRoot(), WLOG_OFF);
	for (enum kg_cpu cpu = KG_CPU_C; cpu <= kg_cpu_best(); cpu++) {
		kg_dsp_init(&dsp, cpu);
		cpu_name = kg_cpu_name(cpu);
		values_of_pixels();
		stream();
	}
	return tap_end();
}
