/* Drawing plots in SVG. */
#include "bench/plot.h"

#include <math.h>

/* In user units of the picture, which is scaled to the page's width. */
#define WIDTH 760
#define HEIGHT 320
#define LEFT 62
#define RIGHT 14
#define TOP 12
#define BOTTOM 46
#define TICKS 6				// about that many
#define BAR 14				// thickness of a bar
#define GROUP_GAP 12
#define NAMES 130			// room for the names of groups, left of the bars
#define VALUES 90			// and for values, right of them

void kg_html_text(FILE *file, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&': fputs("&amp;", file); break;
		case '<': fputs("&lt;", file); break;
		case '>': fputs("&gt;", file); break;
		case '"': fputs("&quot;", file); break;
		case '\'': fputs("&#39;", file); break;
		default:
			if ((uint8_t)*text < 0x20 || *text == 0x7f)
				fputs("\xef\xbf\xbd", file);
			else
				fputc(*text, file);
		}
}

void kg_plot_class(FILE *file, uint32_t run)
{
	fprintf(file, "class=\"run c%u%s\"", run % KG_PLOT_COLOURS, run >= KG_PLOT_COLOURS ? " again" : "");
}

/* ---- axes ---- */

/* 1, 2 or 5 times a power of ten, so that range has about TICKS of it. */
static double step_of(double range)
{
	double step = pow(10, floor(log10(range / TICKS)));

	while (range / step > TICKS)
		step *= range / step > 5 * TICKS ? 10 : range / step > 2 * TICKS ? 5 : 2;
	return step;
}

void kg_plot_axis_fit(struct kg_plot_axis *axis, const char *title, double low, double high)
{
	double step;

	if (low < high * 0.6)
		low = 0;
	if (high - low < 1e-9) {	// nothing, or one value
		low = floor(low * 0.9);
		high = high > 1e-9 ? high * 1.1 : 1;
	}
	step = step_of(high - low);
	*axis = (struct kg_plot_axis){ title, floor(low / step) * step, ceil(high / step) * step };
}

static double place(const struct kg_plot_axis *axis, double value, double from, double to)
{
	double share = (value - axis->low) / (axis->high - axis->low);

	return from + (to - from) * fmin(fmax(share, 0), 1);
}

static double x_of(const struct kg_plot *plot, double x)
{
	return place(&plot->x, x, LEFT, WIDTH - RIGHT);
}

static double y_of(const struct kg_plot *plot, double y)
{
	return place(&plot->y, y, HEIGHT - BOTTOM, TOP);
}

/* How many digits behind the point tell numbers a step apart. */
static int decimals_of(double step)
{
	return (int)fmax(0, -floor(log10(step) + 1e-9));
}

