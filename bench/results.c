/* Reading measurements from JSON. */
#include "bench/results.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#define SCHEMA 1
#define OPERATIONS_MAX 64
#define POINTS_MAX 1000000
#define TEXT_MAX 200			// bytes of a condition or a name
#define NUMBER_MAX 1e15
#define DEPTH_MAX 4			// names in a path

const struct kg_condition_kind kg_condition_kinds[KG_CONDITIONS] = {
	[KG_CONDITION_SERVER]		= { "server", "server" },
	[KG_CONDITION_DESKTOP]		= { "desktop", "desktop" },
	[KG_CONDITION_WORKLOAD]		= { "workload", "workload" },
	[KG_CONDITION_SEED]		= { "seed", "seed" },
	[KG_CONDITION_FPS]		= { "fps", "rate asked for" },
	[KG_CONDITION_WIDTH]		= { "width", "width" },
	[KG_CONDITION_HEIGHT]		= { "height", "height" },
	[KG_CONDITION_DECODED]		= { "decoded", "decoded" },
	[KG_CONDITION_DECODER_THREADS]	= { "decoder_threads", "decoder's threads" },
	[KG_CONDITION_GRAPHICS]		= { "graphics", "graphics channel" },
	[KG_CONDITION_ACK_DELAY]	= { "ack_delay_ms", "acknowledged after ms" },
	[KG_CONDITION_LINK]		= { "link.name", "link" },
	[KG_CONDITION_CONGESTION]	= { "congestion", "congestion control" },
	[KG_CONDITION_SERVER_CONGESTION] = { "server_congestion", "server's congestion control" },
	[KG_CONDITION_PROGRAM]		= { "program", "measured by" },
	[KG_CONDITION_KERNEL]		= { "machine.kernel", "kernel" },
	[KG_CONDITION_ARCHITECTURE]	= { "machine.architecture", "architecture" },
	[KG_CONDITION_PROCESSORS]	= { "machine.processors", "processors" },
};

const struct kg_figure_kind kg_figure_kinds[KG_FIGURES] = {
	[KG_FIGURE_CONNECT]		= { "connect_ms", "to log-on", "ms", 1, 0 },
	[KG_FIGURE_FIRST_FRAME]		= { "first_frame_ms", "to the first frame", "ms", 1, 0 },
	[KG_FIGURE_FPS]			= { "frames.per_second", "frames", "/s", 1, 1 },
	[KG_FIGURE_DISTINCT_FPS]	= { "frames.distinct_per_second", "distinct frames", "/s", 1, 1 },
	[KG_FIGURE_STUTTERS]		= { "frames.stutters", "stutters", "", 1, 0 },
	[KG_FIGURE_INTERVAL_P50]	= { "frames.interval_ms.p50", "interval p50", "ms", 1, 1 },
	[KG_FIGURE_INTERVAL_P99]	= { "frames.interval_ms.p99", "interval p99", "ms", 1, 1 },
	[KG_FIGURE_LATENCY_P50]		= { "latency_ms.p50", "latency p50", "ms", 1, 1 },
	[KG_FIGURE_LATENCY_P95]		= { "latency_ms.p95", "latency p95", "ms", 1, 1 },
	[KG_FIGURE_LATENCY_P99]		= { "latency_ms.p99", "latency p99", "ms", 1, 1 },
	[KG_FIGURE_LATENCY_MAX]		= { "latency_ms.max", "latency max", "ms", 1, 1 },
	[KG_FIGURE_PHOTON_P50]		= { "input.to_photon_ms.p50", "key to photon p50", "ms", 1, 1 },
	[KG_FIGURE_PHOTON_P95]		= { "input.to_photon_ms.p95", "key to photon p95", "ms", 1, 1 },
	[KG_FIGURE_DECODE_P50]		= { "decode_ms.p50", "decoding p50", "ms", 1, 2 },
	[KG_FIGURE_DECODE_P95]		= { "decode_ms.p95", "decoding p95", "ms", 1, 2 },
	[KG_FIGURE_LATE_P95]		= { "late_ms.p95", "player late p95", "ms", 1, 1 },
	[KG_FIGURE_MOVING_PSNR]		= { "quality.moving.psnr_db", "moving: PSNR", "dB", 1, 1 },
	[KG_FIGURE_MOVING_WORST_PSNR]	= { "quality.moving.worst_tile_psnr_db", "moving: worst tile", "dB", 1, 1 },
	[KG_FIGURE_MOVING_SSIM]		= { "quality.moving.ssim", "moving: SSIM", "", 1, 4, -1 },
	[KG_FIGURE_STILL_PSNR]		= { "quality.still.psnr_db", "still: PSNR", "dB", 1, 1 },
	[KG_FIGURE_STILL_SSIM]		= { "quality.still.ssim", "still: SSIM", "", 1, 4, -1 },
	[KG_FIGURE_EXACT_P50]		= { "quality.exact_after_ms.p50", "exact after p50", "ms", 1, 0 },
	[KG_FIGURE_EXACT_MAX]		= { "quality.exact_after_ms.max", "exact after max", "ms", 1, 0 },
	[KG_FIGURE_MBIT]		= { "bytes.mbit_per_second", "TCP", "Mbit/s", 1, 2 },
	[KG_FIGURE_SERVER_CORES]	= { "server_cost.cores", "server's CPU", "% of a core", 100, 1 },
	[KG_FIGURE_SERVER_MEMORY]	= { "server_cost.private_bytes", "server's memory", "MB", 1e-6, 1 },
	[KG_FIGURE_DRAWING_CORES]	= { "drawing_cost.cores", "drawing's CPU", "% of a core", 100, 1 },
	[KG_FIGURE_CLIENT_CORES]	= { "client_cost.cores", "client's CPU", "% of a core", 100, 1 },
	[KG_FIGURE_DRAW]		= { "draw_ms", "drawing a frame", "ms", 1, 2 },
};

