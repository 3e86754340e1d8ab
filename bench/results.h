/*
 * What kagami-bench measured, read back from its JSON (doc/bench.md), whoever wrote that: what is of the wrong kind,
 * out of its range or of another schema is refused. Members that are not known here are left alone.
 */
#pragma once

#include "base/base.h"

#define KG_RESULT_SIZE_MAX (64u << 20)		// of a file

/* What a measurement was made with. */
enum kg_condition {
	KG_CONDITION_SERVER,
	KG_CONDITION_DESKTOP,
	KG_CONDITION_WORKLOAD,
	KG_CONDITION_SEED,
	KG_CONDITION_FPS,
	KG_CONDITION_WIDTH,
	KG_CONDITION_HEIGHT,
	KG_CONDITION_DECODED,
	KG_CONDITION_DECODER_THREADS,
	KG_CONDITION_GRAPHICS,
	KG_CONDITION_ACK_DELAY,
	KG_CONDITION_LINK,
	KG_CONDITION_CONGESTION,
	KG_CONDITION_SERVER_CONGESTION,
	KG_CONDITION_PROGRAM,
	KG_CONDITION_KERNEL,
	KG_CONDITION_ARCHITECTURE,
	KG_CONDITION_PROCESSORS,
	KG_CONDITIONS
};

struct kg_condition_kind {
	const char *path;		// in the JSON: names of members with dots between
	const char *title;
};

extern const struct kg_condition_kind kg_condition_kinds[KG_CONDITIONS];

enum kg_figure {
	KG_FIGURE_CONNECT,
	KG_FIGURE_FIRST_FRAME,
	KG_FIGURE_FPS,
	KG_FIGURE_DISTINCT_FPS,
	KG_FIGURE_STUTTERS,
	KG_FIGURE_INTERVAL_P50,
	KG_FIGURE_INTERVAL_P99,
	KG_FIGURE_LATENCY_P50,
	KG_FIGURE_LATENCY_P95,
	KG_FIGURE_LATENCY_P99,
	KG_FIGURE_LATENCY_MAX,
	KG_FIGURE_PHOTON_P50,
	KG_FIGURE_PHOTON_P95,
	KG_FIGURE_DECODE_P50,
	KG_FIGURE_DECODE_P95,
	KG_FIGURE_LATE_P95,
	KG_FIGURE_MOVING_PSNR,
	KG_FIGURE_MOVING_WORST_PSNR,
	KG_FIGURE_MOVING_SSIM,
	KG_FIGURE_STILL_PSNR,
	KG_FIGURE_STILL_SSIM,
	KG_FIGURE_EXACT_P50,
	KG_FIGURE_EXACT_MAX,
	KG_FIGURE_MBIT,
	KG_FIGURE_SERVER_CORES,
	KG_FIGURE_SERVER_MEMORY,
	KG_FIGURE_DRAWING_CORES,
	KG_FIGURE_CLIENT_CORES,
	KG_FIGURE_DRAW,
	KG_FIGURES
};

struct kg_figure_kind {
	const char *path;
	const char *title, *unit;
	double scale;			// what is shown in that unit is the JSON's value times this
	int decimals;
	double least;			// that there can be
};

extern const struct kg_figure_kind kg_figure_kinds[KG_FIGURES];

struct kg_points {
	double *x, *y;
	size_t count;
};

struct kg_result_operation {
	char *name;
	double mbit;			// a second, NAN: not known
};

struct kg_result {
	char *name;			// of its file, without folder and ".json", in UTF-8
	char *conditions[KG_CONDITIONS];	// in words; NULL: not known
	double figures[KG_FIGURES];	// as in the JSON; NAN: not known
	struct kg_points latency;	// seconds since measuring began, milliseconds
	struct kg_points load;		// sessions, cores that each costs
	struct kg_result_operation *operations;
	size_t operations_count;
};

/*
 * Reads the JSON in bytes. Returns 0, or a negative errno after error was filled with what is wrong, in one line; in
 * both cases *ret is to be given back. Its name stays NULL.
 */
int kg_result_parse(struct kg_result *ret, const char *bytes, size_t size, char *error, size_t error_size);

/* Reads a file. Says on standard error what is wrong. Otherwise as kg_result_parse(). */
int kg_result_load(struct kg_result *ret, const char *path);

/* NAN: it has no such operation, or that is not known. */
double kg_result_operation_mbit(const struct kg_result *result, const char *name);

void kg_result_done(struct kg_result *result);
