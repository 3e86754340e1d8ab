/* Statistics of measured values: percentiles and histograms. Pure. */
#pragma once

#include "base/base.h"

double kg_median(double *values, size_t count);		// sorts them; 0 for none

/* A list of values that grows. Zeroed it is empty. */
struct kg_samples {
	double *values;
	size_t count, room;
	bool sorted;
};

int kg_samples_add(struct kg_samples *samples, double value);	// 0 or -ENOMEM
void kg_samples_done(struct kg_samples *samples);

/*
 * The value below which percent (0 to 100) of all lie, interpolated between the two neighbours: of n sorted values the
 * one at (n - 1) * percent / 100, counted from 0. NAN for none. Sorts the list.
 */
double kg_samples_percentile(struct kg_samples *samples, double percent);
double kg_samples_mean(const struct kg_samples *samples);	// NAN for none
double kg_samples_min(const struct kg_samples *samples);	// NAN for none
double kg_samples_max(const struct kg_samples *samples);	// NAN for none

/* How many values lie in each of count ranges of equal width from low on; the last takes all that is above it too. */
void kg_histogram(const struct kg_samples *samples, double low, double width, uint64_t *ranges, size_t count);

size_t kg_samples_above(const struct kg_samples *samples, double limit);	// how many are
