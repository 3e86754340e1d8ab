/*
 * What this folder offers: codecs over plain pixels. Pure: no global state, no clock, no allocation.
 * Fill one table at start, kg_dsp_init(&dsp, kg_cpu_best()), and pass it to every call; it is constant from then on and
 * may be shared by threads.
 */
#pragma once

#include "codec/classify.h"
#include "codec/damage.h"
#include "codec/clear.h"
#include "codec/dsp.h"
#include "codec/hash.h"
#include "codec/image.h"
#include "codec/motion.h"
#include "codec/planar.h"
#include "codec/progressive.h"
#include "codec/rfx-stream.h"
#include "codec/tile.h"
#include "codec/zgfx.h"
