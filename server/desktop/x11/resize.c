/* Another size for the screen, by RandR. */
#define KG_TOPIC "x11"
#include "server/desktop/x11/resize.h"

#include "base/log.h"

#include <stdio.h>

#define PREFIX "kagami-"	// of the names of our modes
#define REFRESH 60		// Hz
#define CLOCK_MAX 300000000u	// Hz; the dummy driver takes no more, and nobody looks at the signal

static void start(struct kg_x11_resize *resize);

/* Lengths are in words of 32 bits behind the first 32 bytes. */
static bool resources_fit(const xcb_randr_get_screen_resources_current_reply_t *resources)
{
	return resources->num_crtcs + resources->num_outputs + 8u * resources->num_modes + (resources->names_len + 3u) / 4 <=
	       resources->length;
}

static bool output_fits(const xcb_randr_get_output_info_reply_t *info)
{
	return 1u + info->num_crtcs + info->num_modes <= info->length;
}

static bool is_ours(const struct kg_x11_resize *resize, xcb_randr_mode_t mode)
{
	for (uint32_t i = 0; i < resize->ours_count; i++)
		if (resize->ours[i] == mode)
			return true;
	return false;
}

static void finish(struct kg_x11_resize *resize)
{
	resize->running = false;
	if (resize->next_width && resize->possible) {
		resize->width = resize->next_width;
		resize->height = resize->next_height;
		resize->next_width = 0;
		start(resize);
	} else {
		resize->done(resize->data);
	}
}

static void give_up(struct kg_x11_resize *resize)
{
	(void)kg_warn(0, "X server %s cannot change its size to %ux%u", resize->x->display, resize->width,
		      resize->height);
	resize->possible = false;
	finish(resize);
}

static void set_screen_size(struct kg_x11_resize *resize, uint32_t width, uint32_t height)
{
	const xcb_screen_t *s = resize->x->screen;
	uint32_t mm_width = s->width_in_millimeters * width / KG_MAX(s->width_in_pixels, (uint16_t)1);
	uint32_t mm_height = s->height_in_millimeters * height / KG_MAX(s->height_in_pixels, (uint16_t)1);

	xcb_randr_set_screen_size(resize->x->c, s->root, (uint16_t)width, (uint16_t)height, KG_MAX(mm_width, 1u),
				  KG_MAX(mm_height, 1u));
}

/* A CRTC must lie within the screen at all times, so the screen is large enough for both modes while they change. */
static unsigned set_mode(struct kg_x11_resize *resize, xcb_randr_mode_t mode, uint32_t width, uint32_t height)
{
	struct kg_x11 *x = resize->x;
	unsigned sequence;

	xcb_grab_server(x->c);
	set_screen_size(resize, KG_MAX(width, x->root_width), KG_MAX(height, x->root_height));
	sequence = xcb_randr_set_crtc_config(x->c, resize->crtc, XCB_CURRENT_TIME, resize->configured, 0, 0, mode,
					     resize->rotation, 1, &resize->output).sequence;
	set_screen_size(resize, width, height);
	xcb_ungrab_server(x->c);
	return sequence;
}

static void remove_mode(struct kg_x11_resize *resize, uint32_t i)
{
	xcb_randr_delete_output_mode(resize->x->c, resize->output, resize->ours[i]);
	xcb_randr_destroy_mode(resize->x->c, resize->ours[i]);
	resize->ours[i] = resize->ours[--resize->ours_count];
	kg_x11_send(resize->x);
}

static void on_set(void *data, void *reply, uint32_t tag)
{
	struct kg_x11_resize *resize = data;
	const xcb_randr_set_crtc_config_reply_t *config = reply;

	if (!config || config->status != XCB_RANDR_SET_CONFIG_SUCCESS) {
		/* The screen may have been made larger for it. */
		set_screen_size(resize, resize->x->root_width, resize->x->root_height);
		kg_x11_send(resize->x);
		return give_up(resize);
	}
	resize->set = tag;
	resize->set_width = resize->width;
	resize->set_height = resize->height;
	for (uint32_t i = resize->ours_count; i-- > 0;)
		if (resize->ours[i] != resize->set && resize->ours[i] != resize->old_mode)
			remove_mode(resize, i);
	finish(resize);
}

static void add_and_set(struct kg_x11_resize *resize, xcb_randr_mode_t mode, bool add)
{
	if (add)
		xcb_randr_add_output_mode(resize->x->c, resize->output, mode);
	kg_x11_expect(resize->x, set_mode(resize, mode, resize->width, resize->height), on_set, resize, mode);
}

