/* Reads "WHAT[,fps=N|fps=max][,once][,plain][,seed=N][,first=N]". */
#include "server/desktop/replay/options.h"

#include "bench/workload/workload.h"

/* Digits and nothing else, up to max. */
static bool number_of(const char *text, uint32_t min, uint32_t max, uint32_t *ret)
{
	uint64_t value = 0;

	if (!*text || strlen(text) > 10 || text[strspn(text, "0123456789")])
		return false;
	for (; *text; text++)
		value = value * 10 + (uint64_t)(*text - '0');
	if (value < min || value > max)
		return false;
	*ret = (uint32_t)value;
	return true;
}

static const char *value_of(const char *option, const char *key)
{
	size_t length = strlen(key);

	return strncmp(option, key, length) ? NULL : option + length;
}

static bool take(struct kg_replay_options *options, const char *option)
{
	const char *value;

	if ((value = value_of(option, "fps="))) {
		options->taken = !strcmp(value, "max");
		return options->taken || number_of(value, 1, KG_REPLAY_FPS_MAX, &options->fps);
	}
	if ((value = value_of(option, "seed=")))
		return number_of(value, 0, UINT32_MAX, &options->seed);
	if ((value = value_of(option, "first=")))
		return number_of(value, 0, INT32_MAX, &options->first);
	if (!strcmp(option, "once"))
		options->once = true;
	else if (!strcmp(option, "plain"))
		options->plain = true;
	else
		return false;
	return true;
}

int kg_replay_options_parse(struct kg_replay_options *ret, const char *where)
{
	struct kg_replay_options options = { .seed = KG_WORKLOAD_SEED };
	char *rest = strdup(where), *option;
	int r = 0;

	if (!rest)
		return -ENOMEM;
	options.what = strsep(&rest, ",");	// the beginning of what was allocated: freed as that
	while (r == 0 && (option = strsep(&rest, ",")))
		if (!take(&options, option))
			r = -EINVAL;
	if (r == 0 && !*options.what)
		r = -EINVAL;
	if (r < 0)
		kg_replay_options_done(&options);
	else
		*ret = options;
	return r;
}

void kg_replay_options_done(struct kg_replay_options *options)
{
	free(options->what);
	options->what = NULL;
}

bool kg_replay_is_file(const struct kg_replay_options *options)
{
	return strpbrk(options->what, "/.");
}
