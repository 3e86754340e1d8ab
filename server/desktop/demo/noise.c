/* Smooth noise that repeats: gradients at the points of a lattice (Perlin), whose numbers come from a hash. */
#include "server/desktop/demo/noise.h"

#include <math.h>

uint32_t kg_noise_hash(uint32_t x, uint32_t y, uint32_t seed)
{
	uint32_t h = x * 0x9e3779b1u ^ y * 0x85ebca77u ^ seed * 0xc2b2ae3du;

	h ^= h >> 15;
	h *= 0x2c1b3c6du;
	h ^= h >> 12;
	h *= 0x297a2d39u;
	return h ^ h >> 15;
}

/* One of 16 directions times the way from a lattice point. */
static float slope(uint32_t hash, float x, float y)
{
	static const float directions[16][2] = {
		{ 1.f, 0.f }, { .924f, .383f }, { .707f, .707f }, { .383f, .924f }, { 0.f, 1.f }, { -.383f, .924f },
		{ -.707f, .707f }, { -.924f, .383f }, { -1.f, 0.f }, { -.924f, -.383f }, { -.707f, -.707f },
		{ -.383f, -.924f }, { 0.f, -1.f }, { .383f, -.924f }, { .707f, -.707f }, { .924f, -.383f },
	};
	const float *d = directions[hash >> 28];

	return d[0] * x + d[1] * y;
}

static uint32_t wrap(int32_t v, int32_t period)	// a step or none: callers stay near the first square
{
	while (v < 0)
		v += period;
	while (v >= period)
		v -= period;
	return (uint32_t)v;
}

static float floor_of(float v)
{
	float whole = (float)(int32_t)v;

	return whole > v ? whole - 1 : whole;
}

float kg_noise(float x, float y, uint32_t period, uint32_t seed)
{
	float floor_x = floor_of(x), floor_y = floor_of(y);
	float u = x - floor_x, v = y - floor_y;
	uint32_t x0 = wrap((int32_t)floor_x, (int32_t)period), y0 = wrap((int32_t)floor_y, (int32_t)period);
	uint32_t x1 = x0 + 1 == period ? 0 : x0 + 1, y1 = y0 + 1 == period ? 0 : y0 + 1;
	float fade_u = u * u * u * (u * (u * 6 - 15) + 10), fade_v = v * v * v * (v * (v * 6 - 15) + 10);
	float a = slope(kg_noise_hash(x0, y0, seed), u, v), b = slope(kg_noise_hash(x1, y0, seed), u - 1, v);
	float c = slope(kg_noise_hash(x0, y1, seed), u, v - 1), d = slope(kg_noise_hash(x1, y1, seed), u - 1, v - 1);

	return kg_mix(kg_mix(a, b, fade_u), kg_mix(c, d, fade_u), fade_v);
}

float kg_noise_sum(float x, float y, uint32_t period, uint32_t seed, unsigned octaves)
{
	float sum = 0, strength = 1;

	for (unsigned i = 0; i < octaves; i++, strength *= 0.5f) {
		sum += strength * kg_noise(x, y, period, seed + i);
		x *= 2;
		y *= 2;
		period *= 2;
	}
	return sum;
}

/* Each octave is strong where the one before was high: valleys stay smooth, crests get rough. */
float kg_noise_ridges(float x, float y, uint32_t period, uint32_t seed, unsigned octaves)
{
	float sum = 0, strength = 0.5f, before = 1;

	for (unsigned i = 0; i < octaves; i++, strength *= 0.5f) {
		float ridge = 1 - fabsf(kg_noise(x, y, period, seed + i)) * 1.7f;

		ridge = ridge * fabsf(ridge);
		sum += strength * ridge * before;
		before = kg_clamp(ridge, 0, 1);
		x *= 2;
		y *= 2;
		period *= 2;
	}
	return sum;
}
