/* The versions of the graphics pipeline ([MS-RDPEGFX] 2.2.3) that both ends of a view know: one list, for reader and writer. */
#pragma once

#include "base/base.h"

#define KG_GFX_VERSION_8 0x00080004u
#define KG_GFX_VERSION_81 0x00080105u
#define KG_GFX_VERSION_10 0x000A0002u
#define KG_GFX_VERSION_101 0x000A0100u	// its capability set has 16 bytes without a meaning, all others have 4 with flags
#define KG_GFX_VERSION_102 0x000A0200u
#define KG_GFX_VERSION_103 0x000A0301u
#define KG_GFX_VERSION_104 0x000A0400u
#define KG_GFX_VERSION_105 0x000A0502u
#define KG_GFX_VERSION_106 0x000A0600u
#define KG_GFX_VERSION_106_MISTAKEN 0x000A0601u	// what some clients send instead
#define KG_GFX_VERSION_107 0x000A0701u

/* Of the flags that come with all but 10.1. */
#define KG_GFX_THIN_CLIENT 0x01u	// RemoteFX instead of progressive, and a small bitmap cache
#define KG_GFX_SMALL_CACHE 0x02u

static inline bool kg_gfx_version_is_known(uint32_t version)
{
	switch (version) {
	case KG_GFX_VERSION_8:
	case KG_GFX_VERSION_81:
	case KG_GFX_VERSION_10:
	case KG_GFX_VERSION_101:
	case KG_GFX_VERSION_102:
	case KG_GFX_VERSION_103:
	case KG_GFX_VERSION_104:
	case KG_GFX_VERSION_105:
	case KG_GFX_VERSION_106:
	case KG_GFX_VERSION_106_MISTAKEN:
	case KG_GFX_VERSION_107:
		return true;
	default:
		return false;
	}
}
