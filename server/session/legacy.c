/* Bitmap updates and surface commands for the client without a graphics channel. */
#define KG_TOPIC "bitmap"
#include "server/session/legacy.h"

#include "base/limits.h"
#include "base/log.h"
#include "server/session/bitmap-reader.h"
#include "server/session/session.h"

#include <freerdp/codec/rfx.h>
#include <freerdp/update.h>

#define RECTANGLES_MAX 64
#define UPDATE_HEADER 4		// updateType, numberRectangles
#define RECTANGLE_HEADER 26	// TS_BITMAP_DATA with the compression header that old clients want
#define UPDATE_SIZE_MIN 16384u	// what the desktop may count on

#define CODEC_MODE_IMAGE 0x02	// of TS_RFX_ICAP's flags ([MS-RDPRFX] 2.2.1.1.1.1.1)

/* Of TS_BITMAP_DATA's flags ([MS-RDPBCGR] 2.2.9.1.1.3.1.2.2). */
enum { COMPRESSED = 0x0001, NO_COMPRESSION_HEADER = 0x0400 };

struct update {
	struct kg_session *session;
	BITMAP_DATA rectangles[RECTANGLES_MAX];
	uint32_t count;
	size_t size, size_max;
};

static uint32_t client_limit(const struct kg_session *session)
{
	return freerdp_settings_get_uint32(kg_session_settings(session), FreeRDP_MultifragMaxRequestSize);
}

void kg_legacy_init(struct kg_legacy *legacy, struct kg_session *session)
{
	*legacy = (struct kg_legacy){ .session = session };
}

/* The client has said which of what we announced it can, FreeRDP has crossed that with ours. */
bool kg_legacy_has_remotefx(const struct kg_legacy *legacy)
{
	const rdpSettings *settings = kg_session_settings(legacy->session);

	return freerdp_settings_get_bool(settings, FreeRDP_RemoteFxCodec) &&
	       freerdp_settings_get_uint32(settings, FreeRDP_RemoteFxCodecId) != 0 &&
	       freerdp_settings_get_bool(settings, FreeRDP_SurfaceCommandsEnabled) &&
	       freerdp_settings_get_uint32(settings, FreeRDP_ColorDepth) == 32;
}

void kg_legacy_open(const struct kg_legacy *legacy, struct kg_view_open *open)
{
	const rdpSettings *settings = kg_session_settings(legacy->session);

	open->bitmap_size_max = KG_MAX(UPDATE_SIZE_MIN, KG_MIN(client_limit(legacy->session), KG_SLICE_SIZE_MAX));
	if (!kg_legacy_has_remotefx(legacy))
		return;
	open->remotefx = freerdp_settings_get_uint32(settings, FreeRDP_RemoteFxRlgrMode) == RLGR1 ? KG_REMOTEFX_RLGR1
												   : KG_REMOTEFX_RLGR3;
	open->remotefx_video = !(freerdp_settings_get_uint32(settings, FreeRDP_RemoteFxCodecMode) & CODEC_MODE_IMAGE);
}

int kg_legacy_resize(struct kg_legacy *legacy, uint16_t width, uint16_t height)
{
	struct kg_session *session = legacy->session;
	rdpSettings *settings = kg_session_settings(session);

	if (freerdp_settings_get_uint32(settings, FreeRDP_DesktopWidth) == width &&
	    freerdp_settings_get_uint32(settings, FreeRDP_DesktopHeight) == height)
		return 0;
	if (!freerdp_settings_get_bool(settings, FreeRDP_DesktopResize)) {
		kg_warn(0, "the client cannot change its size: it sees a part of the desktop");
		return 0;
	}
	if (!freerdp_settings_set_uint32(settings, FreeRDP_DesktopWidth, width) ||
	    !freerdp_settings_set_uint32(settings, FreeRDP_DesktopHeight, height))
		return -ENOMEM;
	session->state = KG_SESSION_IS_REACTIVATING;
	return session->peer->context->update->DesktopResize(session->peer->context) ? 0 : -EPIPE;
}

static int update_send(struct update *update)
{
	rdpContext *context = update->session->peer->context;
	BITMAP_UPDATE bitmap = { .number = update->count, .rectangles = update->rectangles, .skipCompression = TRUE };

	if (update->count > 0 && !context->update->BitmapUpdate(context, &bitmap))
		return -EPIPE;
	update->count = 0;
	update->size = UPDATE_HEADER;
	return 0;
}

static int update_add(struct update *update, const struct kg_view_bitmap *record, uint16_t top, uint16_t height,
		      const uint8_t *data, uint32_t length)
{
	bool no_header = freerdp_settings_get_bool(kg_session_settings(update->session), FreeRDP_NoBitmapCompressionHeader);
	size_t size = RECTANGLE_HEADER + length;
	int r;

	if (update->count == RECTANGLES_MAX || (update->count > 0 && size > update->size_max - update->size)) {
		r = update_send(update);
		if (r < 0)
			return r;
	}
	update->size += size;
	update->rectangles[update->count++] = (BITMAP_DATA){
		.destLeft = record->left,
		.destTop = top,
		.destRight = record->left + record->width - 1u,		// inclusive
		.destBottom = top + height - 1u,
		.width = record->data_width,
		.height = height,
		.bitsPerPixel = 32,
		.flags = !record->compressed ? 0 : no_header ? COMPRESSED | NO_COMPRESSION_HEADER : COMPRESSED,
		.bitmapLength = length,
		.cbCompMainBodySize = length,
		.cbScanWidth = record->data_width * 4u,
		.cbUncompressedSize = record->data_width * 4u * height,
		.bitmapDataStream = (BYTE *)data,	// FreeRDP only reads it
		.compressed = record->compressed,
	};
	return 0;
}

