/* What a measurement found, as a table and as JSON (doc/bench.md). */
#include "bench/json.h"
#include "bench/run.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <sys/utsname.h>

#define BUCKET_MS 5			// of the distribution of latencies
#define BUCKETS 60			// the last takes what is longer

static double rate(uint64_t count, double seconds)
{
	return seconds > 0 ? (double)count / seconds : NAN;
}

static bool has_codes(const struct kg_run_results *results)
{
	return results->figures.coded;
}

/* ---- table ---- */

static void row(const char *name)
{
	printf("%-10s", name);
}

/* "p50 12.3  p95 ..", or what is said instead. */
static void print_percentiles(const char *name, struct kg_samples *samples, const char *otherwise)
{
	row(name);
	if (!samples->count)
		printf("%s\n", otherwise);
	else
		printf("p50 %7.1f  p95 %7.1f  p99 %7.1f  max %7.1f ms\n", kg_samples_percentile(samples, 50),
		       kg_samples_percentile(samples, 95), kg_samples_percentile(samples, 99), kg_samples_max(samples));
}

static void print_quality(const char *name, struct kg_settle_quality *quality)
{
	row(name);
	if (!quality->count) {
		printf("no frame was looked at\n");
		return;
	}
	printf("PSNR %.1f dB, worst tile %.1f   SSIM %.4f, worst tile %.4f   of %zu frames\n",
	       kg_samples_percentile(&quality->psnr, 50),
	       quality->worst_psnr, kg_samples_percentile(&quality->ssim, 50), quality->worst_ssim, quality->count);
}

static void print_cost(const char *name, const struct kg_run_cost *cost)
{
	if (!cost->known)
		return;
	row(name);
	printf("%5.1f %% of a core, %.1f MB private, %u processes\n", cost->cores * 100,
	       (double)cost->private_bytes / 1e6,
	       cost->processes);
}

static void print_link(const struct kg_run_results *results)
{
	static const char *const names[] = { [KG_LINK_SERVER] = "to server", [KG_LINK_CLIENT] = "to client" };
	const struct kg_link_spec *spec = &results->options->link_spec;

	row("link");
	printf("%s: %g Mbit/s, %g ms, %g %% lost, queue %g kB\n", results->options->link, (double)spec->rate / 1e6,
	       (double)spec->rtt_ns / 1e6, spec->loss * 100, (double)spec->queue_size / 1e3);
	for (enum kg_link_end end = KG_LINK_ENDS; end-- > 0;) {
		const struct kg_link_carried *carried = &results->link[end];

		printf("  %-10s %llu packets, %llu lost, %llu dropped at the queue; at most %.2f ms late\n", names[end],
		       (unsigned long long)carried->count.packets, (unsigned long long)carried->count.lost,
		       (unsigned long long)carried->count.dropped, (double)carried->late_max_ns / 1e6);
	}
}

static void print_operations(const struct kg_run_results *results)
{
	const struct kg_tally *tally = &results->tally;
	uint64_t all = 0;

	for (size_t i = 0; i < KG_OPERATIONS; i++)
		all += tally->of[i].bytes;
	for (size_t i = 0; i < KG_OPERATIONS; i++)
		if (tally->of[i].count)
			printf("  %-14s %9llu messages %10.1f kB %5.1f %%\n", kg_operation_names[i],
			       (unsigned long long)tally->of[i].count, (double)tally->of[i].bytes / 1e3,
			       all ? 100.0 * (double)tally->of[i].bytes / (double)all : 0);
}

