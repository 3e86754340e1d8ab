/*
 * FreeRDP decodes: ours stand before its functions, count what comes and see when a frame is complete. Its own
 * functions are the same for all sessions, and so is who is told.
 */
#include "bench/client/decoding.h"

#include "bench/client/session.h"

#include <freerdp/gdi/gdi.h>
#include <freerdp/gdi/gfx.h>

#include <time.h>

#define HEADER 8			// of a graphics message, [MS-RDPEGFX] 2.2.1.5
#define BITMAP_HEADER 18		// TS_BITMAP_DATA, [MS-RDPBCGR] 2.2.9.1.1.3.1.2.2
#define SURFACE_BITS_HEADER 22		// TS_SURFCMD_SET_SURF_BITS with TS_BITMAP_DATA_EX, 2.2.9.2.1

static RdpgfxClientContext stock;	// FreeRDP's functions
static pSurfaceBits stock_surface_bits;
static pBitmapUpdate stock_bitmap_update;
static pSurfaceFrameMarker stock_frame_marker;
static void (*on_shown)(struct kg_session *session);

static struct kg_session *session_of(rdpContext *context)
{
	return (struct kg_session *)context;
}

static struct kg_session *session_of_pipeline(RdpgfxClientContext *pipeline)
{
	return session_of(((rdpGdi *)pipeline->custom)->context);
}

/* ---- time ---- */

static uint64_t processor_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void kg_decoding_pause(struct kg_session *session)
{
	if (session->decoding_since_us)
		session->decode_us += processor_us() - session->decoding_since_us;
}

void kg_decoding_resume(struct kg_session *session)
{
	if (session->decoding_since_us)
		session->decoding_since_us = processor_us();
}

void kg_decoding_begin(struct kg_connection *connection, size_t size)
{
	struct kg_session *session = (struct kg_session *)connection;

	session->channel_bytes += size;
	session->decoding_since_us = processor_us();
}

void kg_decoding_end(struct kg_connection *connection)
{
	struct kg_session *session = (struct kg_session *)connection;

	kg_decoding_pause(session);
	session->decoding_since_us = 0;
}

/* ---- the graphics pipeline ---- */

static void count(RdpgfxClientContext *pipeline, enum kg_operation operation, size_t size)
{
	kg_tally_add(&session_of_pipeline(pipeline)->tally, operation, HEADER + size);
}

static UINT start_frame(RdpgfxClientContext *pipeline, const RDPGFX_START_FRAME_PDU *pdu)
{
	count(pipeline, KG_OPERATION_OTHER, 8);
	return stock.StartFrame(pipeline, pdu);
}

static UINT end_frame(RdpgfxClientContext *pipeline, const RDPGFX_END_FRAME_PDU *pdu)
{
	struct kg_session *session = session_of_pipeline(pipeline);
	UINT result = stock.EndFrame(pipeline, pdu);

	count(pipeline, KG_OPERATION_OTHER, 4);
	session->tally.frames++;
	on_shown(session);
	return result;
}

/* Pictures of progressive come in the second kind of message, which has another head (2.2.2.1, 2.2.2.2). */
static UINT surface_command(RdpgfxClientContext *pipeline, const RDPGFX_SURFACE_COMMAND *command)
{
	uint16_t codec = (uint16_t)command->codecId;
	enum kg_operation operation = kg_operation_of_codec(codec);

	count(pipeline, operation, (operation == KG_OPERATION_PROGRESSIVE ? 13u : 17u) + command->length);
	return stock.SurfaceCommand(pipeline, command);
}

static UINT solid_fill(RdpgfxClientContext *pipeline, const RDPGFX_SOLID_FILL_PDU *pdu)
{
	count(pipeline, KG_OPERATION_FILL, 8 + pdu->fillRectCount * 8u);
	return stock.SolidFill(pipeline, pdu);
}

