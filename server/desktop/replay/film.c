/* Chooses between workloads and recordings. */
#include "server/desktop/replay/film.h"

#include "server/desktop/replay/options.h"

int kg_film_new(struct kg_film **ret, const struct kg_replay_options *options, const char **ret_why)
{
	if (!kg_replay_is_file(options))
		return kg_film_workload(ret, options, ret_why);
#if HAVE_ZSTD
	return kg_film_recording(ret, options, ret_why);
#else
	*ret_why = "recordings need zstd, without which this was built";
	return -ENOTSUP;
#endif
}

void kg_film_free(struct kg_film *film)
{
	if (film)
		film->impl->free(film);
}
