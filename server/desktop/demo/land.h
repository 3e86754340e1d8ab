/*
 * The land the demo flies over: a square of heights that repeats in both directions, with its light, shadows and colours
 * computed once. The same on every run; pure apart from the memory.
 */
#pragma once

#include "base/base.h"

#define KG_LAND_CELLS 512		// a power of two
#define KG_LAND_CELL_M 8
#define KG_LAND_SIZE_M (KG_LAND_CELLS * KG_LAND_CELL_M)
#define KG_LAND_COLOURS 1024		// texels of the colour map in each direction
#define KG_LAND_DETAIL 256
#define KG_LAND_CLOUDS 512
#define KG_LAND_BLOCKS 64		// of 8 x 8 cells each, for bounds and the flight's height

/* Towards the sun. The light is baked: it never moves. */
#define KG_LAND_SUN_X 0.86f
#define KG_LAND_SUN_Y 0.34f
#define KG_LAND_SUN_Z -0.38f

struct kg_land_tree {
	float x, y, z;			// foot, metres
	float size;			// height, metres
	uint8_t colour[4];
};

struct kg_land {
	float *heights;			// KG_LAND_CELLS squared, metres; the water's surface is 0
	uint8_t *colours;		// KG_LAND_COLOURS squared, RGBA: lit ground
	uint8_t *detail;		// KG_LAND_DETAIL squared, RGBA: lit grain, slopes in x and z
	uint8_t *clouds;		// KG_LAND_CLOUDS squared: how thick
	float lowest[KG_LAND_BLOCKS][KG_LAND_BLOCKS];
	float highest[KG_LAND_BLOCKS][KG_LAND_BLOCKS];
	float ceiling[KG_LAND_BLOCKS][KG_LAND_BLOCKS];	// what a flight keeps above
	struct kg_land_tree *trees;	// by block of 32 x 32 cells
	uint32_t tree_total;
	uint32_t tree_first[KG_LAND_CELLS / 32][KG_LAND_CELLS / 32];
	uint32_t tree_count[KG_LAND_CELLS / 32][KG_LAND_CELLS / 32];
};

int kg_land_new(struct kg_land **ret);
void kg_land_free(struct kg_land *land);		// NULL is fine

float kg_land_height(const struct kg_land *land, float x, float z);	// of the ground, between the cells too
float kg_land_ceiling(const struct kg_land *land, float x, float z);	// smooth