static UINT surface_to_surface(RdpgfxClientContext *pipeline, const RDPGFX_SURFACE_TO_SURFACE_PDU *pdu)
{
	count(pipeline, KG_OPERATION_COPY, 14 + pdu->destPtsCount * 4u);
	return stock.SurfaceToSurface(pipeline, pdu);
}

static UINT surface_to_cache(RdpgfxClientContext *pipeline, const RDPGFX_SURFACE_TO_CACHE_PDU *pdu)
{
	count(pipeline, KG_OPERATION_CACHE_STORE, 20);
	return stock.SurfaceToCache(pipeline, pdu);
}

static UINT cache_to_surface(RdpgfxClientContext *pipeline, const RDPGFX_CACHE_TO_SURFACE_PDU *pdu)
{
	count(pipeline, KG_OPERATION_CACHE_DRAW, 6 + pdu->destPtsCount * 4u);
	return stock.CacheToSurface(pipeline, pdu);
}

void kg_decoding_pipeline(struct kg_connection *connection, RdpgfxClientContext *pipeline)
{
	stock = *pipeline;
	pipeline->StartFrame = start_frame;
	pipeline->EndFrame = end_frame;
	pipeline->SurfaceCommand = surface_command;
	pipeline->SolidFill = solid_fill;
	pipeline->SurfaceToSurface = surface_to_surface;
	pipeline->SurfaceToCache = surface_to_cache;
	pipeline->CacheToSurface = cache_to_surface;
}

/* ---- without it ---- */

static BOOL surface_bits(rdpContext *context, const SURFACE_BITS_COMMAND *command)
{
	struct kg_session *session = session_of(context);

	kg_tally_add(&session->tally, KG_OPERATION_SURFACE_BITS, SURFACE_BITS_HEADER + command->bmp.bitmapDataLength);
	session->channel_bytes += command->bmp.bitmapDataLength;
	return stock_surface_bits(context, command);
}

static BOOL bitmap_update(rdpContext *context, const BITMAP_UPDATE *update)
{
	struct kg_session *session = session_of(context);

	for (UINT32 i = 0; i < update->number; i++) {
		kg_tally_add(&session->tally, KG_OPERATION_BITMAP, BITMAP_HEADER + update->rectangles[i].bitmapLength);
		session->channel_bytes += update->rectangles[i].bitmapLength;
	}
	return stock_bitmap_update(context, update);
}

/* [MS-RDPBCGR] 2.2.9.2.3: of servers that mark their frames. Others are seen by what is painted. */
static BOOL frame_marker(rdpContext *context, const SURFACE_FRAME_MARKER *marker)
{
	struct kg_session *session = session_of(context);

	session->marked = true;
	if (marker->frameAction == SURFACECMD_FRAMEACTION_END) {
		session->tally.frames++;
		on_shown(session);
	}
	return !stock_frame_marker || stock_frame_marker(context, marker);
}

static BOOL begin_paint(rdpContext *context)
{
	HGDI_WND window = context->gdi->primary->hdc->hwnd;

	window->invalid->null = TRUE;		// nobody looks at what is invalid; a list that is not emptied grows
	window->ninvalid = 0;
	return TRUE;
}

static BOOL end_paint(rdpContext *context)
{
	rdpGdi *gdi = context->gdi;

	if (!gdi->inGfxFrame && !session_of(context)->marked && !gdi->primary->hdc->hwnd->invalid->null) {
		session_of(context)->tally.frames++;
		on_shown(session_of(context));
	}
	return TRUE;
}

void kg_decoding_watch(struct kg_session *session, void (*shown)(struct kg_session *session))
{
	rdpUpdate *update = session->connection.context.update;

	on_shown = shown;
	stock_surface_bits = update->SurfaceBits;
	update->SurfaceBits = surface_bits;
	stock_bitmap_update = update->BitmapUpdate;
	update->BitmapUpdate = bitmap_update;
	stock_frame_marker = update->SurfaceFrameMarker;
	update->SurfaceFrameMarker = frame_marker;
	update->BeginPaint = begin_paint;
	update->EndPaint = end_paint;
}