void kg_run_print(struct kg_run_results *results)
{
	const struct kg_run_options *o = results->options;
	struct kg_record_figures *f = &results->figures;
	double seconds = f->seconds;

	printf("%s %s, %.1f s, %s%s\n", o->workload ? o->workload : o->desktop, o->size, seconds,
	       o->target ? o->target : "kagami",
	       o->decode ? "" : ", not decoded");
	row("connect");
	printf("%.0f ms to log-on, %.0f ms to the first frame\n", results->connect_ms, results->first_ms);
	row("frames");
	printf("%.1f a second", rate(f->frames, seconds));
	if (has_codes(results))
		printf(", %.1f distinct", rate(f->distinct, seconds));
	if (f->interval_ms.count)
		printf("; %llu stutters of %zu intervals, median %.1f ms", (unsigned long long)f->stutters,
		       f->interval_ms.count, kg_samples_percentile(&f->interval_ms, 50));
	printf("\n");
	if (o->decode) {
		print_percentiles("latency", &f->latency_ms, "no time code was seen");
		print_percentiles("input", &results->keys.photon_ms, "no key was seen");
		print_percentiles("decoding", &f->decode_ms, "nothing was decoded");
		print_percentiles("late", &f->late_ms, "the player is not known");
		print_quality("moving", &results->moving);
		print_quality("still", &results->still);
		row("exact");
		if (results->settle.exact_ms.count)
			printf("after p50 %.0f, max %.0f ms; ", kg_samples_percentile(&results->settle.exact_ms, 50),
			       kg_samples_max(&results->settle.exact_ms));
		printf("%u of %u that stood still\n", results->settle.exact_count, results->settle.settled_count);
	}
	row("bytes");
	printf("%.2f Mbit/s, %.1f kB a frame, %.2f Mbit/s of TCP (%s)\n", rate(f->bytes, seconds) * 8 / 1e6,
	       f->frames ? (double)f->bytes / (double)f->frames / 1e3 : 0, rate(results->wire_bytes, seconds) * 8 / 1e6,
	       results->server_congestion[0] ? results->server_congestion : "congestion control not known");
	print_operations(results);
	if (o->link)
		print_link(results);
	print_cost("server", &results->server);
	print_cost("drawing", &results->drawing);
	if (isfinite(results->draw_ms)) {
		row("");
		printf("drawing a frame costs %.2f ms, %.1f %% of a core%s\n", results->draw_ms,
		       results->draw_ms * rate(f->distinct,
					       seconds) / 10, o->target ? "" : ", which is among the server's");
	}
	print_cost("client", &results->client);
}

/* ---- JSON ---- */

static void put_samples(struct kg_json *json, const char *name, struct kg_samples *samples)
{
	static const struct { const char *name; double percent; } percents[] = { { "p50", 50 }, { "p95", 95 },
										{ "p99", 99 } };

	kg_json_begin_object(json, name);
	kg_json_count(json, "count", samples->count);
	kg_json_number(json, "mean", kg_samples_mean(samples), 3);
	kg_json_number(json, "min", kg_samples_min(samples), 3);
	for (size_t i = 0; i < KG_ARRAY_SIZE(percents); i++)
		kg_json_number(json, percents[i].name, kg_samples_percentile(samples, percents[i].percent), 3);
	kg_json_number(json, "max", kg_samples_max(samples), 3);
	kg_json_end_object(json);
}

static void put_quality(struct kg_json *json, const char *name, struct kg_settle_quality *quality)
{
	kg_json_begin_object(json, name);
	kg_json_count(json, "frames", quality->count);
	kg_json_number(json, "psnr_db", kg_samples_percentile(&quality->psnr, 50), 2);
	kg_json_number(json, "worst_tile_psnr_db", quality->worst_psnr, 2);
	kg_json_number(json, "ssim", kg_samples_percentile(&quality->ssim, 50), 5);
	kg_json_number(json, "worst_tile_ssim", quality->worst_ssim, 5);
	kg_json_end_object(json);
}

static void put_cost(struct kg_json *json, const char *name, const struct kg_run_cost *cost)
{
	kg_json_begin_object(json, name);
	kg_json_number(json, "cores", cost->known ? cost->cores : NAN, 4);
	kg_json_number(json, "private_bytes", cost->known ? (double)cost->private_bytes : NAN, 0);
	kg_json_count(json, "processes", cost->processes);
	kg_json_end_object(json);
}

static void put_machine(struct kg_json *json)
{
	struct utsname name;
	cpu_set_t set;

	kg_json_begin_object(json, "machine");
	if (!uname(&name)) {
		kg_json_text(json, "kernel", name.release);
		kg_json_text(json, "architecture", name.machine);
	}
	if (!sched_getaffinity(0, sizeof(set), &set))
		kg_json_count(json, "processors", (uint64_t)CPU_COUNT(&set));
	kg_json_end_object(json);
}

