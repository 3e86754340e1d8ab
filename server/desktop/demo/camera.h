/* The flight: where the camera is at a frame, and what the viewer made of it with the mouse. Pure. */
#pragma once

#include "base/base.h"

struct kg_land;

/* What the viewer chose. Zero is straight ahead at zoom 1. */
struct kg_look {
	float yaw, pitch;		// radians to the right and up
	float zoom;			// 2 to the power of it
};

struct kg_camera {
	float x, y, z;			// metres; x and z within the land's first square
	float right[3], up[3], forward[3];
	float tan_x, tan_y;		// half the picture at distance 1
	float matrix[16];		// from metres around the camera to clip space, by columns; upside down, see egl.h
};

/* aspect: width / height of the picture. */
void kg_camera_at(struct kg_camera *ret, const struct kg_land *land, uint64_t frame, const struct kg_look *look,
		  float aspect);

/* Whether a box around a point (metres from the camera) can be seen. */
bool kg_camera_sees(const struct kg_camera *camera, const float centre[3], const float half[3]);
