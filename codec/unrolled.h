/* What compilers are told of inner functions: what is part of its caller, and which loops are over registers. */
#pragma once

#define INLINE static inline __attribute__((always_inline))

/* In front of a loop over an array of vectors: without it gcc -O2 keeps the array in memory. clang needs no telling. */
#if defined(__clang__)
#define UNROLLED
#else
#define UNROLLED _Pragma("GCC unroll 16")
#endif

/* The same where the body is so long that clang needs telling too. The count must be a constant. */
#if defined(__clang__)
#define UNROLLED_LONG _Pragma("clang loop unroll(full)")
#else
#define UNROLLED_LONG UNROLLED
#endif
