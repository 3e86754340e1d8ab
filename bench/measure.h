/* One process of codec-bench: what it is to do, in memory it shares with the first one, and what it found. */
#pragma once

#include "bench/codecs.h"

#define KG_MEASURE_PROCESSES 99
#define KG_MEASURE_PICTURES 32
#define KG_MEASURE_CODECS 32

struct kg_measure_picture {
	char name[64];
	uint32_t width, height;
	bool sequence;			// see struct kg_picture
	uint64_t now, before;		// where its pixels are in the memory; rows of width pixels
};

/* At the beginning of the memory. */
struct kg_measure_task {
	uint64_t size;			// of the memory
	uint32_t cpu;			// enum kg_cpu
	uint32_t threads, rounds;
	uint32_t codecs;		// a bit for each of kg_bench_codecs
	bool quality;			// decode as well
	uint32_t count;
	struct kg_measure_picture pictures[KG_MEASURE_PICTURES];
};

enum kg_measure_state {
	KG_MEASURE_NONE,		// this codec is not for this picture, or was not asked for
	KG_MEASURE_DONE,
	KG_MEASURE_WRONG,		// it failed, or FreeRDP refuses what it made
};

/* Medians in milliseconds, 0 where there is nothing to measure; dB, INFINITY for exact, NAN where it was not looked at. */
struct kg_measure_result {
	enum kg_measure_state state;
	double ms, theirs_ms;
	double least_ms, theirs_least_ms;	// of all times
	uint64_t bytes, theirs_bytes;
	double psnr, theirs_psnr;
};

/* The pictures' index first. */
struct kg_measure_results {
	struct kg_measure_result of[KG_MEASURE_PICTURES][KG_MEASURE_CODECS];
};

/* What a process that was started for this does: maps the memory at fd, measures, writes its results to standard output. */
int kg_measure_main(int fd);
