/*
 * Letters of 17 pixels as screens show them: of varying width, with smooth edges, grey or each third of a pixel by itself
 * (red left). Made once from the demo's characters of 8 x 16 dots.
 */
#pragma once

#include "bench/workload/canvas.h"

#define KG_LETTER_HEIGHT 22		// pixels: one line
#define KG_LETTER_WIDTH_MAX 14

enum kg_letter_face { KG_LETTER_PLAIN, KG_LETTER_BOLD, KG_LETTER_FACES };

struct kg_letters;

int kg_letters_new(struct kg_letters **ret, bool thirds);	// false: grey
void kg_letters_free(struct kg_letters *letters);	// NULL is fine

/* Draws one letter with its top left corner at x, y; returns by how much the next one lies further right. */
int32_t kg_letters_put(const struct kg_letters *letters, const struct kg_canvas *canvas, int32_t x, int32_t y,
		       enum kg_letter_face face, uint32_t colour, char c);
int32_t kg_letters_string(const struct kg_letters *letters, const struct kg_canvas *canvas, int32_t x, int32_t y,
			  enum kg_letter_face face, uint32_t colour, const char *string);	// where it ends
