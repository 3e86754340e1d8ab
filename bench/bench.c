/* kagami-bench: what a user of a remote desktop sees, how late, how good, and at what cost. */
#include "bench/bench.h"

#include "base/base.h"

#include <stdio.h>

static const struct {
	const char *name;
	const char *what;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "run", "measures a server with a workload", kg_bench_run },
#if HAVE_X11
	{ "play", "plays a workload on an X display", kg_bench_play },
#endif
#if HAVE_ZSTD
	{ "record", "records what a desktop or a program shows, as a workload", kg_bench_record },
#endif
#if HAVE_JANSSON
	{ "compare", "puts two measurements side by side", kg_bench_compare },
	{ "report", "draws measurements on a page", kg_bench_report },
#endif
};

static void help(FILE *to)
{
	fprintf(to, "Usage: kagami-bench COMMAND [OPTION]...\n"
		    "Measures what arrives at a client of a remote desktop: how late, how good, and at what cost.\n\n");
	for (size_t i = 0; i < KG_ARRAY_SIZE(commands); i++)
		fprintf(to, "  kagami-bench %-10s %s\n", commands[i].name, commands[i].what);
	fprintf(to,
		"\n  --help, --version\n\nkagami-bench COMMAND --help tells its options, kagami-bench(1) the rest.\n");
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		help(stderr);
		return 2;
	}
	if (!strcmp(argv[1], "--help")) {
		help(stdout);
		return EXIT_SUCCESS;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("kagami-bench %s\n", PACKAGE_VERSION);
		return EXIT_SUCCESS;
	}
	for (size_t i = 0; i < KG_ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "kagami-bench: there is no command %s; see kagami-bench --help\n", argv[1]);
	return 2;
}
