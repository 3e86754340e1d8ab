/* The pointer's shape from XFIXES: premultiplied colours become straight ones, and what cannot be seen is hidden. */
#include "base/limits.h"
#include "base/cursor.h"
#include "server/desktop/x11/screen.h"

static uint32_t straight(uint32_t colour, uint32_t alpha)
{
	return KG_MIN(255u, (colour * 255 + alpha / 2) / alpha);
}

/* Tells the shape of image: the last thing that happens, since the owner may free the source. */
static void tell(struct kg_x11_screen *screen, const xcb_xfixes_get_cursor_image_reply_t *image)
{
	static uint8_t pixels[KG_CURSOR_SIZE_MAX * KG_CURSOR_SIZE_MAX * 4];	// one thread, used during the call
	const uint32_t *argb = xcb_xfixes_get_cursor_image_cursor_image(image);
	uint16_t width = KG_MIN(image->width, (uint16_t)KG_CURSOR_SIZE_MAX);
	uint16_t height = KG_MIN(image->height, (uint16_t)KG_CURSOR_SIZE_MAX);
	struct kg_cursor cursor = { .pixels = pixels };
	uint8_t *to = pixels;
	bool visible = false;

	/* xcb takes the server's word for what lies behind a reply's head, here and in resize.c and keyboard.c. */
	if (image->length < (uint64_t)image->width * image->height)
		return;
	for (uint32_t y = 0; y < height; y++) {
		for (uint32_t x = 0; x < width; x++, to += 4) {
			uint32_t p = argb[(size_t)y * image->width + x], alpha = p >> 24;

			memset(to, 0, 4);
			if (!alpha)
				continue;
			visible = true;
			to[0] = (uint8_t)straight(p & 0xff, alpha);
			to[1] = (uint8_t)straight(p >> 8 & 0xff, alpha);
			to[2] = (uint8_t)straight(p >> 16 & 0xff, alpha);
			to[3] = (uint8_t)alpha;
		}
	}
	if (visible) {
		cursor.width = width;
		cursor.height = height;
		cursor.hot_x = KG_MIN(image->xhot, (uint16_t)(width - 1));
		cursor.hot_y = KG_MIN(image->yhot, (uint16_t)(height - 1));
	}
	screen->source.events->cursor(screen->source.data, &cursor);
}

static void on_image(void *data, void *reply, uint32_t tag)
{
	struct kg_x11_screen *screen = data;

	screen->cursor_asked = false;
	if (screen->cursor_changed)
		kg_x11_cursor_ask(screen);
	else if (reply)
		tell(screen, reply);
}

void kg_x11_cursor_ask(struct kg_x11_screen *screen)
{
	struct kg_x11 *x = screen->x;

	screen->cursor_changed = screen->cursor_asked;
	if (screen->cursor_asked)
		return;
	screen->cursor_asked = true;
	kg_x11_expect(x, xcb_xfixes_get_cursor_image(x->c).sequence, on_image, screen, 0);
}
