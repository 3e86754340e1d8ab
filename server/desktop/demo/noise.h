/* Smooth noise that repeats: the same numbers on every run. Pure. */
#pragma once

#include "base/base.h"

/* Gradient noise, about -0.7 to 0.7, that repeats every period (> 0) in both directions. */
float kg_noise(float x, float y, uint32_t period, uint32_t seed);

/* Octaves of it, each twice as fine and half as strong; of ridged ones, 0 to about 1. */
float kg_noise_sum(float x, float y, uint32_t period, uint32_t seed, unsigned octaves);
float kg_noise_ridges(float x, float y, uint32_t period, uint32_t seed, unsigned octaves);

uint32_t kg_noise_hash(uint32_t x, uint32_t y, uint32_t seed);

static inline float kg_clamp(float v, float low, float high)
{
	return v < low ? low : v > high ? high : v;
}

static inline float kg_mix(float a, float b, float t)
{
	return a + (b - a) * t;
}

static inline float kg_smooth(float low, float high, float v)	// 0 below low, 1 above high
{
	float t = kg_clamp((v - low) / (high - low), 0, 1);

	return t * t * (3 - 2 * t);
}
