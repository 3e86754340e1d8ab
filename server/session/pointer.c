/* The client's pointer. */
#define KG_TOPIC "pointer"
#include "server/session/pointer.h"

#include "base/limits.h"
#include "base/log.h"
#include "server/session/session.h"

/* What a client's reassembly buffer must hold for the large shapes it says it takes ([MS-RDPBCGR] 2.2.7.2.7). */
#define UPDATE_SIZE_96 38055u
#define UPDATE_SIZE_384 608299u

#define SIZE_SMALL 32
#define SIZE_NEW 96		// the largest in a New Pointer Update; beyond it is a Large Pointer Update

static size_t mask_row(uint16_t width)		// one bit per pixel, rows of whole 16-bit words
{
	return (width + 15u) / 16 * 2;
}

static size_t colour_row(uint16_t width)	// three bytes per pixel, rows of whole 16-bit words
{
	return (width * 3u + 1) / 2 * 2;
}

int kg_pointer_init(struct kg_pointer *pointer, struct kg_session *session)
{
	*pointer = (struct kg_pointer){ .session = session };
	pointer->pixels = malloc(KG_CURSOR_SIZE_MAX * KG_CURSOR_SIZE_MAX * 4);
	pointer->mask = malloc(mask_row(KG_CURSOR_SIZE_MAX) * KG_CURSOR_SIZE_MAX);
	if (pointer->pixels && pointer->mask)
		return 0;
	kg_pointer_done(pointer);
	return -ENOMEM;
}

void kg_pointer_done(struct kg_pointer *pointer)
{
	free(pointer->pixels);
	free(pointer->mask);
	pointer->pixels = pointer->mask = NULL;
}

void kg_pointer_forget(struct kg_pointer *pointer)
{
	memset(pointer->slot, 0, sizeof(pointer->slot));
	pointer->changed = pointer->warps = false;
}

void kg_pointer_open(struct kg_pointer *pointer, enum kg_view_path path, uint16_t *ret_size, uint16_t *ret_slots)
{
	const rdpSettings *settings = kg_session_settings(pointer->session);
	uint32_t large = freerdp_settings_get_uint32(settings, FreeRDP_LargePointerFlag);
	uint32_t room = freerdp_settings_get_uint32(settings, FreeRDP_MultifragMaxRequestSize);
	uint32_t slots = freerdp_settings_get_uint32(settings, FreeRDP_PointerCacheSize);

	kg_pointer_forget(pointer);
	pointer->form = slots == 0 ? KG_POINTER_COLOUR : large ? KG_POINTER_ALPHA : KG_POINTER_MASK;
	pointer->size_max = SIZE_SMALL;
	if ((large & LARGE_POINTER_FLAG_96x96) && room >= UPDATE_SIZE_96)
		pointer->size_max = SIZE_NEW;
	if ((large & LARGE_POINTER_FLAG_384x384) && room >= UPDATE_SIZE_384)
		pointer->size_max = KG_CURSOR_SIZE_MAX;
	/* The bitmap path can need a reactivation, which empties the cache: a single slot can be filled again from here. */
	pointer->slots = path == KG_PATH_BITMAP ? 1 : (uint16_t)KG_MAX(1u, KG_MIN(slots, KG_POINTER_SLOTS));
	*ret_size = pointer->size_max;
	*ret_slots = pointer->slots;
}

/* ---- messages of the desktop ---- */

static bool shape_is_valid(const struct kg_pointer *pointer, const struct kg_view_cursor *shape)
{
	return shape->width > 0 && shape->height > 0 && shape->width <= pointer->size_max &&
	       shape->height <= pointer->size_max && shape->hot_x < shape->width && shape->hot_y < shape->height;
}

int kg_pointer_set(struct kg_pointer *pointer, const struct kg_view_cursor *cursor, const uint8_t *pixels)
{
	struct kg_pointer_slot *slot = &pointer->slot[cursor->slot % KG_POINTER_SLOTS];

	if (cursor->slot >= pointer->slots)
		return -EPROTO;
	switch (cursor->what) {
	case KG_CURSOR_HIDDEN:
		pointer->hidden = true;
		break;
	case KG_CURSOR_CACHED:
		if (!slot->filled)
			return -EPROTO;
		pointer->hidden = false;
		pointer->shown = cursor->slot;
		break;
	case KG_CURSOR_NEW:
		if (!pixels || !shape_is_valid(pointer, cursor))
			return -EPROTO;
		*slot = (struct kg_pointer_slot){ .filled = true, .waiting = true, .shape = *cursor };
		pointer->hidden = false;
		pointer->shown = cursor->slot;
		break;
	default:
		return -EPROTO;
	}
	pointer->changed = true;
	return 0;
}

int kg_pointer_warp(struct kg_pointer *pointer, const struct kg_view_warp *warp)
{
	pointer->warp = *warp;
	pointer->warps = true;
	return 0;
}

uint64_t kg_pointer_position(const struct kg_pointer *pointer, uint64_t position)
{
	for (unsigned i = 0; i < pointer->slots; i++) {
		if (pointer->slot[i].waiting)
			position = KG_MIN(position, pointer->slot[i].shape.position);
	}
	return position;
}

/* ---- sending ---- */

/* Rows from the top become rows from the bottom. Where nothing is seen the mask has a 1 and the pixel is black: clients turn
 * other colours under a 1 into an inversion. */