static void draw_axes(const struct kg_plot *plot)
{
	double step = step_of(plot->y.high - plot->y.low);
	int ticks = (int)((plot->y.high - plot->y.low) / step + 0.5);

	for (int i = 0; i <= ticks; i++) {
		double value = plot->y.low + i * step, y = y_of(plot, value);

		fprintf(plot->file, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>", LEFT, y, WIDTH - RIGHT);
		fprintf(plot->file, "<text class=\"left\" x=\"%d\" y=\"%.1f\">%.*f</text>\n", LEFT - 6, y + 4,
			decimals_of(step), value);
	}
	step = step_of(plot->x.high - plot->x.low);
	ticks = (int)((plot->x.high - plot->x.low) / step + 0.5);
	for (int i = 0; i <= ticks; i++) {
		double value = plot->x.low + i * step, x = x_of(plot, value);

		fprintf(plot->file, "<path class=\"grid\" d=\"M%.1f %dV%d\"/>", x, TOP, HEIGHT - BOTTOM);
		fprintf(plot->file, "<text class=\"below\" x=\"%.1f\" y=\"%d\">%.*f</text>\n",
			fmin(x, WIDTH - RIGHT - 8), HEIGHT - BOTTOM + 16, decimals_of(step), value);
	}
	fprintf(plot->file, "<text class=\"below\" x=\"%d\" y=\"%d\">", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8);
	kg_html_text(plot->file, plot->x.title);
	fprintf(plot->file, "</text>\n<text class=\"below\" transform=\"translate(14 %d) rotate(-90)\">",
		(TOP + HEIGHT - BOTTOM) / 2);
	kg_html_text(plot->file, plot->y.title);
	fputs("</text>\n", plot->file);
}

static void begin_picture(FILE *file, const char *id, const char *title, double height)
{
	fprintf(file, "<svg id=\"%s\" viewBox=\"0 0 %d %.0f\" role=\"img\" aria-label=\"", id, WIDTH, height);
	kg_html_text(file, title);
	fputs("\">\n", file);
}

void kg_plot_begin(struct kg_plot *plot, const char *id, const char *title)
{
	begin_picture(plot->file, id, title, HEIGHT);
	draw_axes(plot);
}

void kg_plot_end(struct kg_plot *plot)
{
	fputs("</svg>\n", plot->file);
}

/* ---- what is over the axes ---- */

static void begin_path(const struct kg_plot *plot, uint32_t run)
{
	fputs("<path ", plot->file);
	kg_plot_class(plot->file, run);
	fputs(" d=\"", plot->file);
}

void kg_plot_line(struct kg_plot *plot, uint32_t run, const double *x, const double *y, size_t count)
{
	if (!count)
		return;
	begin_path(plot, run);
	for (size_t i = 0; i < count;) {
		double at = x_of(plot, x[i]), low = y[i], high = y[i];
		size_t last = i;

		while (last + 1 < count && fabs(x_of(plot, x[last + 1]) - at) < 0.5) {
			last++;
			low = fmin(low, y[last]);
			high = fmax(high, y[last]);
		}
		fprintf(plot->file, "%c%.1f %.1f", i ? 'L' : 'M', at, y_of(plot, y[i]));
		if (last > i)
			fprintf(plot->file, "V%.1fV%.1fV%.1f", y_of(plot, low), y_of(plot, high), y_of(plot, y[last]));
		i = last + 1;
	}
	fputs("\"/>\n", plot->file);
}

void kg_plot_shares(struct kg_plot *plot, uint32_t run, const double *values, size_t count)
{
	double drawn = -1;

	if (!count)
		return;
	begin_path(plot, run);
	fprintf(plot->file, "M%.1f %.1f", x_of(plot, plot->x.low), y_of(plot, plot->y.low));
	for (size_t i = 0; i < count && values[i] <= plot->x.high; i++) {
		double x = x_of(plot, values[i]);

		if (i + 1 < count && x_of(plot, values[i + 1]) - x < 0.5 && x - drawn < 0.5)
			continue;	// a step with others, drawn with the last of them
		fprintf(plot->file, "H%.1fV%.1f", x, y_of(plot, (double)(i + 1) * plot->y.high / (double)count));
		drawn = x;
	}
	fprintf(plot->file, "H%.1f\"/>\n", x_of(plot, plot->x.high));
}

void kg_plot_mark(struct kg_plot *plot, uint32_t run, double x, double y, bool hollow, const char *name)
{
	fprintf(plot->file, "<g %s>", hollow ? "class=\"hollow\"" : "class=\"full\"");
	fputs("<circle ", plot->file);
	kg_plot_class(plot->file, run);
	fprintf(plot->file, " cx=\"%.1f\" cy=\"%.1f\" r=\"%d\"><title>", x_of(plot, x), y_of(plot, y), hollow ? 7 : 5);
	kg_html_text(plot->file, name);
	fputs("</title></circle></g>\n", plot->file);
}

/* ---- bars ---- */

static size_t known_in(const double *values, size_t count)
{
	size_t known = 0;

	for (size_t i = 0; i < count; i++)
		known += !isnan(values[i]);
	return known;
}

static void draw_group(const struct kg_bars *bars, size_t group, double high, double y)
{
	const double *values = bars->values + group * bars->runs;

	fprintf(bars->file, "<text class=\"left\" x=\"%d\" y=\"%.1f\">", NAMES - 8,
		y + (double)known_in(values, bars->runs) * BAR / 2 + 3);
	kg_html_text(bars->file, bars->groups[group]);
	fputs("</text>\n", bars->file);
	for (uint32_t run = 0; run < bars->runs; run++) {
		double width = values[run] > 0 ? fmax(1, values[run] / high * (WIDTH - NAMES - VALUES)) : 0;

		if (isnan(values[run]))
			continue;
		fputs("<rect ", bars->file);
		kg_plot_class(bars->file, run);
		fprintf(bars->file, " x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"%d\"/>", NAMES, y, width, BAR - 2);
		fprintf(bars->file, "<text x=\"%.1f\" y=\"%.1f\">%.*f %s</text>\n", NAMES + width + 6, y + BAR - 3,
			values[run] < 10 ? 3 : 1, values[run], bars->unit);
		y += BAR;
	}
}

void kg_bars_draw(const struct kg_bars *bars, const char *id, const char *title)
{
	size_t count = bars->groups_count * bars->runs;
	double height = (double)known_in(bars->values, count) * BAR + (double)bars->groups_count * GROUP_GAP;
	double high = 0, y = TOP;

	for (size_t i = 0; i < count; i++)
		high = fmax(high, bars->values[i]);	// of NAN and a number the number
	begin_picture(bars->file, id, title, TOP + height);
	for (size_t i = 0; i < bars->groups_count; i++) {
		draw_group(bars, i, high, y);
		y += (double)known_in(bars->values + i * bars->runs, bars->runs) * BAR + GROUP_GAP;
	}
	fputs("</svg>\n", bars->file);
}
