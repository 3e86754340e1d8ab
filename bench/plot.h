/*
 * Plots for an HTML page, in SVG: lines, steps and marks over two axes, and bars. Colours and fonts are the page's:
 * what is drawn for run N has the class "run", with "cN" for its colour (0 to KG_PLOT_COLOURS - 1, then again) and
 * "again" from there on. Values are finite and not negative.
 */
#pragma once

#include "base/base.h"

#include <stdio.h>

#define KG_PLOT_COLOURS 8

struct kg_plot_axis {
	const char *title;
	double low, high;		// what it shows; high is above low
};

/* Round numbers at its ends: from 0, or, where that says more, from a number below low, to one above high. */
void kg_plot_axis_fit(struct kg_plot_axis *axis, const char *title, double low, double high);

struct kg_plot {
	FILE *file;
	struct kg_plot_axis x, y;
};

/* id: of the element; title: what it shows, in a sentence. */
void kg_plot_begin(struct kg_plot *plot, const char *id, const char *title);
void kg_plot_end(struct kg_plot *plot);

/* A line through points whose x do not fall. Many in a column of pixels are drawn from the lowest to the highest. */
void kg_plot_line(struct kg_plot *plot, uint32_t run, const double *x, const double *y, size_t count);

/* The share of values, sorted ones, that are not above x. */
void kg_plot_shares(struct kg_plot *plot, uint32_t run, const double *values, size_t count);

/* A dot with a name. hollow: a ring, in which a dot has room. */
void kg_plot_mark(struct kg_plot *plot, uint32_t run, double x, double y, bool hollow, const char *name);

/* Bars in groups, one for each run: values[group * runs + run], NAN where there is none. */
struct kg_bars {
	FILE *file;
	const char *unit;
	const char *const *groups;
	const double *values;
	size_t groups_count, runs;
};

void kg_bars_draw(const struct kg_bars *bars, const char *id, const char *title);

/* Text, also of an attribute: what has a meaning in HTML is escaped, what no document may have becomes U+FFFD. */
void kg_html_text(FILE *file, const char *text);

/* The classes of what is drawn for a run. */
void kg_plot_class(FILE *file, uint32_t run);
