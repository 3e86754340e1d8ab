/* The C twins (NAME_c.c), for dsp.c and for what variants leave over. */
#pragma once

#include "codec/dsp.h"

KG_RFX_LISTS_FN(kg_rfx_lists_symmetric_c);
KG_RFX_LISTS_FN(kg_rfx_lists_extrapolate_c);
KG_RFX_VALUES_FN(kg_rfx_values_symmetric_c);
KG_RFX_VALUES_FN(kg_rfx_values_extrapolate_c);
KG_RFX_PACK_FN(kg_rfx_pack_c);
KG_RFX_RLGR_FN(kg_rfx_rlgr1_c);
KG_RFX_RLGR_FN(kg_rfx_rlgr3_c);
KG_UPGRADE_SPLIT_FN(kg_upgrade_split_c);
KG_UPGRADE_SRL_FN(kg_upgrade_srl_c);

KG_TILE_UPDATE_FN(kg_tile_update_c);
KG_TILE_COMPARE_FN(kg_tile_compare_c);
KG_TILE_HASH_FN(kg_tile_hash_c);
KG_TILE_TEXTURE_FN(kg_tile_texture_c);
KG_ROW_ANCHORS_FN(kg_row_anchors_c);
KG_CLEAR_CHANGES_FN(kg_clear_changes_c);
KG_CLEAR_COLUMNS_FN(kg_clear_columns_c);
KG_TILE_FLAT_FN(kg_tile_flat_c);
KG_PLANAR_SPLIT_FN(kg_planar_split_c);
KG_PLANAR_DELTA_FN(kg_planar_delta_c);
KG_PLANAR_ROW_FN(kg_planar_row_c);
