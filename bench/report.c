/* Figures of several processes put together, and printed. */
#include "bench/report.h"

#include "bench/json.h"
#include "bench/stats.h"

#include <math.h>
#include <stdio.h>

struct figure {
	const struct kg_measure_picture *picture;
	const struct kg_bench_codec *codec;
	struct kg_measure_result result;	// times: medians over the processes
	double ratio;				// median of the processes' ratios, 0: FreeRDP does no such thing
};

/* Puts the processes together. The first decoded, all must have made the same bytes. */
static struct figure figure_of(const struct kg_measure_task *task, const struct kg_measure_results *results, uint32_t processes,
			       uint32_t picture, size_t codec)
{
	struct figure figure = { &task->pictures[picture], kg_bench_codecs[codec], results[0].of[picture][codec], 0 };
	double ms[KG_MEASURE_PROCESSES], theirs[KG_MEASURE_PROCESSES], ratios[KG_MEASURE_PROCESSES];

	for (uint32_t i = 0; i < processes; i++) {
		const struct kg_measure_result *one = &results[i].of[picture][codec];

		if (one->state != figure.result.state || one->bytes != figure.result.bytes)
			figure.result.state = KG_MEASURE_WRONG;
		figure.result.least_ms = KG_MIN(figure.result.least_ms, one->least_ms);
		figure.result.theirs_least_ms = KG_MIN(figure.result.theirs_least_ms, one->theirs_least_ms);
		ms[i] = one->ms;
		theirs[i] = one->theirs_ms;
		ratios[i] = one->ms > 0 ? one->theirs_ms / one->ms : 0;
	}
	figure.result.ms = kg_median(ms, processes);
	figure.result.theirs_ms = kg_median(theirs, processes);
	figure.ratio = kg_median(ratios, processes);
	return figure;
}

static void print_db(double psnr, int width)
{
	if (isnan(psnr))
		printf(" %*s", width, "");
	else if (isinf(psnr))
		printf(" %*s", width, "exact");
	else
		printf(" %*.2f", width, psnr);
}

static void print_row(const struct figure *f)
{
	const struct kg_measure_result *r = &f->result;

	printf("%-16s %-12s", f->picture->name, f->codec->name);
	if (r->state == KG_MEASURE_WRONG) {
		printf(" WRONG\n");
		return;
	}
	printf(" %8.3f %8.3f %9llu", r->ms, r->least_ms, (unsigned long long)r->bytes);
	print_db(r->psnr, 6);
	if (r->theirs_ms > 0) {
		printf(" | %8.2f %8.2f %9llu", r->theirs_ms, r->theirs_least_ms, (unsigned long long)r->theirs_bytes);
		print_db(r->theirs_psnr, 6);
		printf(" %6.1f", f->ratio);
	}
	printf("\n");
}

static void print_json(const struct figure *f, const struct kg_measure_task *task)
{
	const struct kg_measure_result *r = &f->result;
	struct kg_json json = { .file = stdout };
	bool theirs = r->theirs_ms > 0;

	kg_json_begin_object(&json, NULL);
	kg_json_text(&json, "picture", f->picture->name);
	kg_json_count(&json, "width", f->picture->width);
	kg_json_count(&json, "height", f->picture->height);
	kg_json_text(&json, "codec", f->codec->name);
	kg_json_text(&json, "isa", kg_cpu_name((enum kg_cpu)task->cpu));
	kg_json_count(&json, "threads", task->threads);
	if (r->state == KG_MEASURE_WRONG) {
		kg_json_bool(&json, "wrong", true);
		return kg_json_end_object(&json);
	}
	kg_json_number(&json, "ms", r->ms, 6);
	kg_json_number(&json, "least_ms", r->least_ms, 6);
	kg_json_count(&json, "bytes", r->bytes);
	kg_json_bool(&json, "exact", isinf(r->psnr));
	kg_json_number(&json, "psnr", r->psnr, 3);
	kg_json_number(&json, "freerdp_ms", theirs ? r->theirs_ms : NAN, 6);
	kg_json_number(&json, "freerdp_least_ms", theirs ? r->theirs_least_ms : NAN, 6);
	kg_json_number(&json, "freerdp_bytes", theirs ? (double)r->theirs_bytes : NAN, 0);
	kg_json_number(&json, "freerdp_psnr", theirs ? r->theirs_psnr : NAN, 3);
	kg_json_number(&json, "ratio", theirs ? f->ratio : NAN, 3);
	kg_json_end_object(&json);
}

static void print_head(const struct kg_measure_task *task, uint32_t processes)
{
	printf("%s, %u thread%s, median of %u process%s\n", kg_cpu_name((enum kg_cpu)task->cpu), task->threads,
	       task->threads > 1 ? "s" : "", processes, processes > 1 ? "es" : "");
	printf("%-16s %-12s %8s %8s %9s %6s | %8s %8s %9s %6s %6s\n", "picture", "codec", "ms", "least", "bytes", "dB", "FreeRDP",
	       "least", "bytes", "dB", "ratio");
}

int kg_report_print(const struct kg_measure_task *task, const struct kg_measure_results *results, uint32_t processes, bool json)
{
	int status = EXIT_SUCCESS;

	if (!json)
		print_head(task, processes);
	for (uint32_t i = 0; i < task->count; i++)
		for (size_t k = 0; k < kg_bench_codecs_count; k++) {
			struct figure figure = figure_of(task, results, processes, i, k);

			if (figure.result.state == KG_MEASURE_NONE)
				continue;
			if (figure.result.state == KG_MEASURE_WRONG)
				status = EXIT_FAILURE;
			if (json)
				print_json(&figure, task);
			else
				print_row(&figure);
		}
	return status;
}
