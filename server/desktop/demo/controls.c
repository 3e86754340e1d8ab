/* What the viewer made of the demo. */
#include "server/desktop/demo/controls.h"

#include "server/desktop/demo/noise.h"

#include <linux/input-event-codes.h>
#include <math.h>

#define SCROLL_NOTCH_PX 48
#define ZOOM_NOTCH 0.25f
#define ZOOM_MIN -0.75f
#define ZOOM_MAX 3.0f
#define PITCH_MAX 1.3f
#define FRAME_MAX 1000000000000u		// ",frame=": a number that no sum overflows with

static bool number(const char *text, const char *name, uint64_t max, uint64_t *ret, const char **end)
{
	size_t length = strlen(name);
	uint64_t n = 0;

	if (strncmp(text, name, length) || text[length] < '0' || text[length] > '9')
		return false;
	for (text += length; *text >= '0' && *text <= '9'; text++) {
		n = n * 10 + (uint64_t)(*text - '0');
		if (n > max)
			return false;
	}
	*ret = n;
	*end = text;
	return true;
}

int kg_controls_parse(struct kg_controls *controls, const char *where, uint32_t *fps, uint64_t now_us)
{
	struct kg_controls c = { .playing = true, .since_us = now_us };
	uint64_t limit = KG_DEMO_FRAMES_PER_SECOND;
	size_t name = strcspn(where, ",");
	const char *rest = where + name;

	if (name == strlen("text") && !strncmp(where, "text", name))
		c.scene = KG_DEMO_TEXT;
	else if (name && (name != strlen("terrain") || strncmp(where, "terrain", name)))
		return -EINVAL;
	while (*rest == ',') {
		if (number(rest + 1, "frame=", FRAME_MAX, &c.frame, &rest))
			c.playing = false;
		else if (!number(rest + 1, "fps=", KG_DEMO_FRAMES_PER_SECOND, &limit, &rest) || !limit)
			return -EINVAL;
	}
	if (*rest)
		return -EINVAL;
	*controls = c;
	*fps = (uint32_t)limit;
	return 0;
}

uint64_t kg_controls_frame(const struct kg_controls *controls, uint64_t now_us)
{
	if (!controls->playing || now_us <= controls->since_us)
		return controls->frame;
	return controls->frame + (now_us - controls->since_us) * KG_DEMO_FRAMES_PER_SECOND / 1000000;
}

uint64_t kg_controls_next_us(const struct kg_controls *controls, uint64_t now_us)
{
	uint64_t past = kg_controls_frame(controls, now_us) - controls->frame + 1;

	/* Rounded up: a timer that fires at it finds the next frame. */
	return controls->since_us + (past * 1000000 + KG_DEMO_FRAMES_PER_SECOND - 1) / KG_DEMO_FRAMES_PER_SECOND;
}

static void play(struct kg_controls *controls, bool playing, uint64_t now_us)
{
	controls->frame = kg_controls_frame(controls, now_us);
	controls->since_us = now_us;
	controls->playing = playing;
}

static void look_ahead(struct kg_controls *controls)
{
	controls->look = (struct kg_look){ 0 };
	controls->scroll_px = controls->window_x = controls->window_y = 0;
}

bool kg_controls_key(struct kg_controls *controls, uint16_t evdev, bool down, uint64_t now_us)
{
	if (!down)
		return false;
	switch (evdev) {
	case KEY_1:
	case KEY_KP1:
		controls->scene = KG_DEMO_TERRAIN;
		return true;
	case KEY_2:
	case KEY_KP2:
		controls->scene = KG_DEMO_TEXT;
		return true;
	case KEY_0:
	case KEY_KP0:
	case KEY_HOME:
		look_ahead(controls);
		return true;
	case KEY_SPACE:
		play(controls, !controls->playing, now_us);
		return true;
	}
	return false;
}

/* Clients without a keyboard that we know (phones) type text. */
bool kg_controls_text(struct kg_controls *controls, uint32_t codepoint, uint64_t now_us)
{
	switch (codepoint) {
	case '1':
		return kg_controls_key(controls, KEY_1, true, now_us);
	case '2':
		return kg_controls_key(controls, KEY_2, true, now_us);
	case '0':
		return kg_controls_key(controls, KEY_0, true, now_us);
	case ' ':
		return kg_controls_key(controls, KEY_SPACE, true, now_us);
	}
	return false;
}

bool kg_controls_button(struct kg_controls *controls, uint16_t evdev, bool down)
{
	if (evdev == BTN_LEFT)
		controls->dragging = down;
	return false;
}

/* A drag over the picture's height turns by as much as the picture shows: what was grabbed stays under the pointer. */
static void drag(struct kg_controls *controls, int32_t dx, int32_t dy)
{
	float angle = 1.04f * exp2f(-controls->look.zoom) / (float)KG_MAX(controls->height, 1u);

	if (controls->scene == KG_DEMO_TEXT) {
		controls->window_x = KG_MAX(-16384, KG_MIN(controls->window_x + dx, 16384));
		controls->window_y = KG_MAX(-16384, KG_MIN(controls->window_y + dy, 16384));
		return;
	}
	controls->look.yaw = remainderf(controls->look.yaw - (float)dx * angle, 2 * (float)M_PI);
	controls->look.pitch = kg_clamp(controls->look.pitch + (float)dy * angle, -PITCH_MAX, PITCH_MAX);
}

bool kg_controls_motion(struct kg_controls *controls, int32_t x, int32_t y)
{
	int32_t dx, dy;

	x = KG_MAX(0, KG_MIN(x, (int32_t)controls->width - 1));
	y = KG_MAX(0, KG_MIN(y, (int32_t)controls->height - 1));
	dx = x - controls->x;
	dy = y - controls->y;
	controls->x = x;
	controls->y = y;
	if (!controls->dragging || (!dx && !dy))
		return false;
	drag(controls, dx, dy);
	return true;
}

bool kg_controls_wheel(struct kg_controls *controls, bool horizontal, int32_t units)
{
	float zoom = controls->look.zoom;

	if (horizontal || !units)
		return false;
	units = KG_MAX(-12000, KG_MIN(units, 12000));
	if (controls->scene == KG_DEMO_TEXT) {
		controls->scroll_px = KG_MAX(-1000000, KG_MIN(controls->scroll_px - units * SCROLL_NOTCH_PX / 120, 1000000));
		return true;
	}
	controls->look.zoom = kg_clamp(zoom + (float)units / 120 * ZOOM_NOTCH, ZOOM_MIN, ZOOM_MAX);
	return controls->look.zoom != zoom;
}
