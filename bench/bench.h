/* The subcommands of kagami-bench. Each is given its own name and what follows, and returns the exit status. */
#pragma once

int kg_bench_compare(int argc, char **argv);
int kg_bench_report(int argc, char **argv);
int kg_bench_run(int argc, char **argv);
int kg_bench_play(int argc, char **argv);	// built with X11 only
int kg_bench_record(int argc, char **argv);	// where zstd was found