/* Rows of pixels can be cut where an update of this client does not hold them all. They come from the bottom. */
static int add_raw(struct update *update, const struct kg_view_bitmap *record, const uint8_t *data)
{
	uint32_t row = kg_bitmap_row(record);
	uint32_t rows_max = (uint32_t)(KG_MIN(update->size_max, (size_t)UINT16_MAX) - UPDATE_HEADER - RECTANGLE_HEADER) / row;
	uint32_t bottom = record->top + record->height;

	if (rows_max == 0)
		return kg_err(-EPROTO, "the desktop sent a bitmap of %u columns, too wide for this client", record->width);
	for (uint32_t left = record->height; left > 0;) {
		uint32_t rows = KG_MIN(left, rows_max);
		int r = update_add(update, record, (uint16_t)(bottom - rows), (uint16_t)rows, data, rows * row);

		if (r < 0)
			return r;
		data += rows * row;
		bottom -= rows;
		left -= rows;
	}
	return 0;
}

static int add_compressed(struct update *update, const struct kg_view_bitmap *record, const uint8_t *data)
{
	if (record->length == 0 || record->length > UINT16_MAX ||
	    record->length > update->size_max - UPDATE_HEADER - RECTANGLE_HEADER)
		return kg_err(-EPROTO, "the desktop sent a bitmap of %u bytes, too long for this client", record->length);
	return update_add(update, record, record->top, record->height, data, record->length);
}

int kg_legacy_write(struct kg_legacy *legacy, const uint8_t *slice, size_t size)
{
	const struct kg_view *view = &legacy->session->view;
	struct kg_reader reader = kg_reader_of(slice, size);
	struct update update = {
		.session = legacy->session,
		.size = UPDATE_HEADER,
		.size_max = KG_MAX(client_limit(legacy->session), 1024u),
	};

	for (;;) {
		struct kg_view_bitmap record;
		const uint8_t *data;
		int r = kg_bitmap_read(&reader, view->width, view->height, &record, &data);

		if (r == 0)
			break;
		if (r < 0)
			return kg_err(-EPROTO, "the desktop sent %s bitmap", r == -ENODATA ? "a piece of a" : "a malformed");
		r = record.compressed ? add_compressed(&update, &record, data) : add_raw(&update, &record, data);
		if (r < 0)
			return r;
	}
	return update_send(&update);
}

/* ---- surface commands ---- */

static bool send_marker(struct kg_legacy *legacy, uint32_t action)
{
	rdpContext *context = legacy->session->peer->context;
	SURFACE_FRAME_MARKER marker = { .frameAction = action, .frameId = legacy->frames };

	if (!freerdp_settings_get_bool(kg_session_settings(legacy->session), FreeRDP_SurfaceFrameMarkerEnabled))
		return true;
	return context->update->SurfaceFrameMarker(context, &marker);
}

static bool send_surface(struct kg_legacy *legacy, const struct kg_view_surface *record, const uint8_t *data)
{
	rdpContext *context = legacy->session->peer->context;
	const rdpSettings *settings = kg_session_settings(legacy->session);
	bool stream = freerdp_settings_get_uint32(settings, FreeRDP_SurfaceCommandsSupported) & SURFCMDS_STREAM_SURFACE_BITS;
	SURFACE_BITS_COMMAND command = {
		.cmdType = stream ? CMDTYPE_STREAM_SURFACE_BITS : CMDTYPE_SET_SURFACE_BITS,
		.destLeft = record->left,
		.destTop = record->top,
		.destRight = (UINT32)record->left + record->width,
		.destBottom = (UINT32)record->top + record->height,
		.bmp = {
			.bpp = 32,
			.codecID = (UINT16)freerdp_settings_get_uint32(settings, FreeRDP_RemoteFxCodecId),
			.width = record->width,
			.height = record->height,
			.bitmapDataLength = record->length,
			.bitmapData = (BYTE *)data,	// FreeRDP only reads it
		},
		.skipCompression = TRUE,
	};

	return context->update->SurfaceBits(context, &command);
}

int kg_legacy_write_surfaces(struct kg_legacy *legacy, const uint8_t *slice, size_t size)
{
	const struct kg_view *view = &legacy->session->view;
	struct kg_reader reader = kg_reader_of(slice, size);
	uint32_t limit = client_limit(legacy->session);
	int r;

	legacy->frames++;
	if (!send_marker(legacy, SURFACECMD_FRAMEACTION_BEGIN))
		return -EPIPE;
	for (;;) {
		struct kg_view_surface record;
		const uint8_t *data;

		r = kg_surface_read(&reader, view->width, view->height, &record, &data);
		if (r <= 0)
			break;
		if (limit < KG_VIEW_SURFACE_HEAD || record.length > limit - KG_VIEW_SURFACE_HEAD) {
			r = kg_err(-EPROTO, "the desktop sent a surface of %u bytes, too long for this client", record.length);
			break;
		}
		if (!send_surface(legacy, &record, data))
			return -EPIPE;
	}
	if (r < 0)
		return kg_err(-EPROTO, "the desktop sent a malformed surface");
	return send_marker(legacy, SURFACECMD_FRAMEACTION_END) ? 0 : -EPIPE;
}