struct reading {
	const json_t *root;
	char *error;
	size_t error_size;
};

/* What is said may have pieces of the file in it: no byte of it steers a terminal or begins a line. */
static int KG_PRINTF(2, 3) fail(struct reading *in, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(in->error, in->error_size, format, ap);
	va_end(ap);
	for (char *c = in->error; *c; c++)
		if ((uint8_t)*c < 0x20 || *c == 0x7f)
			*c = '?';
	return -EINVAL;
}

static int out_of_memory(struct reading *in)
{
	fail(in, "no memory is left");
	return -ENOMEM;
}

/* ---- members ---- */

/* The member at path, NULL: it, or what it would be in, is absent or null. */
static int find(struct reading *in, const char *path, json_t **ret)
{
	const json_t *at = in->root;
	const char *name = path;

	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		size_t length = strcspn(name, ".");
		char key[64];

		if (!json_is_object(at))
			return fail(in, "%.*s is not an object", (int)(name - path - 1), path);
		snprintf(key, sizeof(key), "%.*s", (int)length, name);
		at = json_object_get(at, key);
		if (json_is_null(at))
			at = NULL;
		if (!at || !name[length])
			break;
		name += length + 1;
	}
	*ret = (json_t *)at;
	return 0;
}

static int number(struct reading *in, const json_t *value, const char *what, double least, double *ret)
{
	double n;

	if (!json_is_number(value))
		return fail(in, "%s is not a number", what);
	n = json_number_value(value);
	if (!(n >= least && n <= NUMBER_MAX))
		return fail(in, "%s is out of range", what);
	*ret = n;
	return 0;
}

/* NAN where there is none. */
static int find_number(struct reading *in, const char *path, double least, double *ret)
{
	json_t *value;
	int r = find(in, path, &value);

	*ret = NAN;
	return r < 0 || !value ? r : number(in, value, path, least, ret);
}

static int find_array(struct reading *in, const char *path, size_t max, json_t **ret)
{
	int r = find(in, path, ret);

	if (r < 0 || !*ret)
		return r;
	if (!json_is_array(*ret))
		return fail(in, "%s is not an array", path);
	if (json_array_size(*ret) > max)
		return fail(in, "%s has more than %zu members", path, max);
	return 0;
}

/* ---- parts ---- */

