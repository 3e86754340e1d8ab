/* The graphics channel of a client. */
#define KG_TOPIC "gfx"
#include "server/session/gfx.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/loop.h"
#include "server/session/session.h"

#include <freerdp/channels/rdpgfx.h>
#include <freerdp/channels/wtsvc.h>

static void on_readable(void *data, int fd, uint32_t events)
{
	/* Only wakes the loop up: kg_gfx_turn() reads. */
}

/* FreeRDP calls this when the client has answered our wish to open a channel. The only one that we open is this. */
static BOOL on_created(void *data, UINT32 id, INT32 status)
{
	struct kg_gfx *gfx = data;

	if (gfx->dvc.handle && id == gfx->dvc.id && status < 0)
		gfx->refused = true;
	return TRUE;
}

int kg_gfx_init(struct kg_gfx *gfx, struct kg_session *session)
{
	*gfx = (struct kg_gfx){ .session = session, .dvc = { .fd = -1 } };
	gfx->message = malloc(KG_GFX_MESSAGE_MAX);
	if (!gfx->message)
		return -ENOMEM;
	WTSVirtualChannelManagerSetDVCCreationCallback(session->channels, on_created, gfx);
	return 0;
}

static void gfx_close(struct kg_gfx *gfx)
{
	kg_watch_free(gfx->watch);
	gfx->watch = NULL;
	kg_dvc_close(&gfx->dvc);
	gfx->has_capabilities = gfx->used = false;
	gfx->reader = (struct kg_gfx_reader){ 0 };
}

void kg_gfx_done(struct kg_gfx *gfx)
{
	if (!gfx->session)
		return;
	gfx_close(gfx);
	free(gfx->message);
	gfx->message = NULL;
}

void kg_gfx_reopen(struct kg_gfx *gfx)
{
	if (gfx->used)
		gfx_close(gfx);
}

static int gfx_open(struct kg_gfx *gfx)
{
	struct kg_session *session = gfx->session;
	int r = kg_dvc_open(&gfx->dvc, session->peer, session->channels, RDPGFX_DVC_CHANNEL_NAME);

	if (r < 0)
		return kg_err(r, "cannot open the graphics channel");
	r = kg_loop_fd(session->loop, &gfx->watch, gfx->dvc.fd, EPOLLIN, on_readable, gfx);
	if (r < 0)
		return kg_err(r, "cannot watch the graphics channel");
	return 0;
}

static int handle(struct kg_gfx *gfx, const struct kg_gfx_message *message)
{
	struct kg_view *view = &gfx->session->view;

	switch (message->what) {
	case KG_GFX_CAPABILITIES:
		if (gfx->has_capabilities)
			kg_info("the client resets its graphics channel");
		gfx->has_capabilities = true;
		gfx->version = message->capabilities.version;
		gfx->flags = message->capabilities.flags;
		return kg_view_graphics(view);
	case KG_GFX_ACKNOWLEDGED:
		return kg_view_acknowledged(view, message->acknowledged.frame, message->acknowledged.queue_depth,
					    message->acknowledged.total);
	case KG_GFX_IMPORT_OFFER:
		return kg_view_offer(view);
	default:
		return 0;
	}
}

static int gfx_read(struct kg_gfx *gfx)
{
	int size;

	while ((size = kg_dvc_read(&gfx->dvc, gfx->message, KG_GFX_MESSAGE_MAX)) > 0) {
		struct kg_reader bytes = kg_reader_of(gfx->message, (size_t)size);
		struct kg_gfx_message message;

		do {
			int r = kg_gfx_read(&gfx->reader, &bytes, &message);

			if (r < 0)
				return kg_err(r, "the client sent what is no graphics message");
			r = handle(gfx, &message);
			if (r < 0)
				return r;
		} while (message.what != KG_GFX_NONE);
	}
	if (size == -EMSGSIZE)
		return kg_err(-EPROTO, "the client sent a graphics message that is too long");
	if (size < 0)
		return kg_err(-EPIPE, "the client closed its graphics channel");
	return 0;
}

int kg_gfx_turn(struct kg_gfx *gfx)
{
	if (!gfx->wanted)
		return 0;
	if (!gfx->dvc.handle && kg_dvc_is_ready(gfx->session->channels)) {
		int r = gfx_open(gfx);

		if (r < 0)
			return r;
	}
	if (gfx->refused) {
		kg_warn(0, "the client does not open its graphics channel: it gets bitmaps");
		gfx_close(gfx);
		gfx->wanted = gfx->refused = false;
		return kg_view_change_path(&gfx->session->view);
	}
	return gfx->dvc.handle ? gfx_read(gfx) : 0;
}

int kg_gfx_write(struct kg_gfx *gfx, const void *bytes, size_t size)
{
	gfx->used = true;
	return gfx->dvc.handle ? kg_dvc_write(&gfx->dvc, bytes, size) : -EPIPE;
}
