/* The quality of frames that move and of those that stand still. */
#include "bench/settle.h"

#include <math.h>

#define STILL_US 200000			// without a new number for so long: it stands still

void kg_settle_done(struct kg_settle *settle)
{
	for (size_t i = 0; i < KG_SETTLE_SAMPLES; i++) {
		free(settle->moving[i].pixels);
		free(settle->still[i].pixels);
	}
	kg_samples_done(&settle->exact_ms);
	*settle = (struct kg_settle){ 0 };
}

static int copy(struct kg_settle_sample *samples, size_t *count, const struct kg_settle *settle,
		const struct kg_image *picture)
{
	size_t row = (size_t)picture->width * 4;
	struct kg_settle_sample *sample = &samples[*count];

	if (*count == KG_SETTLE_SAMPLES)
		return 0;
	sample->pixels = malloc(row * picture->height);
	if (!sample->pixels)
		return -ENOMEM;
	for (uint32_t y = 0; y < picture->height; y++)
		memcpy(sample->pixels + y * row, picture->pixels + y * picture->stride, row);
	sample->picture = (struct kg_image){ sample->pixels, picture->width, picture->height, row };
	sample->time = settle->time;
	sample->key = settle->key;
	++*count;
	return 0;
}

/* Whether the picture is the original by now. */
static int compare(struct kg_settle *settle, const struct kg_image *picture)
{
	struct kg_image original = kg_reference_draw(settle->reference, &settle->time, &settle->key);

	settle->exact = kg_images_equal(picture, &original);
	if (!settle->exact)
		return 0;
	settle->exact_count++;
	return kg_samples_add(&settle->exact_ms, ((double)settle->updated_us - (double)settle->time.drawn_us) / 1000);
}

int kg_settle_shown(struct kg_settle *settle, const struct kg_image *picture, const struct kg_timecode *time,
		    const struct kg_keycode *key, uint64_t at_us)
{
	bool new = !settle->has || settle->time.number != time->number;
	bool key_only = !new && settle->key.count != key->count;

	if (!settle->reference)
		return 0;
	settle->has = true;
	settle->time = *time;
	settle->key = *key;
	if (new) {
		settle->since_us = settle->updated_us = at_us;
		settle->settled = settle->exact = false;
		if (at_us < settle->next_sample_us)
			return 0;
		settle->next_sample_us = at_us + settle->sample_every_us;
		return copy(settle->moving, &settle->moving_count, settle, picture);
	}
	if (settle->exact)
		return 0;
	if (settle->settled || !key_only)	// a key's code is no step towards the original
		settle->updated_us = at_us;
	return settle->settled ? compare(settle, picture) : 0;
}

int kg_settle_look(struct kg_settle *settle, const struct kg_image *picture, uint64_t now_us)
{
	int r;

	if (!settle->reference || !settle->has || settle->settled || now_us - settle->since_us < STILL_US)
		return 0;
	settle->settled = true;
	settle->settled_count++;
	r = compare(settle, picture);
	return r < 0 ? r : copy(settle->still, &settle->still_count, settle, picture);
}

int kg_settle_quality(struct kg_settle_quality *ret, struct kg_reference *reference,
		      const struct kg_settle_sample *samples,
		      size_t count)
{
	int r = 0;

	*ret = (struct kg_settle_quality){ .count = count, .worst_psnr = NAN, .worst_ssim = NAN };
	for (size_t i = 0; i < count && r >= 0; i++) {
		struct kg_image original = kg_reference_draw(reference, &samples[i].time, &samples[i].key);
		struct kg_quality quality;

		r = kg_quality(&quality, &samples[i].picture, &original);
		if (r < 0)
			return r;
		r = kg_samples_add(&ret->psnr, fmin(quality.psnr, KG_PSNR_EXACT));
		if (r >= 0)
			r = kg_samples_add(&ret->ssim, quality.ssim);
		ret->worst_psnr = fmin(ret->worst_psnr, fmin(quality.worst_psnr, KG_PSNR_EXACT));
		ret->worst_ssim = fmin(ret->worst_ssim, quality.worst_ssim);
	}
	return r;
}

void kg_settle_quality_done(struct kg_settle_quality *quality)
{
	kg_samples_done(&quality->psnr);
	kg_samples_done(&quality->ssim);
}
