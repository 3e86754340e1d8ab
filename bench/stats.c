/* Statistics of measured values. */
#include "bench/stats.h"

#include <math.h>

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double kg_median(double *values, size_t count)
{
	if (!count)
		return 0;
	qsort(values, count, sizeof(*values), by_value);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

int kg_samples_add(struct kg_samples *samples, double value)
{
	if (samples->count == samples->room) {
		size_t room = samples->room ? samples->room * 2 : 64, size;
		double *values = kg_mul_overflows(room, sizeof(*values), &size) ? NULL : realloc(samples->values, size);

		if (!values)
			return -ENOMEM;
		samples->values = values;
		samples->room = room;
	}
	samples->values[samples->count++] = value;
	samples->sorted = false;
	return 0;
}

void kg_samples_done(struct kg_samples *samples)
{
	free(samples->values);
	*samples = (struct kg_samples){ 0 };
}

double kg_samples_percentile(struct kg_samples *samples, double percent)
{
	double place, below;
	size_t i;

	if (!samples->count)
		return NAN;
	if (!samples->sorted)
		qsort(samples->values, samples->count, sizeof(*samples->values), by_value);
	samples->sorted = true;
	place = (double)(samples->count - 1) * percent / 100;
	below = floor(place);
	i = (size_t)below;
	if (i + 1 >= samples->count)
		return samples->values[samples->count - 1];
	return samples->values[i] + (samples->values[i + 1] - samples->values[i]) * (place - below);
}

double kg_samples_mean(const struct kg_samples *samples)
{
	double sum = 0;

	for (size_t i = 0; i < samples->count; i++)
		sum += samples->values[i];
	return samples->count ? sum / (double)samples->count : NAN;
}

double kg_samples_min(const struct kg_samples *samples)
{
	double min = NAN;

	for (size_t i = 0; i < samples->count; i++)
		min = fmin(min, samples->values[i]);
	return min;
}

double kg_samples_max(const struct kg_samples *samples)
{
	double max = NAN;

	for (size_t i = 0; i < samples->count; i++)
		max = fmax(max, samples->values[i]);
	return max;
}

void kg_histogram(const struct kg_samples *samples, double low, double width, uint64_t *ranges, size_t count)
{
	memset(ranges, 0, count * sizeof(*ranges));
	for (size_t i = 0; i < samples->count; i++) {
		double range = floor((samples->values[i] - low) / width);

		ranges[range < 0 ? 0 : (size_t)fmin(range, (double)(count - 1))]++;
	}
}

size_t kg_samples_above(const struct kg_samples *samples, double limit)
{
	size_t above = 0;

	for (size_t i = 0; i < samples->count; i++)
		above += samples->values[i] > limit;
	return above;
}
