/* FreeRDP behind bench/oracle.h. */
#include "bench/oracle.h"

#include "base/base.h"
#include "bench/quality.h"

#include <freerdp/codec/clear.h>
#include <freerdp/codec/planar.h>
#include <freerdp/codec/progressive.h>
#include <freerdp/codec/region.h>
#include <freerdp/codec/rfx.h>
#include <freerdp/codec/zgfx.h>
#include <freerdp/primitives.h>
#include <freerdp/settings.h>
#include <math.h>
#include <winpr/stream.h>

#define TILE 64
#define FORMAT PIXEL_FORMAT_BGRX32

struct kg_oracle {
	enum kg_oracle_kind kind;
	uint32_t width, height;
	uint8_t *pixels;		// decoded; rows of width pixels
	BITMAP_PLANAR_CONTEXT *planar;
	PROGRESSIVE_CONTEXT *progressive_encoder, *progressive;
	RFX_CONTEXT *rfx_encoder, *rfx;
	CLEAR_CONTEXT *clear;
	ZGFX_CONTEXT *zgfx_encoder, *zgfx;
	wStream *stream;		// what was encoded last
	const uint8_t *bytes;		// and where it is
	size_t size;
	uint32_t frame;			// of the progressive decoder
};

/* Decoders keep what they saw: a new one for each time that somebody begins anew. */
static bool new_decoder(struct kg_oracle *o)
{
	switch (o->kind) {
	case KG_ORACLE_PROGRESSIVE:
		progressive_context_free(o->progressive);
		o->progressive = progressive_context_new_ex(FALSE, THREADING_FLAGS_DISABLE_THREADS);
		return o->progressive && progressive_create_surface_context(o->progressive, 1, o->width, o->height) > 0;
	case KG_ORACLE_RLGR1:
	case KG_ORACLE_RLGR3:
		rfx_context_free(o->rfx);
		o->rfx = rfx_context_new_ex(FALSE, THREADING_FLAGS_DISABLE_THREADS);
		if (!o->rfx)
			return false;
		rfx_context_set_pixel_format(o->rfx, FORMAT);
		return rfx_context_reset(o->rfx, o->width, o->height);
	case KG_ORACLE_CLEAR:
		clear_context_free(o->clear);
		o->clear = clear_context_new(FALSE);
		return o->clear;
	case KG_ORACLE_ZGFX:
		zgfx_context_free(o->zgfx);
		o->zgfx = zgfx_context_new(FALSE);
		return o->zgfx;
	default:
		return true;
	}
}

static bool new_encoder(struct kg_oracle *o)
{
	switch (o->kind) {
	case KG_ORACLE_PLANAR:
		o->planar = freerdp_bitmap_planar_context_new(PLANAR_FORMAT_HEADER_NA | PLANAR_FORMAT_HEADER_RLE, TILE, TILE);
		if (o->planar)
			freerdp_planar_topdown_image(o->planar, TRUE);
		return o->planar;
	case KG_ORACLE_PROGRESSIVE:
		o->progressive_encoder = progressive_context_new_ex(TRUE, THREADING_FLAGS_DISABLE_THREADS);
		return o->progressive_encoder;
	case KG_ORACLE_RLGR1:
	case KG_ORACLE_RLGR3:
		o->rfx_encoder = rfx_context_new_ex(TRUE, THREADING_FLAGS_DISABLE_THREADS);
		if (!o->rfx_encoder || !rfx_context_set_mode(o->rfx_encoder, o->kind == KG_ORACLE_RLGR1 ? RLGR1 : RLGR3))
			return false;
		rfx_context_set_pixel_format(o->rfx_encoder, FORMAT);
		return true;
	case KG_ORACLE_ZGFX:
		o->zgfx_encoder = zgfx_context_new(TRUE);
		return o->zgfx_encoder;
	default:
		return true;
	}
}

int kg_oracle_new(struct kg_oracle **ret, enum kg_oracle_kind kind, uint32_t width, uint32_t height)
{
	struct kg_oracle *o = calloc(1, sizeof(*o));

	if (!o)
		return -ENOMEM;
	/* By itself FreeRDP tries its generic functions against those for this processor when it starts, and a busy machine
	 * makes it choose the slow ones, which round differently as well. */
	primitives_set_hints(PRIMITIVES_ONLY_CPU);
	o->kind = kind;
	o->width = width;
	o->height = height;
	o->pixels = calloc((size_t)width * height, 4);
	o->stream = Stream_New(NULL, 1 << 20);
	if (!o->pixels || !o->stream || !new_encoder(o) || !new_decoder(o)) {
		kg_oracle_free(o);
		return -ENOMEM;
	}
	*ret = o;
	return 0;
}

void kg_oracle_free(struct kg_oracle *o)
{
	if (!o)
		return;
	freerdp_bitmap_planar_context_free(o->planar);
	progressive_context_free(o->progressive_encoder);
	progressive_context_free(o->progressive);
	rfx_context_free(o->rfx_encoder);
	rfx_context_free(o->rfx);
	clear_context_free(o->clear);
	zgfx_context_free(o->zgfx_encoder);
	zgfx_context_free(o->zgfx);
	if (o->stream)
		Stream_Free(o->stream, TRUE);
	free(o->pixels);
	free(o);
}

/* ---- encoding ---- */

