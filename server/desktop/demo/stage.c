/* All that draws. */
#define KG_TOPIC "demo"
#include "server/desktop/demo/stage.h"

#include "base/log.h"
#include "server/desktop/demo/egl.h"
#include "server/desktop/demo/overlay.h"
#include "server/desktop/demo/page.h"
#include "server/desktop/demo/terrain.h"
#include "server/desktop/demo/text.h"

struct kg_stage {
	struct kg_egl *egl;
	struct kg_terrain *terrain;
	struct kg_text *text;
	uint32_t width, height;		// of the picture now, 0: none yet
};

/* Errors of the driver in words. */
static int failed(int r, const char **why)
{
	*why = r == -ENOMEM ? "the graphics driver has no memory for a picture of this size" :
	       r == -EINVAL ? "the graphics driver cannot draw a picture of this size" :
	       r == -ENODEV ? "the graphics driver lost its context (the GPU was reset)" : "the graphics driver failed";
	return r;
}

/* Draws each scene once: drivers compile for a state when they first meet it. */
static int warm_up(struct kg_stage *stage, uint32_t width, uint32_t height, const char **why)
{
	uint8_t *pixels = calloc((size_t)width * height, 4);
	struct kg_overlay overlay = { .count = 0 };
	struct kg_controls controls = { .scene = KG_DEMO_TERRAIN };
	int r = -ENOMEM;

	if (!pixels)
		return failed(r, why);
	for (int scene = KG_DEMO_TERRAIN; scene <= KG_DEMO_TEXT; scene++) {
		controls.scene = (enum kg_demo_scene)scene;
		r = kg_stage_begin(stage, &controls, 0, width, height, &overlay, 0, why);
		if (r < 0)
			break;
		r = kg_egl_finish(stage->egl);
		if (r < 0) {
			failed(r, why);
			break;
		}
		r = kg_stage_read(stage, pixels, why);
		if (r < 0)
			break;
	}
	free(pixels);
	return r;
}

int kg_stage_new(struct kg_stage **ret, uint32_t width, uint32_t height, const char **why)
{
	struct kg_stage *stage = calloc(1, sizeof(*stage));
	int r;

	*why = "out of memory";
	if (!stage)
		return -ENOMEM;
	r = kg_egl_new(&stage->egl, why);
	if (r < 0)
		goto fail;
	*why = "the graphics driver cannot run the demo's shaders";
	r = kg_text_new(&stage->text);
	if (r < 0)
		goto fail;
	r = kg_terrain_new(&stage->terrain);
	if (r < 0)
		goto fail;
	r = warm_up(stage, width, height, why);
	if (r < 0)
		goto fail;
	kg_info("drawn by %s", kg_egl_renderer(stage->egl));
	*ret = stage;
	return 0;

fail:
	kg_stage_free(stage);
	return r;
}

void kg_stage_free(struct kg_stage *stage)
{
	if (!stage)
		return;
	kg_terrain_free(stage->terrain);
	kg_text_free(stage->text);
	kg_egl_free(stage->egl);
	free(stage);
}

int kg_stage_begin(struct kg_stage *stage, const struct kg_controls *controls, uint64_t frame, uint32_t width,
		   uint32_t height, const struct kg_overlay *overlay, uint64_t now_us, const char **why)
{
	int r;

	if (width != stage->width || height != stage->height) {
		stage->width = stage->height = 0;
		r = kg_egl_resize(stage->egl, width, height);
		if (r < 0)
			return failed(r, why);
		stage->width = width;
		stage->height = height;
	}
	r = kg_egl_begin(stage->egl);
	if (r < 0)
		return failed(r, why);
	kg_text_begin(stage->text, width, height);
	if (controls->scene == KG_DEMO_TEXT)
		kg_page_compose(stage->text, frame, controls->scroll_px, controls->window_x, controls->window_y, width,
				height);
	else
		kg_terrain_draw(stage->terrain, frame, &controls->look, width, height);
	if (overlay)
		kg_overlay_compose(overlay, stage->text, frame, controls->playing, now_us);
	kg_text_draw(stage->text);
	r = kg_egl_end(stage->egl);
	return r < 0 ? failed(r, why) : 0;
}

int kg_stage_ready(struct kg_stage *stage, const char **why)
{
	int r = kg_egl_ready(stage->egl);

	return r < 0 ? failed(r, why) : r;
}

int kg_stage_read(struct kg_stage *stage, uint8_t *pixels, const char **why)
{
	int r = kg_egl_read(stage->egl, pixels);

	return r < 0 ? failed(r, why) : 0;
}
