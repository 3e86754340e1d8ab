/* One of the two: a workload, or a recording. */
#include "server/desktop/replay/film.h"

#include "base/cursor.h"
#include "bench/workload/workload.h"
#include "server/desktop/replay/options.h"

struct kg_film {
	const struct kg_workload_kind *kind;
	struct kg_workload *workload;	// NULL before kg_film_set_pixels()
	uint32_t seed;
	uint32_t cursor_pixels[KG_WORKLOAD_CURSOR_PIXELS];
	int cursor;			// the pointer that was told, or -1
};

int kg_film_new(struct kg_film **ret, const struct kg_replay_options *options, const char **ret_why)
{
	struct kg_film *film = calloc(1, sizeof(*film));
	int r = -ENOMEM;

	*ret_why = "no memory";
	if (!film)
		return -ENOMEM;
	film->seed = options->seed;
	film->cursor = -1;
	film->kind = kg_workload_find(options->what);
	r = film->kind ? 0 : -ENOENT;
	*ret_why = "there is no workload of this name; a file has a '/' or a '.' in its name";
	if (r < 0) {
		kg_film_free(film);
		return r;
	}
	*ret = film;
	return 0;
}

void kg_film_free(struct kg_film *film)
{
	if (!film)
		return;
	kg_workload_free(film->workload);
	free(film);
}

bool kg_film_own_size(const struct kg_film *film, uint32_t *ret_width, uint32_t *ret_height)
{
	return false;
}

uint32_t kg_film_fps(const struct kg_film *film)
{
	return film->kind->fps;
}

uint32_t kg_film_frames(const struct kg_film *film)
{
	return film->kind->frames;
}

const uint64_t *kg_film_times_us(const struct kg_film *film)
{
	return NULL;
}

uint64_t kg_film_pass_us(const struct kg_film *film)
{
	return 0;
}

int kg_film_set_pixels(struct kg_film *film, uint8_t *pixels, uint32_t width, uint32_t height, size_t stride)
{
	struct kg_workload *workload;
	int r = kg_workload_new(&workload, film->kind, pixels, width, height, stride, film->seed);

	if (r < 0)
		return r;
	kg_workload_free(film->workload);
	film->workload = workload;
	return 0;
}

int kg_film_draw(struct kg_film *film, uint32_t number, struct kg_region *ret_damage, const char **ret_why)
{
	kg_workload_draw(film->workload, number, ret_damage);
	return 0;
}

bool kg_film_cursor(struct kg_film *film, struct kg_cursor *ret)
{
	enum kg_workload_cursor now = kg_workload_cursor(film->workload);

	if ((int)now == film->cursor)
		return false;
	film->cursor = (int)now;
	kg_workload_cursor_shape(now, film->cursor_pixels, ret);
	return true;
}
