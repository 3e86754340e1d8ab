/* What codec-bench tells: the results of its processes put together, as a table or as lines of JSON. */
#pragma once

#include "bench/measure.h"

/* results: one for each process, KG_MEASURE_PROCESSES at the most. Returns the exit status: failure when anything was wrong. */
int kg_report_print(const struct kg_measure_task *task, const struct kg_measure_results *results, uint32_t processes, bool json);
