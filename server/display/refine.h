/*
 * When a tile that the client has only nearly is sent exactly: once it stood still for a while. Only while there are such
 * tiles is there a time to wake up at; an idle screen has none. Virtual time. Pure.
 */
#pragma once

#include "server/display/mirror.h"

#define KG_REFINE_AFTER_MS 500
#define KG_REFINE_NEVER UINT64_MAX

/* In one frame, so that what changes meanwhile waits for a megabyte at the most. */
#define KG_REFINE_TILES_MAX 96

/* When the first lossy tile is due, perhaps in the past; KG_REFINE_NEVER: there is none. */
uint64_t kg_refine_due(const struct kg_mirror *mirror);

/* Sets due[] (columns * rows) of those that are, KG_REFINE_TILES_MAX at the most. Returns how many. */
uint32_t kg_refine_mark(const struct kg_mirror *mirror, uint64_t now_ms, uint8_t *due);
