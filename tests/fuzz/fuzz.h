/* What every fuzz target defines: one run over size bytes. It must not keep state from run to run. Returns 0. */
#pragma once

#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
