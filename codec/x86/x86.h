/* The variants for x86-64, for dsp.c only. Each file is compiled with the flags of the set in its name. */
#pragma once

#include "codec/dsp.h"

KG_TILE_UPDATE_FN(kg_tile_update_avx2);
KG_TILE_COMPARE_FN(kg_tile_compare_avx2);
KG_TILE_HASH_FN(kg_tile_hash_avx2);
KG_TILE_TEXTURE_FN(kg_tile_texture_avx2);
KG_ROW_ANCHORS_FN(kg_row_anchors_avx2);
KG_TILE_FLAT_FN(kg_tile_flat_avx2);
KG_PLANAR_SPLIT_FN(kg_planar_split_avx2);
KG_PLANAR_DELTA_FN(kg_planar_delta_avx2);

KG_PLANAR_ROW_FN(kg_planar_row_avx512);
KG_TILE_UPDATE_FN(kg_tile_update_avx512);
KG_TILE_COMPARE_FN(kg_tile_compare_avx512);
KG_TILE_HASH_FN(kg_tile_hash_avx512);
KG_TILE_TEXTURE_FN(kg_tile_texture_avx512);
KG_ROW_ANCHORS_FN(kg_row_anchors_avx512);

KG_RFX_LISTS_FN(kg_rfx_lists_symmetric_avx2);
KG_RFX_LISTS_FN(kg_rfx_lists_extrapolate_avx2);
KG_RFX_VALUES_FN(kg_rfx_values_symmetric_avx2);
KG_RFX_VALUES_FN(kg_rfx_values_extrapolate_avx2);
KG_RFX_PACK_FN(kg_rfx_pack_avx2);
KG_RFX_RLGR_FN(kg_rfx_rlgr1_avx2);
KG_RFX_RLGR_FN(kg_rfx_rlgr3_avx2);
KG_UPGRADE_SPLIT_FN(kg_upgrade_split_avx2);
KG_UPGRADE_SRL_FN(kg_upgrade_srl_avx2);
KG_RFX_LISTS_FN(kg_rfx_lists_symmetric_avx512);
KG_RFX_LISTS_FN(kg_rfx_lists_extrapolate_avx512);
KG_RFX_VALUES_FN(kg_rfx_values_symmetric_avx512);
KG_RFX_VALUES_FN(kg_rfx_values_extrapolate_avx512);
KG_RFX_PACK_FN(kg_rfx_pack_avx512);
KG_RFX_RLGR_FN(kg_rfx_rlgr1_avx512);
KG_RFX_RLGR_FN(kg_rfx_rlgr3_avx512);
KG_UPGRADE_SPLIT_FN(kg_upgrade_split_avx512);
KG_UPGRADE_SRL_FN(kg_upgrade_srl_avx512);
KG_CLEAR_CHANGES_FN(kg_clear_changes_avx2);
KG_CLEAR_COLUMNS_FN(kg_clear_columns_avx2);
KG_CLEAR_CHANGES_FN(kg_clear_changes_avx512);
KG_CLEAR_COLUMNS_FN(kg_clear_columns_avx512);
