/* A workload as a film. */
#include "base/cursor.h"
#include "bench/workload/workload.h"
#include "server/desktop/replay/film.h"
#include "server/desktop/replay/options.h"

struct workload_film {
	struct kg_film film;
	const struct kg_workload_kind *kind;
	struct kg_workload *workload;	// NULL before it has pixels
	uint32_t seed;
	uint32_t cursor_pixels[KG_WORKLOAD_CURSOR_PIXELS];
	int cursor;			// the pointer that was told, or -1
};

static struct workload_film *workload_film_of(struct kg_film *film)
{
	return kg_container_of(film, struct workload_film, film);
}

static int workload_set_pixels(struct kg_film *film, uint8_t *pixels, uint32_t width, uint32_t height, size_t stride)
{
	struct workload_film *w = workload_film_of(film);
	struct kg_workload *workload;
	int r = kg_workload_new(&workload, w->kind, pixels, width, height, stride, w->seed);

	if (r < 0)
		return r;
	kg_workload_free(w->workload);
	w->workload = workload;
	return 0;
}

static int workload_draw(struct kg_film *film, uint32_t number, struct kg_region *ret_damage, const char **ret_why)
{
	kg_workload_draw(workload_film_of(film)->workload, number, ret_damage);
	return 0;
}

static bool workload_cursor(struct kg_film *film, struct kg_cursor *ret)
{
	struct workload_film *w = workload_film_of(film);
	enum kg_workload_cursor now = kg_workload_cursor(w->workload);

	if ((int)now == w->cursor)
		return false;
	w->cursor = (int)now;
	kg_workload_cursor_shape(now, w->cursor_pixels, ret);
	return true;
}

static void workload_film_free(struct kg_film *film)
{
	struct workload_film *w = workload_film_of(film);

	kg_workload_free(w->workload);
	free(w);
}

static const struct kg_film_impl workload_impl = {
	.set_pixels = workload_set_pixels,
	.draw = workload_draw,
	.cursor = workload_cursor,
	.free = workload_film_free,
};

int kg_film_workload(struct kg_film **ret, const struct kg_replay_options *options, const char **ret_why)
{
	const struct kg_workload_kind *kind = kg_workload_find(options->what);
	struct workload_film *w;

	*ret_why = "there is no workload of this name; a file has a '/' or a '.' in its name";
	if (!kind)
		return -ENOENT;
	*ret_why = "no memory";
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->film = (struct kg_film){ .impl = &workload_impl, .frames = kind->frames, .fps = kind->fps };
	w->kind = kind;
	w->seed = options->seed;
	w->cursor = -1;
	*ret = &w->film;
	return 0;
}