static bool encode_planar(struct kg_oracle *o, const struct kg_image *image)
{
	for (uint32_t y = 0; y < o->height; y += TILE)
		for (uint32_t x = 0; x < o->width; x += TILE) {
			UINT32 size = TILE * TILE * 4;		// more than the raw planes

			if (!Stream_EnsureRemainingCapacity(o->stream, size) ||
			    !freerdp_bitmap_compress_planar(o->planar, image->pixels + y * image->stride + x * 4, FORMAT,
							    KG_MIN(o->width - x, TILE + 0u), KG_MIN(o->height - y, TILE + 0u),
							    (UINT32)image->stride, Stream_Pointer(o->stream), &size))
				return false;
			Stream_Seek(o->stream, size);
		}
	return true;
}

static bool encode_progressive(struct kg_oracle *o, const struct kg_image *image)
{
	BYTE *bytes = NULL;
	UINT32 size = 0;

	if (progressive_compress(o->progressive_encoder, image->pixels, (UINT32)(image->stride * image->height), FORMAT,
				 image->width, image->height, (UINT32)image->stride, NULL, &bytes, &size) < 0)
		return false;
	o->bytes = bytes;
	o->size = size;
	return true;
}

/* With the headers of a first message each time. */
static bool encode_rfx(struct kg_oracle *o, const struct kg_image *image)
{
	const RFX_RECT all = { 0, 0, (UINT16)o->width, (UINT16)o->height };

	return rfx_context_reset(o->rfx_encoder, o->width, o->height) &&
	       rfx_compose_message(o->rfx_encoder, o->stream, &all, 1, image->pixels, image->width, image->height,
				   (UINT32)image->stride);
}

size_t kg_oracle_encode(struct kg_oracle *o, const struct kg_image *image)
{
	bool right = false;

	Stream_SetPosition(o->stream, 0);
	o->bytes = NULL;
	o->size = 0;
	if (o->kind == KG_ORACLE_PLANAR)
		right = encode_planar(o, image);
	else if (o->kind == KG_ORACLE_PROGRESSIVE)
		right = encode_progressive(o, image);
	else if (o->kind == KG_ORACLE_RLGR1 || o->kind == KG_ORACLE_RLGR3)
		right = encode_rfx(o, image);
	if (right && !o->bytes) {
		o->bytes = Stream_Buffer(o->stream);
		o->size = Stream_GetPosition(o->stream);
	}
	return right ? o->size : 0;
}

size_t kg_oracle_encode_bytes(struct kg_oracle *o, const uint8_t *bytes, size_t size)
{
	UINT32 flags = 0;

	Stream_SetPosition(o->stream, 0);
	if (o->kind != KG_ORACLE_ZGFX || zgfx_compress_to_stream(o->zgfx_encoder, o->stream, bytes, (UINT32)size, &flags) < 0)
		return 0;
	return Stream_GetPosition(o->stream);
}

/* ---- decoding ---- */

bool kg_oracle_decode(struct kg_oracle *o, const uint8_t *bytes, size_t size, uint32_t x, uint32_t y, uint32_t width,
		      uint32_t height)
{
	uint32_t stride = o->width * 4;
	bool right = false;
	REGION16 region;

	if (size > UINT32_MAX || x > o->width || width > o->width - x || y > o->height || height > o->height - y)
		return false;
	region16_init(&region);
	switch (o->kind) {
	case KG_ORACLE_PLANAR:
		right = planar_decompress(o->planar, bytes, (UINT32)size, width, height, o->pixels, FORMAT, stride, x, y, width,
					  height, FALSE);
		break;
	case KG_ORACLE_PROGRESSIVE:
		right = progressive_decompress(o->progressive, bytes, (UINT32)size, o->pixels, FORMAT, stride, x, y, &region, 1,
					       o->frame++) >= 0;
		break;
	case KG_ORACLE_RLGR1:
	case KG_ORACLE_RLGR3:
		right = rfx_process_message(o->rfx, bytes, (UINT32)size, x, y, o->pixels, FORMAT, stride, o->height, &region);
		break;
	case KG_ORACLE_CLEAR:
		right = clear_decompress(o->clear, bytes, (UINT32)size, width, height, o->pixels, FORMAT, stride, x, y, o->width,
					 o->height, NULL) >= 0;
		break;
	default:
		break;
	}
	region16_uninit(&region);
	return right;
}

bool kg_oracle_decodes_to(struct kg_oracle *o, const uint8_t *bytes, size_t size, const uint8_t *expected, size_t expected_size)
{
	BYTE *decoded = NULL;
	UINT32 decoded_size = 0;
	bool right;

	if (o->kind != KG_ORACLE_ZGFX || zgfx_decompress(o->zgfx, bytes, (UINT32)size, &decoded, &decoded_size, 0) < 0)
		return false;
	right = decoded_size == expected_size && !memcmp(decoded, expected, expected_size);
	free(decoded);
	return right;
}

double kg_oracle_quality(const struct kg_oracle *o, const struct kg_image *image)
{
	const struct kg_image decoded = { o->pixels, o->width, o->height, (size_t)o->width * 4 };

	return kg_psnr(&decoded, image);
}

double kg_oracle_own_quality(struct kg_oracle *o, const struct kg_image *image)
{
	if (!o->bytes || o->kind == KG_ORACLE_PLANAR || !new_decoder(o))
		return NAN;
	memset(o->pixels, 0, (size_t)o->width * o->height * 4);
	if (!kg_oracle_decode(o, o->bytes, o->size, 0, 0, o->width, o->height))
		return NAN;
	return kg_oracle_quality(o, image);
}
