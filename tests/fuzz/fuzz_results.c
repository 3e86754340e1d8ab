/* Measurements in JSON: what kagami-bench report and compare read. What is taken is drawn. */
#include "tests/fuzz/fuzz.h"

#include "bench/page.h"
#include "bench/results.h"

#include <assert.h>
#include <math.h>

static void check(const struct kg_result *result)
{
	for (size_t i = 0; i < KG_FIGURES; i++)
		assert(isnan(result->figures[i]) || result->figures[i] >= kg_figure_kinds[i].least);
	for (size_t i = 0; i < result->latency.count; i++)
		assert(result->latency.x[i] >= 0 && result->latency.y[i] >= 0 &&
		       isfinite(result->latency.x[i] + result->latency.y[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char error[100] = "", name[] = "fuzz", *page = NULL;
	struct kg_result result;
	size_t page_size = 0;
	int r = kg_result_parse(&result, (const char *)bytes, size, error, sizeof(error));

	if (r < 0) {
		assert(error[0] && !strchr(error, '\n'));
	} else {
		FILE *file = open_memstream(&page, &page_size);

		check(&result);
		result.name = strdup(name);
		assert(file && result.name);
		assert(kg_page_write(file, &result, 1) == 0);
		assert(!fclose(file) && strstr(page, "</html>") && !strstr(page, "<script"));
		free(page);
	}
	kg_result_done(&result);
	return 0;
}