static int read_condition(struct reading *in, const char *path, char **ret)
{
	char words[32];
	const char *text = words;
	json_t *value;
	int r = find(in, path, &value);

	if (r < 0 || !value)
		return r;
	if (json_is_string(value))
		text = json_string_value(value);
	else if (json_is_integer(value))
		snprintf(words, sizeof(words), "%lld", (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		text = json_is_true(value) ? "yes" : "no";
	else
		return fail(in, "%s is neither a text, a whole number, true nor false", path);
	if (strlen(text) > TEXT_MAX)
		return fail(in, "%s is longer than %d bytes", path, TEXT_MAX);
	*ret = strdup(text);
	return *ret ? 0 : out_of_memory(in);
}

static int read_point(struct reading *in, const json_t *x, const char *x_name, const json_t *y, const char *y_name,
		      struct kg_points *points)
{
	int r = number(in, x, x_name, 0, &points->x[points->count]);

	if (r >= 0)
		r = number(in, y, y_name, 0, &points->y[points->count]);
	if (r >= 0)
		points->count++;
	return r;
}

static int make_points(struct reading *in, struct kg_points *points, size_t room)
{
	points->x = calloc(room + 1, sizeof(*points->x));
	points->y = calloc(room + 1, sizeof(*points->y));
	return points->x && points->y ? 0 : out_of_memory(in);
}

static int read_latency(struct reading *in, struct kg_points *points)
{
	json_t *at, *latency;
	int r = find_array(in, "latency_series.at_s", POINTS_MAX, &at);

	if (r >= 0)
		r = find_array(in, "latency_series.latency_ms", POINTS_MAX, &latency);
	if (r < 0 || (!at && !latency))
		return r;
	if (!at || !latency || json_array_size(at) != json_array_size(latency))
		return fail(in, "latency_series has not as many times as latencies");
	r = make_points(in, points, json_array_size(at));
	for (size_t i = 0; i < json_array_size(at) && r >= 0; i++)
		r = read_point(in, json_array_get(at, i), "a time of latency_series", json_array_get(latency, i),
			       "a latency of latency_series", points);
	return r;
}

static int read_load(struct reading *in, struct kg_points *points)
{
	json_t *steps;
	int r = find_array(in, "load.steps", POINTS_MAX, &steps);

	if (r < 0 || !steps)
		return r;
	r = make_points(in, points, json_array_size(steps));
	for (size_t i = 0; i < json_array_size(steps) && r >= 0; i++) {
		const json_t *step = json_array_get(steps, i), *sessions = json_object_get(step, "sessions");

		r = read_point(in, sessions, "sessions of a step of load", json_object_get(step, "cores_per_session"),
			       "cores_per_session of a step of load", points);
	}
	return r;
}

static int read_operations(struct reading *in, struct kg_result *result)
{
	json_t *operations, *one;
	double seconds;
	const char *name;
	int r = find_number(in, "seconds", 0, &seconds);

	if (r >= 0)
		r = find(in, "bytes.operations", &operations);
	if (r < 0 || !operations)
		return r;
	if (!json_is_object(operations))
		return fail(in, "bytes.operations is not an object");
	if (json_object_size(operations) > OPERATIONS_MAX)
		return fail(in, "bytes.operations has more than %d members", OPERATIONS_MAX);
	result->operations = calloc(OPERATIONS_MAX, sizeof(*result->operations));
	if (!result->operations)
		return out_of_memory(in);
	json_object_foreach(operations, name, one) {
		struct kg_result_operation *operation = &result->operations[result->operations_count];
		double bytes;

		if (strlen(name) > TEXT_MAX)
			return fail(in, "a name in bytes.operations is longer than %d bytes", TEXT_MAX);
		r = number(in, json_object_get(one, "bytes"), "bytes of an operation", 0, &bytes);
		if (r < 0)
			return r;
		operation->name = strdup(name);
		if (!operation->name)
			return out_of_memory(in);
		operation->mbit = seconds > 0 ? bytes * 8 / 1e6 / seconds : NAN;
		result->operations_count++;
	}
	return 0;
}

static int read_all(struct reading *in, struct kg_result *result)
{
	json_t *schema;
	int r = 0;

	if (!json_is_object(in->root))
		return fail(in, "it is not an object");
	schema = json_object_get(in->root, "schema");
	if (!json_is_integer(schema))
		return fail(in, "it has no schema, so it is not of kagami-bench");
	if (json_integer_value(schema) != SCHEMA)
		return fail(in, "its schema is %lld, and %d is what is understood",
			    (long long)json_integer_value(schema), SCHEMA);
	for (size_t i = 0; i < KG_CONDITIONS && r >= 0; i++)
		r = read_condition(in, kg_condition_kinds[i].path, &result->conditions[i]);
	for (size_t i = 0; i < KG_FIGURES && r >= 0; i++)
		r = find_number(in, kg_figure_kinds[i].path, kg_figure_kinds[i].least, &result->figures[i]);
	if (r >= 0)
		r = read_operations(in, result);
	if (r >= 0)
		r = read_latency(in, &result->latency);
	return r < 0 ? r : read_load(in, &result->load);
}

int kg_result_parse(struct kg_result *ret, const char *bytes, size_t size, char *error, size_t error_size)
{
	struct reading in = { .error = error, .error_size = error_size };
	json_error_t wrong;
	json_t *root = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &wrong);
	int r;

	*ret = (struct kg_result){ 0 };
	if (!root)
		return fail(&in, "line %d: %s", wrong.line, wrong.text);
	in.root = root;
	r = read_all(&in, ret);
	json_decref(root);
	return r;
}

double kg_result_operation_mbit(const struct kg_result *result, const char *name)
{
	for (size_t i = 0; i < result->operations_count; i++)
		if (!strcmp(result->operations[i].name, name))
			return result->operations[i].mbit;
	return NAN;
}

/* ---- files ---- */

/* All of a file, without a 0 at its end. */
static int read_file(const char *path, char **ret, size_t *ret_size)
{
	FILE *file = fopen(path, "re");
	char *bytes = NULL;
	size_t size = 0, room = 0;
	int r = file ? 0 : -errno;

	while (r >= 0 && !feof(file)) {
		if (size == room) {
			char *more = room > KG_RESULT_SIZE_MAX ? NULL : realloc(bytes, room = room ? room * 2 : 65536);

			if (!more) {
				r = room > KG_RESULT_SIZE_MAX ? -EFBIG : -ENOMEM;
				break;
			}
			bytes = more;
		}
		size += fread(bytes + size, 1, room - size, file);
		if (ferror(file))
			r = -errno;
	}
	if (file)
		fclose(file);
	if (r < 0) {
		free(bytes);
		return r;
	}
	*ret = bytes;
	*ret_size = size;
	return 0;
}

/* Names of files are bytes: what is not UTF-8 becomes question marks. */
static char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t length = strlen(base);
	char *name;
	json_t *text;

	if (length > 5 && !strcmp(base + length - 5, ".json"))
		length -= 5;
	name = strndup(base, length);
	text = name ? json_string(name) : NULL;
	for (char *c = name; c && *c; c++)
		if ((!text && (uint8_t)*c >= 0x80) || (uint8_t)*c < 0x20)
			*c = '?';
	json_decref(text);
	return name;
}

int kg_result_load(struct kg_result *ret, const char *path)
{
	char *bytes, error[400];
	size_t size;
	int r = read_file(path, &bytes, &size);

	*ret = (struct kg_result){ 0 };
	if (r < 0) {
		fprintf(stderr, "kagami-bench: cannot read %s: %s\n", path, strerror(-r));
		return r;
	}
	r = kg_result_parse(ret, bytes, size, error, sizeof(error));
	free(bytes);
	if (r < 0) {
		fprintf(stderr, "kagami-bench: cannot read %s: %s\n", path, error);
		return r;
	}
	ret->name = name_of(path);
	if (ret->name)
		return 0;
	fprintf(stderr, "kagami-bench: no memory is left\n");
	return -ENOMEM;
}

static void points_done(struct kg_points *points)
{
	free(points->x);
	free(points->y);
}

void kg_result_done(struct kg_result *result)
{
	free(result->name);
	for (size_t i = 0; i < KG_CONDITIONS; i++)
		free(result->conditions[i]);
	points_done(&result->latency);
	points_done(&result->load);
	for (size_t i = 0; i < result->operations_count; i++)
		free(result->operations[i].name);
	free(result->operations);
	*result = (struct kg_result){ 0 };
}
