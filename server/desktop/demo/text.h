/*
 * Flat pictures on whole pixels: rectangles and characters in the order they were added, positions in pixels from the top
 * left. Collected in memory and drawn with one call. A GLES 3 context must be current.
 */
#pragma once

#include "base/base.h"
#include "base/font.h"

struct kg_text;

int kg_text_new(struct kg_text **ret);
void kg_text_free(struct kg_text *text);		// NULL is fine

void kg_text_begin(struct kg_text *text, uint32_t width, uint32_t height);	// of the picture

/* colour is 0xAARRGGBB; opaque ones only for fill, which lies under all that is added and costs next to nothing. */
void kg_text_fill(struct kg_text *text, int32_t x, int32_t y, int32_t width, int32_t height, uint32_t colour);
void kg_text_rectangle(struct kg_text *text, int32_t x, int32_t y, int32_t width, int32_t height, uint32_t colour);
void kg_text_shade(struct kg_text *text, int32_t x, int32_t y, int32_t width, int32_t height, uint32_t top,
		   uint32_t bottom);	// from one colour to another
void kg_text_string(struct kg_text *text, int32_t x, int32_t y, uint32_t scale, enum kg_font_face face, uint32_t colour,
		    const char *string);
void kg_text_span(struct kg_text *text, int32_t x, int32_t y, uint32_t scale, enum kg_font_face face, uint32_t colour,
		  const char *characters, size_t count);

/* Draws what was added. Running out of memory leaves out what was added last. */
void kg_text_draw(struct kg_text *text);
