/* The figures of kagami-bench against values worked out by hand: percentiles, histograms, what a record says, and keys.
 * */
#include "bench/json.h"
#include "bench/keys.h"
#include "bench/record.h"
#include "tests/tap.h"

#include <math.h>

static bool near(double a, double b)
{
	return fabs(a - b) < 1e-9;
}

static struct kg_samples samples_of(const double *values, size_t count)
{
	struct kg_samples samples = { 0 };

	for (size_t i = 0; i < count; i++)
		if (kg_samples_add(&samples, values[i]) < 0)
			abort();
	return samples;
}

static void percentiles(void)
{
	/* Sorted 15 20 35 40 50: the 40th percentile lies at (5 - 1) * 0.4 = 1.6, so at 20 + 0.6 * (35 - 20) = 29. */
	const double five[] = { 40, 15, 50, 35, 20 };
	struct kg_samples s = samples_of(five, 5);
	double values[] = { 4, 1, 3, 2 }, none[1];

	ok(near(kg_samples_percentile(&s, 40), 29) && near(kg_samples_percentile(&s, 50), 35),
	   "percentiles lie between neighbours");
	ok(near(kg_samples_percentile(&s, 0), 15) && near(kg_samples_percentile(&s, 100), 50),
	   "0 and 100 are the ends");
	ok(near(kg_samples_percentile(&s, 95), 48) && near(kg_samples_percentile(&s, 99), 49.6),
	   "p95 of five values is 40 + 0.8 * 10");
	ok(near(kg_samples_mean(&s), 32) && near(kg_samples_min(&s), 15) && near(kg_samples_max(&s), 50),
	   "mean, least and most");
	ok(kg_samples_above(&s, 35) == 2, "above does not count what is equal");
	(void)kg_samples_add(&s, 10);
	ok(near(kg_samples_percentile(&s, 0), 10) && near(kg_samples_percentile(&s, 50), 27.5),
	   "a value that is added later counts");
	kg_samples_done(&s);
	ok(isnan(kg_samples_percentile(&s, 50)) && isnan(kg_samples_mean(&s)) && isnan(kg_samples_max(&s)),
	   "nothing has no figures");
	ok(near(kg_median(values, 4), 2.5) && near(kg_median(values, 3), 2) && near(kg_median(none, 0), 0), "medians");
}

static void histograms(void)
{
	const double values[] = { -1, 0, 4.999, 5, 9, 14, 15, 1000 };
	struct kg_samples s = samples_of(values, KG_ARRAY_SIZE(values));
	uint64_t ranges[4];

	kg_histogram(&s, 0, 5, ranges, 4);
	ok(ranges[0] == 3 && ranges[1] == 2 && ranges[2] == 1 && ranges[3] == 2, "a histogram: %llu %llu %llu %llu",
	   (unsigned long long)ranges[0], (unsigned long long)ranges[1], (unsigned long long)ranges[2],
	   (unsigned long long)ranges[3]);
	kg_samples_done(&s);
}

/* Ten frames: number, drawn, shown, late, bytes so far. Times in milliseconds. */
static const struct { int number; int drawn, shown, late, bytes; } frames[] = {
	{ 1, 100, 110, 0, 1000 },	// before the span
	{ 2, 120, 132, 1, 1500 },
	{ 2, 120, 140, 1, 1600 },	// refined
	{ 3, 140, 150, 2, 2000 },
	{ -1, 0, 160, 0, 2100 },	// without a code
	{ 4, 160, 172, 3, 2600 },
	{ 5, 180, 190, 4, 3000 },
	{ 7, 220, 235, 5, 3600 },	// number 6 was never seen
	{ 8, 240, 250, 6, 4000 },
	{ 9, 260, 270, 7, 9999 },	// after the span
};

