/* The flight: a meandering course that never ends, at a height that follows the land far ahead, banking into its turns. */
#include "server/desktop/demo/camera.h"

#include "server/desktop/demo/land.h"
#include "server/desktop/demo/noise.h"

#include <math.h>

#define FRAMES_PER_SECOND 60
#define CLEARANCE_M 34
#define NEAR_M 2.0f
#define FAR_M 6000.0f
#define COURSE_X 31.0		// metres a second; the two have no common measure, so that the course fills the square
#define COURSE_Z 19.1

struct place {
	double x, z;
};

static struct place course(double t)		// t in seconds
{
	return (struct place){
		2050 + COURSE_X * t + 210 * sin(t * 0.061) + 45 * sin(t * 0.173 + 1),
		1330 + COURSE_Z * t + 260 * cos(t * 0.053) + 40 * sin(t * 0.149),
	};
}

static float wrapped(double v)			// into the first square
{
	v = fmod(v, KG_LAND_SIZE_M);
	return (float)(v < 0 ? v + KG_LAND_SIZE_M : v);
}

/* Averaged over some seconds before and after, so that the flight climbs ahead of a mountain and never jolts. */
static float flight_height(const struct kg_land *land, double t)
{
	float sum = 0, weights = 0;

	for (int k = -6; k <= 8; k++) {
		struct place p = course(t + k * 0.7);
		float distance = (float)(k - 1) / 8, weight = 1 - distance * distance;

		sum += weight * kg_land_ceiling(land, wrapped(p.x), wrapped(p.z));
		weights += weight;
	}
	return sum / weights * 0.86f + CLEARANCE_M;
}

static void rotate(float a[3], float b[3], float angle)	// turns a towards b
{
	float c = cosf(angle), s = sinf(angle);

	for (int i = 0; i < 3; i++) {
		float before = a[i];

		a[i] = c * before + s * b[i];
		b[i] = c * b[i] - s * before;
	}
}

static void set_axes(struct kg_camera *camera, float yaw, float pitch, float roll)
{
	memcpy(camera->right, (float[]){ cosf(yaw), 0, sinf(yaw) }, sizeof(camera->right));
	memcpy(camera->up, (float[]){ 0, 1, 0 }, sizeof(camera->up));
	memcpy(camera->forward, (float[]){ sinf(yaw), 0, -cosf(yaw) }, sizeof(camera->forward));
	rotate(camera->forward, camera->up, pitch);
	rotate(camera->right, camera->up, roll);
}

static void set_matrix(struct kg_camera *camera)
{
	const float a = (FAR_M + NEAR_M) / (FAR_M - NEAR_M), b = -2 * FAR_M * NEAR_M / (FAR_M - NEAR_M);

	for (int i = 0; i < 3; i++) {
		camera->matrix[i * 4 + 0] = camera->right[i] / camera->tan_x;
		camera->matrix[i * 4 + 1] = -camera->up[i] / camera->tan_y;
		camera->matrix[i * 4 + 2] = camera->forward[i] * a;
		camera->matrix[i * 4 + 3] = camera->forward[i];
	}
	memcpy(camera->matrix + 12, (float[]){ 0, 0, b, 0 }, 4 * sizeof(float));
}

void kg_camera_at(struct kg_camera *ret, const struct kg_land *land, uint64_t frame, const struct kg_look *look,
		  float aspect)
{
	const double t = (double)frame / FRAMES_PER_SECOND;
	struct place here = course(t), ahead = course(t + 1.2), later = course(t + 2.4);
	float yaw = (float)atan2(ahead.x - here.x, here.z - ahead.z);
	float turn = (float)atan2(later.x - ahead.x, ahead.z - later.z) - yaw;
	float height = flight_height(land, t);
	float climb = atan2f(flight_height(land, t + 1.2) - height, (float)hypot(ahead.x - here.x, ahead.z - here.z));

	turn = remainderf(turn, 2 * (float)M_PI);
	ret->x = wrapped(here.x);
	ret->z = wrapped(here.z);
	ret->y = KG_MAX(height, kg_land_height(land, ret->x, ret->z) + 12);
	set_axes(ret, yaw + look->yaw, kg_clamp(climb * 0.6f - 0.13f + look->pitch, -1.5f, 1.5f), -turn * 0.9f);
	ret->tan_y = tanf(0.52f) * exp2f(-look->zoom);
	ret->tan_x = ret->tan_y * aspect;
	set_matrix(ret);
}

bool kg_camera_sees(const struct kg_camera *camera, const float centre[3], const float half[3])
{
	float tangents[] = { camera->tan_x, camera->tan_y };
	const float *axes[] = { camera->right, camera->up };

	/* The box is outside when it lies wholly beyond one of the four sides of the view. */
	for (int side = 0; side < 4; side++) {
		float sign = side & 1 ? -1 : 1, distance = 0, reach = 0;

		for (int i = 0; i < 3; i++) {
			float normal = tangents[side / 2] * camera->forward[i] + sign * axes[side / 2][i];

			distance += normal * centre[i];
			reach += fabsf(normal) * half[i];
		}
		if (distance + reach < 0)
			return false;
	}
	return true;
}
