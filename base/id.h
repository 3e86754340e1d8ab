/* 128-bit ids: random for sessions, UUIDs for desktops. They are unique over hosts. */
#pragma once

#include "base/base.h"

struct kg_id {
	uint8_t bytes[16];
};

#define KG_ID_TEXT_SIZE 37	// 8-4-4-4-12 hexadecimal digits and the end

int kg_id_random(struct kg_id *ret);			// a random UUID (version 4)
void kg_id_format(const struct kg_id *id, char text[KG_ID_TEXT_SIZE]);
bool kg_id_parse(const char *text, struct kg_id *ret);
bool kg_id_equal(const struct kg_id *a, const struct kg_id *b);
