/* Writing the page: each plot has a section, and says why where there is nothing to plot. */
#include "bench/page.h"

#include "bench/plot.h"
#include "bench/stats.h"

#include <math.h>

#define TAIL_PERCENT 99.5		// of latencies: what the distribution shows ends there

struct page {
	FILE *file;
	const struct kg_result *results;
	size_t count;
};

static const char head[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n"
	"<head>\n"
	"<meta charset=\"utf-8\"/>\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
	"<meta name=\"color-scheme\" content=\"light dark\"/>\n"
	"<title>kagami-bench</title>\n"
	"<style>\n"
	/* Eight colours that stay apart for colour-blind eyes, for either background. */
	":root { --ground: #fff; --text: #1c1c1c; --quiet: #5a5a5a; --grid: #ddd;\n"
	"  --c0: #0072b2; --c1: #d55e00; --c2: #007a5a; --c3: #b3548f;\n"
	"  --c4: #9a6a00; --c5: #3a94cf; --c6: #6a45b0; --c7: #666; }\n"
	"@media (prefers-color-scheme: dark) {\n"
	"  :root { --ground: #16181b; --text: #e8e8e8; --quiet: #a8a8a8; --grid: #33373c;\n"
	"    --c0: #56b4e9; --c1: #ff8a4c; --c2: #2ecc9a; --c3: #ee9cca;\n"
	"    --c4: #f0c040; --c5: #a5d8ff; --c6: #b79bff; --c7: #bbb; } }\n"
	"body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; background: var(--ground); color: var(--text);\n"
	"  font: 15px/1.45 system-ui, sans-serif; }\n"
	"h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 2rem 0 0.25rem; }\n"
	"p { margin: 0.25rem 0; color: var(--quiet); }\n"
	".wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }\n"
	"th, td { padding: 0.15rem 1rem 0.15rem 0; text-align: left; font-weight: normal;\n"
	"  border-bottom: 1px solid var(--grid); }\n"
	"td { text-align: right; } thead th { text-align: right; } tbody th, .unit { color: var(--quiet); }\n"
	"svg { display: block; width: 100%; height: auto; margin-top: 0.5rem; }\n"
	"svg text { font-size: 12px; fill: var(--quiet); }\n"
	".left { text-anchor: end; } .below { text-anchor: middle; }\n"
	".grid { stroke: var(--grid); stroke-width: 1; fill: none; }\n"
	".c0 { --run: var(--c0); } .c1 { --run: var(--c1); } .c2 { --run: var(--c2); } .c3 { --run: var(--c3); }\n"
	".c4 { --run: var(--c4); } .c5 { --run: var(--c5); } .c6 { --run: var(--c6); } .c7 { --run: var(--c7); }\n"
	"path.run { fill: none; stroke: var(--run); stroke-width: 1.5; stroke-linejoin: round; }\n"
	"path.again { stroke-dasharray: 5 3; } rect.again { opacity: 0.55; } circle.again { stroke-dasharray: 3 2; }\n"
	"rect.run { fill: var(--run); } .full circle { fill: var(--run); stroke: var(--ground); }\n"
	".hollow circle { fill: none; stroke: var(--run); stroke-width: 2; }\n"
	".key { display: inline-block; width: 0.8em; height: 0.8em; margin-right: 0.4em; background: var(--run); }\n"
	".key.again { opacity: 0.55; }\n"
	".legend span.one { margin-right: 1.2em; white-space: nowrap; color: var(--text); }\n"
	"</style>\n"
	"</head>\n"
	"<body>\n"
	"<h1>kagami-bench</h1>\n";

/* ---- the table ---- */

static void put_name(const struct page *page, uint32_t run)
{
	fputs("<span ", page->file);
	kg_plot_class(page->file, run);
	fputs("><span class=\"key\"></span></span>", page->file);
	kg_html_text(page->file, page->results[run].name);
}

static void begin_row(const struct page *page, const char *title, const char *unit)
{
	fputs("<tr><th>", page->file);
	kg_html_text(page->file, title);
	fputs("</th><th class=\"unit\">", page->file);
	kg_html_text(page->file, unit);
	fputs("</th>", page->file);
}

static void put_condition(const struct page *page, size_t which)
{
	bool known = false;

	for (size_t i = 0; i < page->count; i++)
		known |= page->results[i].conditions[which] != NULL;
	if (!known)
		return;
	begin_row(page, kg_condition_kinds[which].title, "");
	for (size_t i = 0; i < page->count; i++) {
		fputs("<td>", page->file);
		kg_html_text(page->file, page->results[i].conditions[which] ? page->results[i].conditions[which] : "");
		fputs("</td>", page->file);
	}
	fputs("</tr>\n", page->file);
}

static void put_figure(const struct page *page, size_t which)
{
	const struct kg_figure_kind *kind = &kg_figure_kinds[which];
	bool known = false;

	for (size_t i = 0; i < page->count; i++)
		known |= !isnan(page->results[i].figures[which]);
	if (!known)
		return;
	begin_row(page, kind->title, kind->unit);
	for (size_t i = 0; i < page->count; i++) {
		double value = page->results[i].figures[which];

		if (isnan(value))
			fputs("<td></td>", page->file);
		else
			fprintf(page->file, "<td>%.*f</td>", kind->decimals, value * kind->scale);
	}
	fputs("</tr>\n", page->file);
}

static void put_table(const struct page *page)
{
	fputs("<div class=\"wide\"><table id=\"figures\">\n<thead><tr><th></th><th></th>", page->file);
	for (uint32_t i = 0; i < page->count; i++) {
		fputs("<th>", page->file);
		put_name(page, i);
		fputs("</th>", page->file);
	}
	fputs("</tr></thead>\n<tbody>\n", page->file);
	for (size_t i = 0; i < KG_CONDITIONS; i++)
		put_condition(page, i);
	for (size_t i = 0; i < KG_FIGURES; i++)
		put_figure(page, i);
	fputs("</tbody>\n</table></div>\n", page->file);
}

/* ---- sections ---- */

/* otherwise: what is said where there is nothing to plot, NULL where there is. */
static bool begin_section(const struct page *page, const char *title, const char *what, const char *otherwise)
{
	fprintf(page->file, "<section>\n<h2>%s</h2>\n<p>%s</p>\n", title, otherwise ? otherwise : what);
	if (otherwise)
		return false;
	fputs("<p class=\"legend\">", page->file);
	for (uint32_t i = 0; i < page->count; i++) {
		fputs("<span class=\"one\">", page->file);
		put_name(page, i);
		fputs("</span> ", page->file);
	}
	fputs("</p>\n", page->file);
	return true;
}

static void end_section(const struct page *page)
{
	fputs("</section>\n", page->file);
}

static double highest(const double *values, size_t count)
{
	double high = 0;

	for (size_t i = 0; i < count; i++)
		high = fmax(high, values[i]);
	return high;
}

static const char *without_latency(const struct page *page)
{
	for (size_t i = 0; i < page->count; i++)
		if (page->results[i].latency.count)
			return NULL;
	return "None of these measurements saw a time code, so there is no latency.";
}

static void put_latency(const struct page *page)
{
	struct kg_plot plot = { .file = page->file };
	double last = 0, slowest = 0;

	if (begin_section(page, "Latency over time", "From being drawn to being shown, for each distinct frame.",
			  without_latency(page))) {
		for (size_t i = 0; i < page->count; i++) {
			const struct kg_points *points = &page->results[i].latency;

			last = fmax(last, highest(points->x, points->count));
			slowest = fmax(slowest, highest(points->y, points->count));
		}
		kg_plot_axis_fit(&plot.x, "seconds", 0, last);
		kg_plot_axis_fit(&plot.y, "ms", 0, slowest);
		kg_plot_begin(&plot, "latency", "Latency of each distinct frame over time");
		for (uint32_t i = 0; i < page->count; i++) {
			const struct kg_points *points = &page->results[i].latency;

			kg_plot_line(&plot, i, points->x, points->y, points->count);
		}
		kg_plot_end(&plot);
	}
	end_section(page);
}

static int put_distribution(const struct page *page)
{
	struct kg_samples sorted[KG_PAGE_RESULTS_MAX] = { 0 };
	struct kg_plot plot = { .file = page->file, .y = { "% of frames", 0, 100 } };
	double tail = 0;
	int r = 0;

	if (begin_section(page, "Distribution of latency", "The share of distinct frames that are shown within a time. "
			  "The slowest one in 200 may lie outside.", without_latency(page))) {
		for (size_t i = 0; i < page->count && r >= 0; i++) {
			const struct kg_points *points = &page->results[i].latency;

			for (size_t k = 0; k < points->count && r >= 0; k++)
				r = kg_samples_add(&sorted[i], points->y[k]);
			/* Of NAN and a number that is the number. */
			tail = fmax(tail, kg_samples_percentile(&sorted[i], TAIL_PERCENT));
		}
		kg_plot_axis_fit(&plot.x, "ms", 0, tail);
		kg_plot_begin(&plot, "distribution", "Share of frames shown within a latency");
		for (uint32_t i = 0; i < page->count && r >= 0; i++)
			kg_plot_shares(&plot, i, sorted[i].values, sorted[i].count);
		kg_plot_end(&plot);
	}
	end_section(page);
	for (size_t i = 0; i < page->count; i++)
		kg_samples_done(&sorted[i]);
	return r;
}

/* The names of all operations, each once. Returns how many. */
static size_t name_operations(const struct page *page, const char **names)
{
	size_t count = 0;

	for (size_t i = 0; i < page->count; i++)
		for (size_t k = 0; k < page->results[i].operations_count; k++) {
			const char *name = page->results[i].operations[k].name;
			size_t at = 0;

			while (at < count && strcmp(names[at], name) != 0)
				at++;
			if (at == count)
				names[count++] = name;
		}
	return count;
}

static int put_operations(const struct page *page)
{
	size_t room = 1;
	struct kg_bars bars = { .file = page->file, .unit = "Mbit/s", .runs = page->count };
	const char **names;
	double *values;

	for (size_t i = 0; i < page->count; i++)
		room += page->results[i].operations_count;
	names = calloc(room, sizeof(*names));
	values = calloc(room * page->count, sizeof(*values));
	if (names && values) {
		bars.groups_count = name_operations(page, names);
		bars.groups = names;
		bars.values = values;
		for (size_t i = 0; i < bars.groups_count; i++)
			for (size_t k = 0; k < page->count; k++)
				values[i * page->count + k] = kg_result_operation_mbit(&page->results[k], names[i]);
		if (begin_section(page, "Bandwidth by operation",
				  "Messages of the graphics channel, before its own compression.",
				  bars.groups_count ? NULL :
				  "None of these measurements saw a message of the graphics channel."))
			kg_bars_draw(&bars, "bandwidth", "Bandwidth by operation in Mbit/s");
		end_section(page);
	}
	free(names);
	free(values);
	return names && values ? 0 : -ENOMEM;
}

/* The rate and the quality of one; false: not known. */
static bool quality_of(const struct kg_result *result, enum kg_figure which, double *mbit, double *psnr)
{
	*mbit = result->figures[KG_FIGURE_MBIT];
	*psnr = result->figures[which];
	return !isnan(*mbit) && !isnan(*psnr);
}

static void put_quality(const struct page *page)
{
	static const enum kg_figure kinds[] = { KG_FIGURE_MOVING_PSNR, KG_FIGURE_STILL_PSNR };
	struct kg_plot plot = { .file = page->file };
	double low = INFINITY, high = 0, most = 0, mbit, psnr;

	for (size_t i = 0; i < page->count; i++)
		for (size_t k = 0; k < KG_ARRAY_SIZE(kinds); k++)
			if (quality_of(&page->results[i], kinds[k], &mbit, &psnr)) {
				low = fmin(low, psnr);
				high = fmax(high, psnr);
				most = fmax(most, mbit);
			}
	if (begin_section(page, "Quality against bytes",
			  "Dots: frames while the picture moves; rings: frames that stand still. "
			  "An exact copy counts as 100 dB.",
			  isinf(low) ? "None of these measurements knows its originals." : NULL)) {
		kg_plot_axis_fit(&plot.x, "Mbit/s of TCP", 0, most);
		kg_plot_axis_fit(&plot.y, "PSNR in dB", low, high);
		kg_plot_begin(&plot, "quality", "Quality of moving and still frames against bandwidth");
		for (uint32_t i = 0; i < page->count; i++)
			for (size_t k = 0; k < KG_ARRAY_SIZE(kinds); k++)
				if (quality_of(&page->results[i], kinds[k], &mbit, &psnr))
					kg_plot_mark(&plot, i, mbit, psnr, kinds[k] == KG_FIGURE_STILL_PSNR,
						     page->results[i].name);
		kg_plot_end(&plot);
	}
	end_section(page);
}

/* A measurement with one session is a load of one. */
static void put_load_of(struct kg_plot *plot, const struct kg_result *result, uint32_t run)
{
	double cores = result->figures[KG_FIGURE_SERVER_CORES];

	kg_plot_line(plot, run, result->load.x, result->load.y, result->load.count);
	for (size_t i = 0; i < result->load.count; i++)
		kg_plot_mark(plot, run, result->load.x[i], result->load.y[i], false, result->name);
	if (!result->load.count && !isnan(cores))
		kg_plot_mark(plot, run, 1, cores, false, result->name);
}

static void put_load(const struct page *page)
{
	struct kg_plot plot = { .file = page->file };
	double sessions = 0, cores = 0;

	for (size_t i = 0; i < page->count; i++) {
		const struct kg_result *result = &page->results[i];

		if (!result->load.count && isnan(result->figures[KG_FIGURE_SERVER_CORES]))
			continue;
		sessions = fmax(sessions, fmax(1, highest(result->load.x, result->load.count)));
		cores = fmax(cores, result->load.count ? highest(result->load.y, result->load.count) :
							 result->figures[KG_FIGURE_SERVER_CORES]);
	}
	if (begin_section(page, "CPU of a session against the number of sessions",
			  "The server's time on the processor, shared among its sessions.",
			  sessions > 0 ? NULL : "None of these measurements knows the server's cost.")) {
		kg_plot_axis_fit(&plot.x, "sessions", 0, fmax(5, sessions));	// no fractions of one
		kg_plot_axis_fit(&plot.y, "cores a session", 0, cores);
		kg_plot_begin(&plot, "load", "Cores a session costs against the number of sessions");
		for (uint32_t i = 0; i < page->count; i++)
			put_load_of(&plot, &page->results[i], i);
		kg_plot_end(&plot);
	}
	end_section(page);
}

int kg_page_write(FILE *file, const struct kg_result *results, size_t count)
{
	const struct page page = { file, results, count };
	int r;

	fputs(head, file);
	put_table(&page);
	put_latency(&page);
	r = put_distribution(&page);
	if (r >= 0)
		r = put_operations(&page);
	put_quality(&page);
	put_load(&page);
	fputs("</body>\n</html>\n", file);
	return r;
}
