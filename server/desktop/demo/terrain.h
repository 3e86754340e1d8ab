/*
 * Scene 1: a flight over mountains and lakes in the morning sun. A GLES 3 context must be current; the picture is drawn
 * upside down, see egl.h, and is the same whenever frame, look and size are.
 */
#pragma once

#include "base/base.h"

struct kg_look;
struct kg_terrain;

int kg_terrain_new(struct kg_terrain **ret);
void kg_terrain_free(struct kg_terrain *terrain);	// NULL is fine
void kg_terrain_draw(struct kg_terrain *terrain, uint64_t frame, const struct kg_look *look, uint32_t width,
		     uint32_t height);