static void put_what(struct kg_json *json, const struct kg_run_results *results)
{
	const struct kg_run_options *o = results->options;

	kg_json_text(json, "server", o->target ? o->target : "ours");
	kg_json_text(json, "desktop", o->desktop);
	kg_json_text(json, "workload", o->workload);
	kg_json_count(json, "seed", o->seed);
	kg_json_text(json, "fps", o->fps[0] ? o->fps : NULL);
	kg_json_count(json, "width", o->width);
	kg_json_count(json, "height", o->height);
	kg_json_bool(json, "decoded", o->decode);
	kg_json_bool(json, "decoder_threads", o->threads);
	kg_json_bool(json, "graphics", !o->legacy);
	kg_json_count(json, "ack_delay_ms", o->ack_delay_ms);
	kg_json_text(json, "congestion", results->congestion);
	kg_json_text(json, "server_congestion", results->server_congestion[0] ? results->server_congestion : NULL);
	kg_json_number(json, "seconds", results->figures.seconds, 3);
}

static void put_carried(struct kg_json *json, const char *name, const struct kg_link_carried *carried)
{
	const struct kg_link_count *count = &carried->count;

	kg_json_begin_object(json, name);
	kg_json_count(json, "packets", count->packets);
	kg_json_count(json, "bytes", count->bytes);
	kg_json_count(json, "lost", count->lost);
	kg_json_count(json, "dropped", count->dropped);
	kg_json_number(json, "late_ms", rate(carried->late_ns, (double)count->packets * 1e6), 3);
	kg_json_number(json, "late_max_ms", (double)carried->late_max_ns / 1e6, 3);
	kg_json_end_object(json);
}

static void put_link(struct kg_json *json, const struct kg_run_results *results)
{
	const struct kg_link_spec *spec = &results->options->link_spec;

	if (!results->options->link)
		return kg_json_text(json, "link", NULL);
	kg_json_begin_object(json, "link");
	kg_json_text(json, "name", results->options->link);
	kg_json_number(json, "mbit_per_second", (double)spec->rate / 1e6, 3);
	kg_json_number(json, "rtt_ms", (double)spec->rtt_ns / 1e6, 3);
	kg_json_number(json, "loss_percent", spec->loss * 100, 4);
	kg_json_count(json, "queue_bytes", spec->queue_size);
	put_carried(json, "to_client", &results->link[KG_LINK_CLIENT]);
	put_carried(json, "to_server", &results->link[KG_LINK_SERVER]);
	kg_json_end_object(json);
}

static void put_frames(struct kg_json *json, struct kg_run_results *results)
{
	struct kg_record_figures *f = &results->figures;

	kg_json_begin_object(json, "frames");
	kg_json_count(json, "count", f->frames);
	kg_json_number(json, "per_second", rate(f->frames, f->seconds), 2);
	kg_json_number(json, "distinct_per_second", has_codes(results) ? rate(f->distinct, f->seconds) : NAN, 2);
	kg_json_count(json, "without_code", f->frames - f->coded);
	kg_json_count(json, "stutters", f->stutters);
	put_samples(json, "interval_ms", &f->interval_ms);
	kg_json_end_object(json);
}

static void put_latency(struct kg_json *json, struct kg_samples *latency)
{
	uint64_t ranges[BUCKETS];

	put_samples(json, "latency_ms", latency);
	kg_histogram(latency, 0, BUCKET_MS, ranges, BUCKETS);
	kg_json_begin_object(json, "latency_histogram");
	kg_json_count(json, "bucket_ms", BUCKET_MS);
	kg_json_begin_array(json, "counts");
	for (size_t i = 0; i < BUCKETS; i++)
		kg_json_count(json, NULL, ranges[i]);
	kg_json_end_array(json);
	kg_json_end_object(json);
}