static void on_created(void *data, void *reply, uint32_t tag)
{
	struct kg_x11_resize *resize = data;
	const xcb_randr_create_mode_reply_t *created = reply;

	if (!created)
		return give_up(resize);
	resize->ours[resize->ours_count++] = created->mode;
	add_and_set(resize, created->mode, true);
}

/* Timing with reduced blanking; a virtual screen needs none of it, a real one takes it. */
static void create(struct kg_x11_resize *resize)
{
	char name[32];
	int length = snprintf(name, sizeof(name), PREFIX "%ux%u", resize->width, resize->height);
	uint32_t total_width = resize->width + 160, total_height = resize->height + 23;
	xcb_randr_mode_info_t info = {
		.width = (uint16_t)resize->width,
		.height = (uint16_t)resize->height,
		.dot_clock = (uint32_t)KG_MIN((uint64_t)total_width * total_height * REFRESH, (uint64_t)CLOCK_MAX),
		.hsync_start = (uint16_t)(resize->width + 48),
		.hsync_end = (uint16_t)(resize->width + 80),
		.htotal = (uint16_t)total_width,
		.vsync_start = (uint16_t)(resize->height + 3),
		.vsync_end = (uint16_t)(resize->height + 9),
		.vtotal = (uint16_t)total_height,
		.name_len = (uint16_t)length,
		.mode_flags = XCB_RANDR_MODE_FLAG_HSYNC_POSITIVE | XCB_RANDR_MODE_FLAG_VSYNC_NEGATIVE,
	};

	if (resize->ours_count == KG_X11_MODES_MAX)
		return give_up(resize);
	kg_x11_expect(resize->x, xcb_randr_create_mode(resize->x->c, resize->x->screen->root, info, (uint32_t)length,
						       name).sequence, on_created, resize, 0);
}

static void on_output(void *data, void *reply, uint32_t tag)
{
	struct kg_x11_resize *resize = data;
	const xcb_randr_get_output_info_reply_t *info = reply;
	const xcb_randr_mode_t *modes;

	if (!info || !output_fits(info) || info->crtc != resize->crtc)
		return give_up(resize);
	modes = xcb_randr_get_output_info_modes(info);
	for (int i = 0; i < xcb_randr_get_output_info_modes_length(info); i++)
		for (uint32_t j = 0; j < resize->fitting_count; j++)
			if (modes[i] == resize->fitting[j])
				return add_and_set(resize, modes[i], false);
	for (uint32_t j = 0; j < resize->fitting_count; j++)
		if (is_ours(resize, resize->fitting[j]))
			return add_and_set(resize, resize->fitting[j], true);
	create(resize);
}

static void on_modes(void *data, void *reply, uint32_t tag)
{
	struct kg_x11_resize *resize = data;
	const xcb_randr_get_screen_resources_current_reply_t *resources = reply;
	const xcb_randr_mode_info_t *modes;

	resize->fitting_count = 0;
	if (!resources || !resources_fit(resources))
		return;		// the answer about the output fails as well, and that ends the run
	resize->configured = resources->config_timestamp;
	modes = xcb_randr_get_screen_resources_current_modes(resources);
	for (int i = 0; i < xcb_randr_get_screen_resources_current_modes_length(resources); i++)
		if (modes[i].width == resize->width && modes[i].height == resize->height &&
		    resize->fitting_count < KG_X11_MODES_MAX)
			resize->fitting[resize->fitting_count++] = modes[i].id;
}

static void start(struct kg_x11_resize *resize)
{
	struct kg_x11 *x = resize->x;

	resize->running = true;
	kg_x11_expect(x, xcb_randr_get_screen_resources_current(x->c, x->screen->root).sequence, on_modes, resize, 0);
	kg_x11_expect(x, xcb_randr_get_output_info(x->c, resize->output, XCB_CURRENT_TIME).sequence, on_output,
		      resize, 0);
}

int kg_x11_resize_to(struct kg_x11_resize *resize, uint32_t width, uint32_t height)
{
	if (!resize->possible)
		return -ENOTSUP;
	width = KG_MIN(width, resize->max_width);
	height = KG_MIN(height, resize->max_height);
	if (resize->running) {
		resize->next_width = width;
		resize->next_height = height;
		return 0;
	}
	if (width == resize->x->root_width && height == resize->x->root_height)
		return 0;
	resize->width = width;
	resize->height = height;
	start(resize);
	return 0;
}

