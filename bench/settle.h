/*
 * The quality of what was shown: keeps copies of frames while they move and when they have stood still, to be compared
 * with their originals afterwards, and finds out how long a picture that stands still takes to become exact.
 */
#pragma once

#include "bench/quality.h"
#include "bench/reference.h"
#include "bench/stats.h"

#define KG_SETTLE_SAMPLES 8

struct kg_settle_sample {
	struct kg_timecode time;
	struct kg_keycode key;
	uint8_t *pixels;
	struct kg_image picture;
};

struct kg_settle {
	struct kg_reference *reference;		// NULL: nothing is known; the caller's
	uint64_t sample_every_us;		// of moving frames
	uint64_t next_sample_us;
	bool has;				// a frame with codes
	struct kg_timecode time;		// of the last one
	struct kg_keycode key;
	uint64_t since_us, updated_us;		// when that number was shown first and last
	bool settled, exact;			// it has stood still; it is the original
	struct kg_settle_sample moving[KG_SETTLE_SAMPLES], still[KG_SETTLE_SAMPLES];
	size_t moving_count, still_count;
	uint32_t settled_count, exact_count;
	struct kg_samples exact_ms;		// from drawn to exact, of frames that stood still
};

void kg_settle_done(struct kg_settle *settle);

/* A frame was shown at at_us. The picture is as it is then. */
int kg_settle_shown(struct kg_settle *settle, const struct kg_image *picture, const struct kg_timecode *time,
		    const struct kg_keycode *key, uint64_t at_us);

/* To be called every few ten milliseconds while nothing comes. */
int kg_settle_look(struct kg_settle *settle, const struct kg_image *picture, uint64_t now_us);

/* Compares copies with their originals. */
struct kg_settle_quality {
	size_t count;			// of copies; 0: the rest is NAN
	struct kg_samples psnr, ssim;	// in which exact copies count as KG_PSNR_EXACT
	double worst_psnr, worst_ssim;	// of all tiles of all copies
};

#define KG_PSNR_EXACT 100.0		// dB: where a mean or a percentile needs a number for INFINITY

int kg_settle_quality(struct kg_settle_quality *ret, struct kg_reference *reference,
		      const struct kg_settle_sample *samples,
		      size_t count);
void kg_settle_quality_done(struct kg_settle_quality *quality);
