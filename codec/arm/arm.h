/* The variants for 64-bit Arm, for dsp.c only. */
#pragma once

#include "codec/dsp.h"

KG_TILE_UPDATE_FN(kg_tile_update_neon);
KG_TILE_COMPARE_FN(kg_tile_compare_neon);
KG_TILE_FLAT_FN(kg_tile_flat_neon);
KG_PLANAR_SPLIT_FN(kg_planar_split_neon);
KG_PLANAR_DELTA_FN(kg_planar_delta_neon);

KG_CLEAR_CHANGES_FN(kg_clear_changes_neon);
KG_CLEAR_COLUMNS_FN(kg_clear_columns_neon);

KG_TILE_HASH_FN(kg_tile_hash_neon);
KG_TILE_TEXTURE_FN(kg_tile_texture_neon);
KG_ROW_ANCHORS_FN(kg_row_anchors_neon);

KG_RFX_LISTS_FN(kg_rfx_lists_symmetric_neon);
KG_RFX_LISTS_FN(kg_rfx_lists_extrapolate_neon);
KG_RFX_VALUES_FN(kg_rfx_values_symmetric_neon);
KG_RFX_VALUES_FN(kg_rfx_values_extrapolate_neon);
KG_RFX_PACK_FN(kg_rfx_pack_neon);
KG_RFX_RLGR_FN(kg_rfx_rlgr1_neon);
KG_RFX_RLGR_FN(kg_rfx_rlgr3_neon);
KG_UPGRADE_SRL_FN(kg_upgrade_srl_neon);
