/* The variants for 64-bit Arm, for dsp.c only. */
#pragma once

#include "codec/dsp.h"

KG_TILE_UPDATE_FN(kg_tile_update_neon);
KG_TILE_COMPARE_FN(kg_tile_compare_neon);
KG_TILE_FLAT_FN(kg_tile_flat_neon);
KG_PLANAR_SPLIT_FN(kg_planar_split_neon);
KG_PLANAR_DELTA_FN(kg_planar_delta_neon);
