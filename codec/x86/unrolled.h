/* Loops over registers. */
#pragma once

/* In front of a loop over an array of vectors: without it gcc -O2 keeps the array in memory. clang needs no telling. */
#if defined(__clang__)
#define UNROLLED
#else
#define UNROLLED _Pragma("GCC unroll 16")
#endif