static void put_shape(struct kg_pointer *pointer, const struct kg_view_cursor *shape, const uint8_t *from)
{
	bool colour = pointer->form == KG_POINTER_COLOUR;
	size_t row = colour ? colour_row(shape->width) : shape->width * 4u, bits = mask_row(shape->width);

	memset(pointer->mask, 0, bits * shape->height);
	for (uint16_t y = 0; y < shape->height; y++) {
		uint16_t flipped = (uint16_t)(shape->height - 1 - y);
		uint8_t *to = pointer->pixels + row * flipped, *mask = pointer->mask + bits * flipped;

		if (pointer->form == KG_POINTER_ALPHA) {
			memcpy(to, from, row);
			from += row;
			continue;
		}
		memset(to, 0, row);
		for (uint16_t x = 0; x < shape->width; x++, from += 4, to += colour ? 3 : 4) {
			if (from[3] < 0x80)
				mask[x / 8] |= (uint8_t)(0x80 >> x % 8);
			else
				memcpy(to, from, colour ? 3 : 4);
		}
	}
}

/* Sends what put_shape() made. */
static int send_shape(struct kg_pointer *pointer)
{
	rdpContext *context = pointer->session->peer->context;
	const rdpPointerUpdate *update = context->update->pointer;
	const struct kg_view_cursor *shape = &pointer->last;
	bool colour = pointer->form == KG_POINTER_COLOUR;
	size_t row = colour ? colour_row(shape->width) : shape->width * 4u;
	size_t bits = pointer->form == KG_POINTER_ALPHA ? 0 : mask_row(shape->width);
	BOOL sent;

	if (shape->width > SIZE_NEW || shape->height > SIZE_NEW) {
		POINTER_LARGE_UPDATE large = {
			.xorBpp = 32,
			.cacheIndex = shape->slot,
			.hotSpotX = shape->hot_x,
			.hotSpotY = shape->hot_y,
			.width = shape->width,
			.height = shape->height,
			.lengthXorMask = (UINT32)(row * shape->height),
			.xorMaskData = pointer->pixels,
			.lengthAndMask = (UINT32)(bits * shape->height),
			.andMaskData = pointer->mask,
		};

		sent = update->PointerLarge(context, &large);
	} else {
		POINTER_NEW_UPDATE normal = {
			.xorBpp = 32,
			.colorPtrAttr = {
				.cacheIndex = shape->slot,
				.hotSpotX = shape->hot_x,
				.hotSpotY = shape->hot_y,
				.width = shape->width,
				.height = shape->height,
				.lengthXorMask = (UINT16)(row * shape->height),
				.xorMaskData = pointer->pixels,
				.lengthAndMask = (UINT16)(bits * shape->height),
				.andMaskData = pointer->mask,
			},
		};

		sent = colour ? update->PointerColor(context, &normal.colorPtrAttr) : update->PointerNew(context, &normal);
	}
	return sent ? 0 : -EPIPE;
}

static int send_slot(struct kg_pointer *pointer, struct kg_pointer_slot *slot)
{
	const struct kg_view_cursor *shape = &slot->shape;
	const uint8_t *pixels =
		kg_ring_piece(&pointer->session->view.ring, shape->position, (size_t)shape->width * shape->height * 4);

	slot->waiting = false;
	put_shape(pointer, shape, pixels);
	pointer->last = *shape;
	pointer->has_last = true;
	return send_shape(pointer);
}

static int send_shown(struct kg_pointer *pointer)
{
	rdpContext *context = pointer->session->peer->context;
	const rdpPointerUpdate *update = context->update->pointer;
	struct kg_pointer_slot *slot = &pointer->slot[pointer->shown];

	if (pointer->hidden) {
		POINTER_SYSTEM_UPDATE system = { .type = SYSPTR_NULL };

		return update->PointerSystem(context, &system) ? 0 : -EPIPE;
	}
	if (slot->waiting)
		return send_slot(pointer, slot);	// fills and shows
	POINTER_CACHED_UPDATE cached = { .cacheIndex = pointer->shown };

	return update->PointerCached(context, &cached) ? 0 : -EPIPE;
}

static int send_warp(struct kg_pointer *pointer)
{
	rdpContext *context = pointer->session->peer->context;
	const struct kg_view *view = &pointer->session->view;
	POINTER_POSITION_UPDATE position = {
		.xPos = KG_MIN(pointer->warp.x, view->width ? view->width - 1u : 0),
		.yPos = KG_MIN(pointer->warp.y, view->height ? view->height - 1u : 0),
	};

	pointer->warps = false;
	return context->update->pointer->PointerPosition(context, &position) ? 0 : -EPIPE;
}

int kg_pointer_flush(struct kg_pointer *pointer)
{
	int r = 0;

	if (pointer->changed) {
		for (unsigned i = 0; r >= 0 && i < pointer->slots; i++) {
			if (pointer->slot[i].waiting && (pointer->hidden || i != pointer->shown))
				r = send_slot(pointer, &pointer->slot[i]);
		}
		if (r >= 0)
			r = send_shown(pointer);
		pointer->changed = false;
	}
	if (r >= 0 && pointer->warps)
		r = send_warp(pointer);
	return r;
}

int kg_pointer_resend(struct kg_pointer *pointer)
{
	int r = pointer->has_last ? send_shape(pointer) : 0;

	if (r >= 0 && pointer->has_last)
		pointer->changed = true;	// and then hidden, or from its slot, as it was
	return r;
}