static void records(void)
{
	struct kg_record record = { 0 };
	struct kg_record_figures f;

	for (size_t i = 0; i < KG_ARRAY_SIZE(frames); i++) {
		const struct kg_shown_frame frame = {
			.at_us = (uint64_t)frames[i].shown * 1000,
			.channel_bytes = (uint64_t)frames[i].bytes,
			.decode_us = 1500,
			.coded = frames[i].number >= 0,
			.number = (uint32_t)frames[i].number,
			.late_us = (uint32_t)frames[i].late * 1000,
			.drawn_us = (uint64_t)frames[i].drawn * 1000,
		};

		if (kg_record_add(&record, &frame) < 0)
			abort();
	}
	ok(kg_record_figures(&f, &record, 120000, 260000) == 0 && near(f.seconds, 0.14), "a span of 140 ms");
	ok(f.frames == 8 && f.coded == 7 && f.distinct == 6, "8 frames, 7 with a code, 6 distinct");
	ok(f.bytes == 3000, "bytes are those after the last frame before the span");
	/* 12 10 12 10 15 10: sorted 10 10 10 12 12 15. */
	ok(f.latency_ms.count == 6 && near(kg_samples_percentile(&f.latency_ms, 50), 11) &&
	   near(kg_samples_max(&f.latency_ms), 15),
	   "latency is from drawn to first shown");
	/* Sorting for the median left these alone: since 120 ms. */
	ok(f.at_s.count == 6 && near(f.at_s.values[0], 0.012) && near(f.at_latency_ms.values[0], 12) &&
	   near(f.at_s.values[4], 0.115) && near(f.at_latency_ms.values[4], 15) && near(f.at_latency_ms.values[5], 10),
	   "and stays in the order of frames beside its times");
	/* 18 22 18 45 15: the median is 18, and what is above 27 is 45. */
	ok(f.interval_ms.count == 5 && near(kg_samples_percentile(&f.interval_ms, 50), 18) && f.stutters == 1,
	   "one interval in five is above one and a half times the median");
	ok(near(kg_samples_max(&f.late_ms), 6) && near(kg_samples_mean(&f.late_ms), 3.5),
	   "the player's lateness is known");
	ok(f.decode_ms.count == 8 && near(kg_samples_percentile(&f.decode_ms, 50), 1.5), "and what decoding took");
	kg_record_figures_done(&f);
	ok(kg_record_figures(&f, &record, 155000, 165000) == 0 && f.frames == 1 && !f.coded && !f.distinct &&
	   !f.latency_ms.count,
	   "a frame without a code is a frame");
	kg_record_figures_done(&f);
	kg_record_done(&record);
}

static void keys(void)
{
	struct kg_keys k = { .seed = 1 };
	struct kg_keycode code = { .count = 7 };
	bool early, spread;

	early = kg_keys_due(&k, 1000);
	(void)kg_keys_shown(&k, &code, 1000);
	ok(!early && kg_keys_due(&k, 2000) && !kg_keys_due(&k, 3000),
	   "a key is pressed once its code was seen, and one at a time");
	(void)kg_keys_shown(&k, &code, 4000);
	ok(k.photon_ms.count == 0, "a frame that does not count it is not its picture");
	code.count++;
	code.pressed_us = 7000;
	(void)kg_keys_shown(&k, &code, 32000);
	ok(k.photon_ms.count == 1 && near(k.photon_ms.values[0], 30) && near(k.arrive_ms.values[0], 5),
	   "pressed to shown, and to arrived");
	spread = k.next_us >= 32000 + 250000 && k.next_us < 32000 + 500000;
	ok(spread && !kg_keys_due(&k, k.next_us - 1) && kg_keys_due(&k, k.next_us),
	   "the next one comes at some moment");
	ok(kg_keys_due(&k, k.next_us) && k.lost == 1 && k.presses == 3, "one that is not seen in two seconds is lost");
	kg_keys_done(&k);
}

static void json(void)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);
	struct kg_json json = { .file = file };

	kg_json_begin_object(&json, NULL);
	kg_json_text(&json, "a", "\"\n\\");
	kg_json_begin_array(&json, "b");
	kg_json_count(&json, NULL, 1);
	kg_json_number(&json, NULL, 2.5, 2);
	kg_json_number(&json, NULL, INFINITY, 2);
	kg_json_end_array(&json);
	kg_json_begin_object(&json, "c");
	kg_json_end_object(&json);
	kg_json_bool(&json, "d", false);
	kg_json_text(&json, "e", NULL);
	kg_json_end_object(&json);
	fclose(file);
	ok(!strcmp(text,
		   "{\"a\": \"\\u0022\\u000a\\u005c\", \"b\": [1, 2.50, null], \"c\": {}, \"d\": false, \"e\": null}\n"),
	   "JSON: %.*s", (int)size - 1, text);
	free(text);
}

int main(void)
{
	percentiles();
	histograms();
	records();
	keys();
	json();
	return tap_end();
}
