/* A recording as a film: the file is opened, and its header and index are read, before the process is locked. */
#include "base/cursor.h"
#include "bench/workload/kgw.h"
#include "server/desktop/replay/film.h"
#include "server/desktop/replay/options.h"

#include <fcntl.h>

struct recording {
	struct kg_film film;
	int fd;
	struct kg_kgw_reader *reader;
	uint8_t *pixels;		// the player's
	size_t stride;
};

static struct recording *recording_of(struct kg_film *film)
{
	return kg_container_of(film, struct recording, film);
}

static int recording_set_pixels(struct kg_film *film, uint8_t *pixels, uint32_t width, uint32_t height, size_t stride)
{
	struct recording *recording = recording_of(film);

	recording->pixels = pixels;
	recording->stride = stride;
	kg_kgw_forget(recording->reader);
	return 0;
}

static int recording_draw(struct kg_film *film, uint32_t number, struct kg_region *ret_damage, const char **ret_why)
{
	struct recording *recording = recording_of(film);

	return kg_kgw_read(recording->reader, number % film->frames, recording->pixels, recording->stride, ret_damage,
			   ret_why);
}

static bool recording_cursor(struct kg_film *film, struct kg_cursor *ret)
{
	struct recording *recording = recording_of(film);

	return kg_kgw_cursor(recording->reader, ret);
}

static void recording_free(struct kg_film *film)
{
	struct recording *recording = recording_of(film);

	kg_kgw_reader_free(recording->reader);
	kg_close(recording->fd);
	free(recording);
}

static const struct kg_film_impl recording_impl = {
	.set_pixels = recording_set_pixels,
	.draw = recording_draw,
	.cursor = recording_cursor,
	.free = recording_free,
};

int kg_film_recording(struct kg_film **ret, const struct kg_replay_options *options, const char **ret_why)
{
	struct recording *recording = calloc(1, sizeof(*recording));
	int r;

	*ret_why = "it cannot be opened";
	if (!recording)
		return -ENOMEM;
	recording->film.impl = &recording_impl;
	r = recording->fd = KG_SYS(open(options->what, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
	if (r >= 0)
		r = kg_kgw_reader_new(&recording->reader, recording->fd, ret_why);
	if (r < 0) {
		recording_free(&recording->film);
		return r;
	}
	kg_kgw_size(recording->reader, &recording->film.width, &recording->film.height);
	recording->film.frames = kg_kgw_frames(recording->reader);
	recording->film.times_us = kg_kgw_times_us(recording->reader);
	recording->film.pass_us = kg_kgw_length_us(recording->reader);
	*ret = &recording->film;
	return 0;
}
