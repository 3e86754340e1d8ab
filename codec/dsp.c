/* The table chooses between C twins and variants. */
#include "codec/dsp.h"

#include "codec/c.h"
#include "codec/arm/arm.h"
#include "codec/x86/x86.h"

void kg_dsp_init(struct kg_dsp *dsp, enum kg_cpu cpu)
{
	*dsp = (struct kg_dsp){
		.tile_update = kg_tile_update_c,
		.tile_compare = kg_tile_compare_c,
		.tile_hash = kg_tile_hash_c,
		.tile_texture = kg_tile_texture_c,
		.row_anchors = kg_row_anchors_c,
		.tile_flat = kg_tile_flat_c,
		.planar_split = kg_planar_split_c,
		.planar_delta = kg_planar_delta_c,
		.planar_row = kg_planar_row_c,
		.rfx_lists = { kg_rfx_lists_symmetric_c, kg_rfx_lists_extrapolate_c },
		.rfx_values = { kg_rfx_values_symmetric_c, kg_rfx_values_extrapolate_c },
		.rfx_pack = kg_rfx_pack_c,
		.rfx_rlgr = { kg_rfx_rlgr1_c, kg_rfx_rlgr3_c },
		.upgrade_split = kg_upgrade_split_c,
		.upgrade_srl = kg_upgrade_srl_c,
		.clear_changes = kg_clear_changes_c,
		.clear_columns = kg_clear_columns_c,
	};
#if HAVE_AVX2
	if (cpu >= KG_CPU_AVX2) {
		dsp->tile_update = kg_tile_update_avx2;
		dsp->tile_compare = kg_tile_compare_avx2;
		dsp->tile_hash = kg_tile_hash_avx2;
		dsp->tile_texture = kg_tile_texture_avx2;
		dsp->row_anchors = kg_row_anchors_avx2;
		dsp->tile_flat = kg_tile_flat_avx2;
		dsp->planar_split = kg_planar_split_avx2;
		dsp->planar_delta = kg_planar_delta_avx2;
		dsp->rfx_lists[KG_RFX_SYMMETRIC] = kg_rfx_lists_symmetric_avx2;
		dsp->rfx_lists[KG_RFX_EXTRAPOLATE] = kg_rfx_lists_extrapolate_avx2;
		dsp->rfx_values[KG_RFX_SYMMETRIC] = kg_rfx_values_symmetric_avx2;
		dsp->rfx_values[KG_RFX_EXTRAPOLATE] = kg_rfx_values_extrapolate_avx2;
		dsp->rfx_pack = kg_rfx_pack_avx2;
		dsp->rfx_rlgr[KG_RFX_RLGR1] = kg_rfx_rlgr1_avx2;
		dsp->rfx_rlgr[KG_RFX_RLGR3] = kg_rfx_rlgr3_avx2;
		dsp->upgrade_split = kg_upgrade_split_avx2;
		dsp->upgrade_srl = kg_upgrade_srl_avx2;
		dsp->clear_changes = kg_clear_changes_avx2;
		dsp->clear_columns = kg_clear_columns_avx2;
	}
#endif
#if HAVE_AVX512
	if (cpu >= KG_CPU_AVX512) {
		dsp->planar_row = kg_planar_row_avx512;
		dsp->tile_update = kg_tile_update_avx512;
		dsp->tile_compare = kg_tile_compare_avx512;
		dsp->tile_hash = kg_tile_hash_avx512;
		dsp->tile_texture = kg_tile_texture_avx512;
		dsp->row_anchors = kg_row_anchors_avx512;
		dsp->rfx_lists[KG_RFX_SYMMETRIC] = kg_rfx_lists_symmetric_avx512;
		dsp->rfx_lists[KG_RFX_EXTRAPOLATE] = kg_rfx_lists_extrapolate_avx512;
		dsp->rfx_values[KG_RFX_SYMMETRIC] = kg_rfx_values_symmetric_avx512;
		dsp->rfx_values[KG_RFX_EXTRAPOLATE] = kg_rfx_values_extrapolate_avx512;
		dsp->rfx_pack = kg_rfx_pack_avx512;
		dsp->rfx_rlgr[KG_RFX_RLGR1] = kg_rfx_rlgr1_avx512;
		dsp->rfx_rlgr[KG_RFX_RLGR3] = kg_rfx_rlgr3_avx512;
		dsp->upgrade_split = kg_upgrade_split_avx512;
		dsp->upgrade_srl = kg_upgrade_srl_avx512;
		dsp->clear_changes = kg_clear_changes_avx512;
		dsp->clear_columns = kg_clear_columns_avx512;
	}
#endif
#if HAVE_NEON
	if (cpu >= KG_CPU_NEON) {
		dsp->tile_update = kg_tile_update_neon;
		dsp->tile_compare = kg_tile_compare_neon;
		dsp->tile_flat = kg_tile_flat_neon;
		dsp->planar_split = kg_planar_split_neon;
		dsp->planar_delta = kg_planar_delta_neon;
		dsp->clear_changes = kg_clear_changes_neon;
		dsp->clear_columns = kg_clear_columns_neon;
		dsp->tile_hash = kg_tile_hash_neon;
		dsp->tile_texture = kg_tile_texture_neon;
		dsp->row_anchors = kg_row_anchors_neon;
		dsp->rfx_lists[KG_RFX_SYMMETRIC] = kg_rfx_lists_symmetric_neon;
		dsp->rfx_lists[KG_RFX_EXTRAPOLATE] = kg_rfx_lists_extrapolate_neon;
		dsp->rfx_values[KG_RFX_SYMMETRIC] = kg_rfx_values_symmetric_neon;
		dsp->rfx_values[KG_RFX_EXTRAPOLATE] = kg_rfx_values_extrapolate_neon;
		dsp->rfx_pack = kg_rfx_pack_neon;
		dsp->rfx_rlgr[KG_RFX_RLGR1] = kg_rfx_rlgr1_neon;
		dsp->rfx_rlgr[KG_RFX_RLGR3] = kg_rfx_rlgr3_neon;
		dsp->upgrade_srl = kg_upgrade_srl_neon;
	}
#endif
}
