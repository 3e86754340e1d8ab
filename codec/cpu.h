/* What the processor can do. Asked once, by whoever fills a kg_dsp; nothing else tests CPU features. */
#pragma once

/* Each level includes those before it. Those of another kind of processor are never asked for. */
enum kg_cpu {
	KG_CPU_C,	// what the compiler makes of the C functions
	KG_CPU_NEON = 1,	// 64-bit Arm, all of them
	KG_CPU_AVX2 = 1,	// with BMI1 and BMI2
	KG_CPU_AVX512,	// F, BW, DQ, VL, VBMI, VBMI2 and VNNI: Ice Lake, Zen 4 and later
};

/* The highest level that this processor and its operating system have and that this build knows. */
enum kg_cpu kg_cpu_best(void);

const char *kg_cpu_name(enum kg_cpu cpu);
