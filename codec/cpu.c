/* The one place that asks what the processor can do. */
#include "codec/cpu.h"

enum kg_cpu kg_cpu_best(void)
{
#if HAVE_AVX2
	__builtin_cpu_init();	// looks at the operating system's support of the wide registers too
	if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("bmi2"))
		return KG_CPU_C;
#if HAVE_AVX512
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
	    __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") &&
	    __builtin_cpu_supports("avx512vnni"))
		return KG_CPU_AVX512;
#endif
	return KG_CPU_AVX2;
#elif HAVE_NEON
	return KG_CPU_NEON;
#else
	return KG_CPU_C;
#endif
}

const char *kg_cpu_name(enum kg_cpu cpu)
{
	switch (cpu) {
	case KG_CPU_C:
		return "c";
#if HAVE_NEON
	case KG_CPU_NEON:
		return "neon";
#else
	case KG_CPU_AVX2:
		return "avx2";
#endif
	case KG_CPU_AVX512:
		return "avx512";
	}
	return "?";
}
