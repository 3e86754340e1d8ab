/*
 * show FILE WIDTH HEIGHT: shows a file of B, G, R, X bytes in a window at the top left of $DISPLAY, above everything, and
 * stays until it is killed. "shown" goes to standard output once the server has drawn it, then one line per input:
 *	button NUMBER down|up X Y, key KEYCODE down|up KEYSYM, motion X Y
 * The pixels are the window's background: the server itself draws them again whenever it has to.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <xcb/xcb.h>

#define SIZE_MAX_SHOWN 8192
#define ROWS_BYTES 200000	// of one request; the protocol's own limit without extensions is 262,140

static int fail(const char *why)
{
	fprintf(stderr, "show: %s\n", why);
	return EXIT_FAILURE;
}

static uint8_t *load(const char *path, size_t size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *pixels = malloc(size);

	if (file && pixels && fread(pixels, 1, size, file) == size && fgetc(file) == EOF) {
		fclose(file);
		return pixels;
	}
	if (file)
		fclose(file);
	free(pixels);
	return NULL;
}

static void put(xcb_connection_t *c, xcb_pixmap_t pixmap, xcb_gcontext_t gc, uint8_t depth, uint8_t *pixels,
		uint16_t width, uint16_t height)
{
	uint32_t stride = (uint32_t)width * 4, rows = ROWS_BYTES / stride;

	for (uint32_t y = 0; y < height; y += rows) {
		uint32_t n = height - y < rows ? height - y : rows;

		xcb_put_image(c, XCB_IMAGE_FORMAT_Z_PIXMAP, pixmap, gc, width, (uint16_t)n, 0, (int16_t)y, 0, depth,
			      n * stride, pixels + (size_t)y * stride);
	}
}

/* With Shift or Caps Lock the second level, as for a plain layout. */
static xcb_keysym_t keysym_of(xcb_connection_t *c, const xcb_key_press_event_t *key)
{
	xcb_get_keyboard_mapping_reply_t *reply =
		xcb_get_keyboard_mapping_reply(c, xcb_get_keyboard_mapping(c, key->detail, 1), NULL);
	xcb_keysym_t keysym = 0;
	bool shift = key->state & XCB_MOD_MASK_SHIFT;

	if (reply && reply->keysyms_per_keycode >= 2) {
		const xcb_keysym_t *keysyms = xcb_get_keyboard_mapping_keysyms(reply);

		if (key->state & XCB_MOD_MASK_LOCK && keysyms[0] >= 'a' && keysyms[0] <= 'z')
			shift = !shift;
		keysym = keysyms[shift];
	}
	free(reply);
	return keysym;
}

static void tell(xcb_connection_t *c, xcb_generic_event_t *event)
{
	const xcb_button_press_event_t *button = (xcb_button_press_event_t *)event;
	const xcb_key_press_event_t *key = (xcb_key_press_event_t *)event;
	const xcb_motion_notify_event_t *motion = (xcb_motion_notify_event_t *)event;

	switch (event->response_type & 0x7f) {
	case XCB_BUTTON_PRESS:
		printf("button %u down %d %d\n", button->detail, button->root_x, button->root_y);
		break;
	case XCB_BUTTON_RELEASE:
		printf("button %u up %d %d\n", button->detail, button->root_x, button->root_y);
		break;
	case XCB_KEY_PRESS:
		printf("key %u down %u\n", key->detail, keysym_of(c, key));
		break;
	case XCB_KEY_RELEASE:
		printf("key %u up %u\n", key->detail, keysym_of(c, key));
		break;
	case XCB_MOTION_NOTIFY:
		printf("motion %d %d\n", motion->root_x, motion->root_y);
		break;
	}
	fflush(stdout);
}

int main(int argc, char **argv)
{
	long width = argc == 4 ? strtol(argv[2], NULL, 10) : 0, height = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
	xcb_connection_t *c = xcb_connect(NULL, NULL);
	xcb_generic_event_t *event;
	xcb_window_t window;
	xcb_pixmap_t pixmap;
	xcb_gcontext_t gc;
	xcb_screen_t *screen;
	uint8_t *pixels;

	if (width < 1 || height < 1 || width > SIZE_MAX_SHOWN || height > SIZE_MAX_SHOWN)
		return fail("usage: show FILE WIDTH HEIGHT");
	if (xcb_connection_has_error(c))
		return fail("cannot open the display");
	pixels = load(argv[1], (size_t)width * (size_t)height * 4);
	if (!pixels)
		return fail("the file is not of that size");
	screen = xcb_setup_roots_iterator(xcb_get_setup(c)).data;
	pixmap = xcb_generate_id(c);
	gc = xcb_generate_id(c);
	window = xcb_generate_id(c);
	xcb_create_pixmap(c, screen->root_depth, pixmap, screen->root, (uint16_t)width, (uint16_t)height);
	xcb_create_gc(c, gc, pixmap, 0, NULL);
	put(c, pixmap, gc, screen->root_depth, pixels, (uint16_t)width, (uint16_t)height);
	free(pixels);
	xcb_create_window(c, XCB_COPY_FROM_PARENT, window, screen->root, 0, 0, (uint16_t)width, (uint16_t)height, 0,
			  XCB_WINDOW_CLASS_INPUT_OUTPUT, XCB_COPY_FROM_PARENT,
			  XCB_CW_BACK_PIXMAP | XCB_CW_OVERRIDE_REDIRECT | XCB_CW_EVENT_MASK,
			  (uint32_t[]){ pixmap, 1, XCB_EVENT_MASK_KEY_PRESS | XCB_EVENT_MASK_KEY_RELEASE |
					XCB_EVENT_MASK_BUTTON_PRESS | XCB_EVENT_MASK_BUTTON_RELEASE |
					XCB_EVENT_MASK_POINTER_MOTION });
	xcb_map_window(c, window);
	xcb_set_input_focus(c, XCB_INPUT_FOCUS_POINTER_ROOT, window, XCB_CURRENT_TIME);
	free(xcb_get_input_focus_reply(c, xcb_get_input_focus(c), NULL));
	printf("shown\n");
	fflush(stdout);
	while ((event = xcb_wait_for_event(c))) {
		tell(c, event);
		free(event);
	}
	xcb_disconnect(c);
	return fail("the display has gone");
}
