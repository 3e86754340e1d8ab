/* kagami-bench report: its command line. */
#include "bench/bench.h"
#include "bench/page.h"

#include <stdio.h>

static const char usage[] =
	"Usage: kagami-bench report OUT.html A.json [B.json]...\n"
	"Draws what kagami-bench run --json wrote: one page that needs nothing from outside. OUT - is standard\n"
	"output.\n"
	"\n"
	"  --help\n";

static bool ends_in(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && !strcmp(text + length - end_length, end);
}

static int write_page(const char *path, const struct kg_result *results, size_t count)
{
	bool standard = !strcmp(path, "-"), right;
	FILE *file = standard ? stdout : fopen(path, "we");
	int r;

	if (!file) {
		fprintf(stderr, "kagami-bench: cannot write %s: %s\n", path, strerror(errno));
		return -EIO;
	}
	r = kg_page_write(file, results, count);
	right = !ferror(file) && !fflush(file);
	if (!standard)
		right = !fclose(file) && right;
	if (right && r >= 0)
		return 0;
	fprintf(stderr, "kagami-bench: cannot write %s%s\n", path, r < 0 ? ": no memory is left" : "");
	return -EIO;
}

int kg_bench_report(int argc, char **argv)
{
	struct kg_result results[KG_PAGE_RESULTS_MAX] = { 0 };
	size_t count = 0;
	int r = 0;

	if (argc == 2 && !strcmp(argv[1], "--help")) {
		fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	if (argc < 3 || argc - 2 > KG_PAGE_RESULTS_MAX) {
		fprintf(stderr, "kagami-bench: report wants OUT.html and 1 to %d measurements\n", KG_PAGE_RESULTS_MAX);
		return 2;
	}
	for (int i = 1; i < argc; i++)
		if (argv[i][0] == '-' && (argv[i][1] || i > 1)) {
			fprintf(stderr, "kagami-bench: report has no option %s\n", argv[i]);
			return 2;
		}
	/* The page's name was forgotten, and no measurement must be lost by that. */
	if (ends_in(argv[1], ".json")) {
		fprintf(stderr, "kagami-bench: the page would be written over %s\n", argv[1]);
		return 2;
	}
	while (r >= 0 && count < (size_t)argc - 2) {
		r = kg_result_load(&results[count], argv[2 + count]);
		count++;
	}
	if (r >= 0)
		r = write_page(argv[1], results, count);
	for (size_t i = 0; i < count; i++)
		kg_result_done(&results[i]);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
