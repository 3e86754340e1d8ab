/* For those who make pictures. Each returns 0 or -ENOMEM; what the frame number does is said in pictures.c. */
#pragma once

#include "bench/workload/canvas.h"

int kg_picture_text(struct kg_canvas *canvas, uint32_t seed, uint32_t frame);
int kg_picture_scroll(struct kg_canvas *canvas, uint32_t seed, uint32_t frame);
int kg_picture_typing(struct kg_canvas *canvas, uint32_t seed, uint32_t frame);
int kg_picture_drag(struct kg_canvas *canvas, uint32_t seed, uint32_t frame);
int kg_picture_terrain(struct kg_canvas *canvas, uint32_t seed, uint32_t frame);
int kg_picture_dark(struct kg_canvas *canvas, uint32_t seed, uint32_t frame);
int kg_picture_photo(struct kg_canvas *canvas, uint32_t seed, uint32_t frame);
