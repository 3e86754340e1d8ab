/* The list of workloads, and the calls that they share. */
#include "bench/workload/workload_impl.h"

const struct kg_workload_kind *const kg_workload_kinds[] = {
	&kg_workload_terrain,
	&kg_workload_assembly,
	&kg_workload_particles,
	&kg_workload_text_scroll,
	&kg_workload_typing,
	&kg_workload_window_drag,
	&kg_workload_web_page,
	&kg_workload_video,
	&kg_workload_noise,
	&kg_workload_office_mix,
	NULL,
};

const struct kg_workload_kind *kg_workload_find(const char *name)
{
	for (size_t i = 0; kg_workload_kinds[i]; i++)
		if (!strcmp(kg_workload_kinds[i]->name, name))
			return kg_workload_kinds[i];
	return NULL;
}

int kg_workload_new(struct kg_workload **ret, const struct kg_workload_kind *kind, uint8_t *pixels, uint32_t width,
		    uint32_t height, size_t stride, uint32_t seed)
{
	struct kg_workload *workload;
	int r = 0;

	if (!width || !height || width > KG_WORKLOAD_SIDE_MAX || height > KG_WORKLOAD_SIDE_MAX ||
	    stride < (size_t)width * 4)
		return -EINVAL;
	workload = calloc(1, kind->impl->size);
	if (!workload)
		return -ENOMEM;
	workload->kind = kind;
	workload->seed = seed;
	workload->canvas = (struct kg_canvas){
		.pixels = pixels,
		.stride = stride,
		.width = (int32_t)width,
		.height = (int32_t)height,
		.right = (int32_t)width,
		.bottom = (int32_t)height,
	};
	if (kind->impl->init)
		r = kind->impl->init(workload);
	if (r < 0) {
		kg_workload_free(workload);
		return r;
	}
	*ret = workload;
	return 0;
}

void kg_workload_free(struct kg_workload *workload)
{
	if (workload && workload->kind->impl->done)
		workload->kind->impl->done(workload);
	free(workload);
}

void kg_workload_draw(struct kg_workload *workload, uint32_t number, struct kg_region *ret_damage)
{
	kg_region_clear(&workload->damage);
	if (!workload->drawn || workload->number != number)
		workload->kind->impl->draw(workload, number);
	if (!workload->drawn) {
		kg_region_clear(&workload->damage);
		kg_workload_damage_all(workload);
	}
	workload->drawn = true;
	workload->number = number;
	*ret_damage = workload->damage;
}

enum kg_workload_cursor kg_workload_cursor(const struct kg_workload *workload)
{
	return workload->cursor;
}

/* ---- parts ---- */

int kg_workload_part(const struct kg_workload *whole, struct kg_workload **ret, const struct kg_workload_kind *kind,
		     uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
	const struct kg_canvas *canvas = &whole->canvas;

	if (x >= (uint32_t)canvas->width || y >= (uint32_t)canvas->height)
		return 0;
	width = KG_MIN(width, (uint32_t)canvas->width - x);
	height = KG_MIN(height, (uint32_t)canvas->height - y);
	if (!width || !height)
		return 0;
	return kg_workload_new(ret, kind, kg_canvas_at(canvas, (int32_t)x, (int32_t)y), width, height, canvas->stride,
			       whole->seed);
}

void kg_workload_draw_part(struct kg_workload *whole, struct kg_workload *part, uint32_t number)
{
	size_t offset;
	int32_t x, y;
	struct kg_region damage;

	if (!part)
		return;
	offset = (size_t)(part->canvas.pixels - whole->canvas.pixels);
	x = (int32_t)(offset % whole->canvas.stride / 4);
	y = (int32_t)(offset / whole->canvas.stride);
	kg_workload_draw(part, number, &damage);
	for (uint32_t i = 0; i < damage.count; i++)
		kg_region_add(&whole->damage, kg_rect_moved(damage.rects[i], x, y));
	whole->cursor = part->cursor;
}

void kg_workload_cover(struct kg_workload *part)
{
	if (part)
		part->drawn = false;
}