/* In one line: there may be thousands. */
static void put_series(struct kg_json *json, const char *name, const struct kg_samples *samples)
{
	kg_json_begin_array(json, name);
	json->lines = false;
	for (size_t i = 0; i < samples->count; i++)
		kg_json_number(json, NULL, samples->values[i], 3);
	kg_json_end_array(json);
	json->lines = true;
}

static void put_latency_series(struct kg_json *json, const struct kg_record_figures *figures)
{
	kg_json_begin_object(json, "latency_series");
	put_series(json, "at_s", &figures->at_s);
	put_series(json, "latency_ms", &figures->at_latency_ms);
	kg_json_end_object(json);
}

static void put_input(struct kg_json *json, struct kg_keys *keys)
{
	kg_json_begin_object(json, "input");
	kg_json_count(json, "presses", keys->presses);
	kg_json_count(json, "lost", keys->lost);
	put_samples(json, "to_desktop_ms", &keys->arrive_ms);
	put_samples(json, "to_photon_ms", &keys->photon_ms);
	kg_json_end_object(json);
}

static void put_settle(struct kg_json *json, struct kg_run_results *results)
{
	kg_json_begin_object(json, "quality");
	put_quality(json, "moving", &results->moving);
	put_quality(json, "still", &results->still);
	kg_json_count(json, "stood_still", results->settle.settled_count);
	kg_json_count(json, "became_exact", results->settle.exact_count);
	put_samples(json, "exact_after_ms", &results->settle.exact_ms);
	kg_json_end_object(json);
}

static void put_bytes(struct kg_json *json, const struct kg_run_results *results)
{
	const struct kg_record_figures *f = &results->figures;

	kg_json_begin_object(json, "bytes");
	kg_json_count(json, "channel", f->bytes);
	kg_json_count(json, "tcp", results->wire_bytes);
	kg_json_number(json, "mbit_per_second", rate(results->wire_bytes, f->seconds) * 8 / 1e6, 3);
	kg_json_begin_object(json, "operations");
	for (size_t i = 0; i < KG_OPERATIONS; i++) {
		if (!results->tally.of[i].count)
			continue;
		kg_json_begin_object(json, kg_operation_names[i]);
		kg_json_count(json, "messages", results->tally.of[i].count);
		kg_json_count(json, "bytes", results->tally.of[i].bytes);
		kg_json_end_object(json);
	}
	kg_json_end_object(json);
	kg_json_end_object(json);
}

int kg_run_write_json(struct kg_run_results *results, const char *path)
{
	bool standard = !strcmp(path, "-");
	struct kg_json json = { .file = standard ? stdout : fopen(path, "we"), .lines = true };
	bool right;

	if (!json.file) {
		fprintf(stderr, "kagami-bench: cannot write %s: %s\n", path, strerror(errno));
		return -EIO;
	}
	kg_json_begin_object(&json, NULL);
	kg_json_text(&json, "program", "kagami-bench " PACKAGE_VERSION);
	kg_json_count(&json, "schema", 1);
	put_machine(&json);
	put_what(&json, results);
	put_link(&json, results);
	kg_json_number(&json, "connect_ms", results->connect_ms, 2);
	kg_json_number(&json, "first_frame_ms", results->first_ms, 2);
	put_frames(&json, results);
	put_latency(&json, &results->figures.latency_ms);
	put_latency_series(&json, &results->figures);
	put_samples(&json, "late_ms", &results->figures.late_ms);
	put_samples(&json, "decode_ms", &results->figures.decode_ms);
	put_input(&json, &results->keys);
	put_settle(&json, results);
	put_bytes(&json, results);
	put_cost(&json, "server_cost", &results->server);
	put_cost(&json, "drawing_cost", &results->drawing);
	put_cost(&json, "client_cost", &results->client);
	kg_json_number(&json, "draw_ms", results->draw_ms, 3);
	kg_json_end_object(&json);
	right = !ferror(json.file) && !fflush(json.file);
	if (!standard)
		right = !fclose(json.file) && right;
	if (!right)
		fprintf(stderr, "kagami-bench: cannot write %s\n", path);
	return right ? 0 : -EIO;
}
