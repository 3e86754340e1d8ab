/* kagami-bench compare: two measurements side by side. */
#include "bench/bench.h"
#include "bench/json.h"
#include "bench/results.h"

#include <math.h>
#include <stdio.h>

static const char usage[] =
	"Usage: kagami-bench compare [--json] A.json B.json\n"
	"Prints what kagami-bench run --json wrote side by side, with B's figures as multiples of A's.\n"
	"\n"
	"  --json        the same as JSON, on standard output\n"
	"  --help\n";

/* Two of a kind; what only one of them has cannot be compared, and has no ratio. */
struct pair {
	double a, b, ratio;		// NAN: not known
};

static struct pair pair_of(double a, double b)
{
	return (struct pair){ a, b, a > 0 && isfinite(b / a) ? b / a : NAN };
}

static bool is_known(const struct pair *pair)
{
	return !isnan(pair->a) || !isnan(pair->b);
}

static const char *words(const char *condition)
{
	return condition ? condition : "not known";
}

static bool differ(const struct kg_result *a, const struct kg_result *b, size_t which)
{
	return strcmp(words(a->conditions[which]), words(b->conditions[which])) != 0;
}

/* Calls each for every operation of either, first those of a. */
static void each_operation(const struct kg_result *a, const struct kg_result *b,
			   void (*each)(void *data, const char *name, const struct pair *pair), void *data)
{
	for (int turn = 0; turn < 2; turn++) {
		const struct kg_result *of = turn ? b : a, *other = turn ? a : b;

		for (size_t i = 0; i < of->operations_count; i++) {
			const struct kg_result_operation *operation = &of->operations[i];
			double theirs = kg_result_operation_mbit(other, operation->name);
			struct pair pair = turn ? pair_of(theirs, operation->mbit) : pair_of(operation->mbit, theirs);

			if (!turn || isnan(theirs))	// in b's turn only what a lacks
				each(data, operation->name, &pair);
		}
	}
}

/* ---- table ---- */

static void print_value(double value, double scale, int decimals)
{
	if (isnan(value))
		printf(" %12s", "-");
	else
		printf(" %12.*f", decimals, value * scale);
}

static void print_pair(const char *title, const char *unit, const struct pair *pair, double scale, int decimals)
{
	printf("%-24s %-11s", title, unit);
	print_value(pair->a, scale, decimals);
	print_value(pair->b, scale, decimals);
	if (isnan(pair->ratio))
		printf(" %8s\n", "-");
	else
		printf(" %8.3f\n", pair->ratio);
}

static void print_operation(void *data, const char *name, const struct pair *pair)
{
	print_pair(name, "Mbit/s", pair, 1, 3);
}

static void print(const struct kg_result *a, const struct kg_result *b)
{
	printf("A: %s\nB: %s\n", a->name, b->name);
	for (size_t i = 0; i < KG_CONDITIONS; i++)
		if (differ(a, b, i))
			printf("they differ in %s: %s, %s\n", kg_condition_kinds[i].title, words(a->conditions[i]),
			       words(b->conditions[i]));
	printf("%-24s %-11s %12s %12s %8s\n", "", "", "A", "B", "B / A");
	for (size_t i = 0; i < KG_FIGURES; i++) {
		struct pair pair = pair_of(a->figures[i], b->figures[i]);

		if (is_known(&pair))
			print_pair(kg_figure_kinds[i].title, kg_figure_kinds[i].unit, &pair, kg_figure_kinds[i].scale,
				   kg_figure_kinds[i].decimals);
	}
	each_operation(a, b, print_operation, NULL);
}

/* ---- JSON ---- */

static void put_pair(struct kg_json *json, const char *name, const struct pair *pair, int decimals)
{
	kg_json_begin_object(json, name);
	kg_json_number(json, "a", pair->a, decimals);
	kg_json_number(json, "b", pair->b, decimals);
	kg_json_number(json, "ratio", pair->ratio, 4);
	kg_json_end_object(json);
}

static void put_operation(void *data, const char *name, const struct pair *pair)
{
	put_pair(data, name, pair, 4);
}

static void put(const struct kg_result *a, const struct kg_result *b)
{
	struct kg_json json = { .file = stdout, .lines = true };

	kg_json_begin_object(&json, NULL);
	kg_json_text(&json, "program", "kagami-bench " PACKAGE_VERSION);
	kg_json_count(&json, "schema", 1);
	kg_json_text(&json, "a", a->name);
	kg_json_text(&json, "b", b->name);
	kg_json_begin_object(&json, "differ");
	for (size_t i = 0; i < KG_CONDITIONS; i++)
		if (differ(a, b, i)) {
			kg_json_begin_object(&json, kg_condition_kinds[i].path);
			kg_json_text(&json, "a", a->conditions[i]);
			kg_json_text(&json, "b", b->conditions[i]);
			kg_json_end_object(&json);
		}
	kg_json_end_object(&json);
	kg_json_begin_object(&json, "figures");
	for (size_t i = 0; i < KG_FIGURES; i++) {
		struct pair pair = pair_of(a->figures[i], b->figures[i]);

		if (is_known(&pair))
			put_pair(&json, kg_figure_kinds[i].path, &pair, 5);
	}
	kg_json_end_object(&json);
	kg_json_begin_object(&json, "operations_mbit_per_second");
	each_operation(a, b, put_operation, &json);
	kg_json_end_object(&json);
	kg_json_end_object(&json);
}

int kg_bench_compare(int argc, char **argv)
{
	bool json = argc > 1 && !strcmp(argv[1], "--json");
	char **files = argv + 1 + json;
	struct kg_result a = { 0 }, b = { 0 };
	int r;

	if (argc == 2 && !strcmp(argv[1], "--help")) {
		fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	if (argc != 3 + json || files[0][0] == '-' || files[1][0] == '-') {
		fprintf(stderr, "kagami-bench: compare wants two measurements, and --json before them or nothing\n");
		return 2;
	}
	r = kg_result_load(&a, files[0]);
	if (r >= 0)
		r = kg_result_load(&b, files[1]);
	if (r >= 0 && json)
		put(&a, &b);
	else if (r >= 0)
		print(&a, &b);
	if (r >= 0 && (ferror(stdout) || fflush(stdout))) {
		fprintf(stderr, "kagami-bench: cannot write\n");
		r = -EIO;
	}
	kg_result_done(&a);
	kg_result_done(&b);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
