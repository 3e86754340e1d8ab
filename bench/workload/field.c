/* Fractal noise: octaves of a lattice between whose corners the values go over smoothly. */
#include "bench/workload/field.h"

#include "bench/workload/canvas.h"

#define FIELD_BITS_MAX 12

/* Goes over from 0 to 256 smoothly, as at goes from 0 to 1 << cell. */
static int32_t smooth(uint32_t at, uint32_t cell)
{
	int32_t t = (int32_t)(at << 8 >> cell);

	return t * t * (768 - 2 * t) >> 16;
}

/* Adds one octave of lattice noise, cells of 1 << cell values, between whose corners the values go over smoothly. */
static void add_octave(int32_t *sums, uint32_t bits, uint32_t cell, int32_t strength, uint32_t seed)
{
	uint32_t side = 1u << bits, corners = side >> cell, inside = (1u << cell) - 1;
	int32_t between[(1 << FIELD_BITS_MAX) + 1];	// the corners' columns in this row, times 256

	for (uint32_t y = 0; y < side; y++) {
		uint32_t y0 = y >> cell, y1 = (y0 + 1) & (corners - 1);
		int32_t weight = smooth(y & inside, cell), *row = sums + ((size_t)y << bits);

		for (uint32_t i = 0; i < corners; i++)
			between[i] = (int32_t)(kg_hash(seed, i, y0) & 255) * (256 - weight) +
				     (weight ? (int32_t)(kg_hash(seed, i, y1) & 255) * weight : 0);
		between[corners] = between[0];
		for (uint32_t x = 0; x < side; x++) {
			int32_t across = smooth(x & inside, cell), *at = between + (x >> cell);

			row[x] += (((at[0] * (256 - across) + at[1] * across) >> 16) - 128) * strength;
		}
	}
}

/* The mean becomes 0, the standard deviation 256, and what is further off than 31 deviations is cut. */
static void normalize(int16_t *values, const int32_t *sums, size_t count)
{
	int64_t mean = 0;
	uint64_t squares = 0, deviation;

	for (size_t i = 0; i < count; i++)
		mean += sums[i];
	mean /= (int64_t)count;
	for (size_t i = 0; i < count; i++)
		squares += (uint64_t)((sums[i] - mean) * (sums[i] - mean));
	deviation = KG_MAX(kg_root(squares / count), 1u);
	for (size_t i = 0; i < count; i++) {
		int64_t value = (sums[i] - mean) * 256 / (int64_t)deviation;

		values[i] = (int16_t)KG_MAX(KG_MIN(value, 8191), -8191);
	}
}

int kg_field_init(struct kg_field *field, uint32_t bits, uint32_t gain, uint32_t seed)
{
	size_t count = (size_t)1 << (2 * bits);
	int32_t *sums = calloc(count, sizeof(*sums));
	uint32_t strength = 1 << 10;	// of the strongest octave: the squares of all sums fit in 64 bits

	field->bits = bits;
	field->values = calloc(count, sizeof(*field->values));
	if (!sums || !field->values) {
		free(sums);
		kg_field_done(field);
		return -ENOMEM;
	}
	/* Gains above 256 begin at the finest octave, so that the strongest is always the first. */
	for (uint32_t octave = 0; octave < bits && strength; octave++) {
		uint32_t cell = gain > 256 ? octave : bits - 1 - octave;

		add_octave(sums, bits, cell, (int32_t)strength, seed + cell * 0x632bu);
		strength = gain > 256 ? strength * 256 / gain : strength * gain / 256;
	}
	normalize(field->values, sums, count);
	free(sums);
	return 0;
}

void kg_field_done(struct kg_field *field)
{
	free(field->values);
	field->values = NULL;
}
