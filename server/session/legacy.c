/* Bitmap updates for the client without a graphics channel. */
#define KG_TOPIC "bitmap"
#include "server/session/legacy.h"

#include "base/limits.h"
#include "base/log.h"
#include "server/session/bitmap-reader.h"
#include "server/session/session.h"

#include <freerdp/update.h>

#define RECTANGLES_MAX 64
#define UPDATE_HEADER 4		// updateType, numberRectangles
#define RECTANGLE_HEADER 26	// TS_BITMAP_DATA with the compression header that old clients want
#define UPDATE_SIZE_MIN 16384u	// what the desktop may count on

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

uint32_t kg_legacy_size_max(const struct kg_legacy *legacy)
{
	return KG_MAX(UPDATE_SIZE_MIN, KG_MIN(client_limit(legacy->session), KG_SLICE_SIZE_MAX));
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
