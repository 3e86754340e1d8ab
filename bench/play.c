/* kagami-bench play: a workload in a window. */
#include "bench/bench.h"
#include "bench/number.h"
#include "bench/workload/workload.h"
#include "bench/x11-player.h"

#include <getopt.h>
#include <stdio.h>

static const char usage[] =
	"Usage: kagami-bench play WORKLOAD [OPTION]...\n"
	"Plays a workload over the whole screen of $DISPLAY until it is ended, for run --target to measure the server\n"
	"that shows that screen.\n"
	"\n"
	"  --fps N|max   at that rate, or as fast as the X server takes pictures (default: its own)\n"
	"  --seed N      of its picture (default 1)\n"
	"  --once        stands still at its end\n"
	"  --help        this text\n";

int kg_bench_play(int argc, char **argv)
{
	static const struct option flags[] = {
		{ "fps", required_argument, NULL, 'f' },
		{ "seed", required_argument, NULL, 's' },
		{ "once", no_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct kg_x11_player_options o = { .seed = KG_WORKLOAD_SEED };
	bool right = true;
	int flag;

	while (right && (flag = getopt_long(argc, argv, "", flags, NULL)) != -1) {
		switch (flag) {
		case 'f':
			o.taken = !strcmp(optarg, "max");
			right = o.taken || kg_number_parse(optarg, 1, KG_FPS_MAX, &o.fps);
			break;
		case 's':
			right = kg_number_parse(optarg, 0, UINT32_MAX, &o.seed);
			break;
		case 'o':
			o.once = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			return 2;	// getopt_long said why
		}
	}
	o.kind = optind == argc - 1 ? kg_workload_find(argv[optind]) : NULL;
	if (!right || !o.kind) {
		fprintf(stderr, "kagami-bench: play wants a workload's name and right numbers; see kagami-bench play --help\n");
		return 2;
	}
	return kg_x11_play(&o) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
