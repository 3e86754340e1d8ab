/* The C twins that have files of their own, for dsp.c only. */
#pragma once

#include "codec/dsp.h"

KG_RFX_LISTS_FN(kg_rfx_lists_symmetric_c);
KG_RFX_LISTS_FN(kg_rfx_lists_extrapolate_c);
KG_RFX_VALUES_FN(kg_rfx_values_symmetric_c);
KG_RFX_VALUES_FN(kg_rfx_values_extrapolate_c);
KG_RFX_RLGR_FN(kg_rfx_rlgr1_c);
KG_RFX_RLGR_FN(kg_rfx_rlgr3_c);