/* ---- At the beginning and at the end ---- */

/* The one output that shows the screen. With several, their arrangement is the user's own affair. */
static bool find_output(struct kg_x11_resize *resize, const xcb_randr_get_screen_resources_current_reply_t *resources)
{
	struct kg_x11 *x = resize->x;
	const xcb_randr_output_t *outputs = xcb_randr_get_screen_resources_current_outputs(resources);
	int count = xcb_randr_get_screen_resources_current_outputs_length(resources), active = 0;
	xcb_randr_get_crtc_info_reply_t *crtc;
	bool found;

	for (int i = 0; i < count; i++) {
		xcb_randr_get_output_info_reply_t *info = xcb_randr_get_output_info_reply(
			x->c, xcb_randr_get_output_info(x->c, outputs[i], resources->config_timestamp), NULL);

		if (info && output_fits(info) && info->crtc) {
			active++;
			resize->output = outputs[i];
			resize->crtc = info->crtc;
		}
		free(info);
	}
	if (active != 1)
		return false;
	crtc = xcb_randr_get_crtc_info_reply(
		x->c, xcb_randr_get_crtc_info(x->c, resize->crtc, resources->config_timestamp), NULL);
	found = crtc && crtc->mode && crtc->num_outputs == 1 && crtc->x == 0 && crtc->y == 0 &&
		crtc->rotation == XCB_RANDR_ROTATION_ROTATE_0;
	if (found) {
		resize->old_mode = crtc->mode;
		resize->rotation = crtc->rotation;
	}
	free(crtc);
	return found;
}

/* A process of ours that was killed could not remove its modes. */
static void find_ours(struct kg_x11_resize *resize, const xcb_randr_get_screen_resources_current_reply_t *resources)
{
	const xcb_randr_mode_info_t *modes = xcb_randr_get_screen_resources_current_modes(resources);
	const char *names = (const char *)xcb_randr_get_screen_resources_current_names(resources);
	size_t left = (size_t)xcb_randr_get_screen_resources_current_names_length(resources);

	for (int i = 0; i < xcb_randr_get_screen_resources_current_modes_length(resources); i++) {
		size_t length = modes[i].name_len;

		if (length > left)
			return;
		if (length > strlen(PREFIX) && !memcmp(names, PREFIX, strlen(PREFIX)) &&
		    resize->ours_count < KG_X11_MODES_MAX)
			resize->ours[resize->ours_count++] = modes[i].id;
		names += length;
		left -= length;
	}
}

void kg_x11_resize_init(struct kg_x11_resize *resize, struct kg_x11 *x, kg_x11_resized_fn done, void *data)
{
	const xcb_query_extension_reply_t *extension = xcb_get_extension_data(x->c, &xcb_randr_id);
	xcb_randr_get_screen_resources_current_reply_t *resources = NULL;
	xcb_randr_get_screen_size_range_reply_t *range = NULL;
	xcb_randr_query_version_reply_t *version = NULL;

	*resize = (struct kg_x11_resize){ .x = x, .done = done, .data = data };
	if (!extension || !extension->present)
		return;
	version = xcb_randr_query_version_reply(x->c, xcb_randr_query_version(x->c, 1, 3), NULL);
	if (!version || (version->major_version == 1 && version->minor_version < 3))
		goto out;
	range = xcb_randr_get_screen_size_range_reply(x->c, xcb_randr_get_screen_size_range(x->c, x->screen->root),
						      NULL);
	resources = xcb_randr_get_screen_resources_current_reply(
		x->c, xcb_randr_get_screen_resources_current(x->c, x->screen->root), NULL);
	if (!range || !resources || !resources_fit(resources) || !find_output(resize, resources))
		goto out;
	find_ours(resize, resources);
	resize->max_width = range->max_width;
	resize->max_height = range->max_height;
	resize->old_width = x->root_width;
	resize->old_height = x->root_height;
	resize->possible = true;
out:
	free(version);
	free(range);
	free(resources);
}

void kg_x11_resize_done(struct kg_x11_resize *resize)
{
	struct kg_x11 *x = resize->x;

	if (!x || x->error || !resize->output)
		return;
	if (resize->set && x->root_width == resize->set_width && x->root_height == resize->set_height) {
		x->settle = true;
		xcb_discard_reply(x->c, set_mode(resize, resize->old_mode, resize->old_width, resize->old_height));
	}
	while (resize->ours_count) {
		x->settle = true;
		remove_mode(resize, resize->ours_count - 1);
	}
}
