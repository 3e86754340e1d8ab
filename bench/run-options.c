/* kagami-bench run: its command line. */
#include "bench/bench.h"
#include "bench/number.h"
#include "bench/run.h"
#include "bench/workload/workload.h"

#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>

#define SIDE_MIN 200
#define SIDE_MAX 8192
#define ACK_DELAY_MAX 10000
#define SECONDS_MAX 86400
#define PASSWORD_MAX 256

static const char usage[] =
	"Usage: kagami-bench run [OPTION]...\n"
	"Measures a server of remote desktops while it shows a workload.\n"
	"\n"
	"The server:\n"
	"  --server ours              starts a kagamid with a desktop that plays the workload (default)\n"
	"  --kagamid FILE             its program (default: the one of this build or installation)\n"
	"  --desktop KIND[:WHERE]     another desktop for it, as its own --desktop; without time codes less is known\n"
	"  --server-log FILE          keeps its log\n"
	"  --target HOST:PORT         any server that runs already; the workload is to be shown there\n"
	"  --user NAME, --password TEXT, --password-file FILE\n"
	"                             how to log on there; the file's first line is the password\n"
	"  --server-processes GROUP   whose time and memory is the server's: names, process ids (with what descends\n"
	"                             from them) and folders of control groups, separated by commas\n"
	"  --drawing-processes GROUP  the same for what draws the desktop there: an X server, a virtual machine\n"
	"  --x11-player               plays the workload on $DISPLAY, which the target shows (kagami-bench play does\n"
	"                             the same where the display is born with the session)\n"
	"The workload:\n"
	"  --workload NAME|FILE       one of those below (default the first), or a recording, with a '/' or '.' in its\n"
	"                             name: of that the quality is not known\n"
	"  --fps N|max                at that rate, or as fast as pictures are taken (default: its own)\n"
	"  --seed N                   of its picture, and of what a link loses (default 1)\n"
	"  --size WIDTHxHEIGHT        of the desktop (default 1920x1080)\n"
	"  --seconds N                how long to measure (default 10)\n"
	"  --warm-up N                seconds before that (default 1)\n"
	"The network:\n"
	"  --link NAME                between our server and the client: one of those below, or\n"
	"                             RATE,RTT,LOSS[,QUEUE], as 20M,50ms,0.1%,250k; needs root (default: loopback)\n"
	"The client:\n"
	"  --no-decode                only acknowledges frames: what the server alone can do\n"
	"  --ack-delay N              so many milliseconds after each frame's end (default 0)\n"
	"  --decoder-threads          lets FreeRDP's decoders have threads of their own, as in stock clients\n"
	"  --no-graphics              without the graphics channel: RemoteFX, or bitmaps\n"
	"  --no-keys                  presses no keys\n"
	"What it prints:\n"
	"  --json FILE                all figures (doc/bench.md explains them); - is standard output, without the table\n"
	"  --quiet                    no progress\n"
	"  --help                     this text\n"
	"\n"
	"Workloads:\n";

static void help(FILE *to)
{
	fputs(usage, to);
	for (size_t i = 0; kg_workload_kinds[i]; i++)
		fprintf(to, "  %-14s %s\n", kg_workload_kinds[i]->name, kg_workload_kinds[i]->what);
	fprintf(to, "\nLinks:\n");
	for (size_t i = 0; kg_link_kinds[i].name; i++)
		fprintf(to, "  %-14s %s\n", kg_link_kinds[i].name, kg_link_kinds[i].what);
}

enum {
	FLAG_SERVER = 1, FLAG_KAGAMID, FLAG_DESKTOP, FLAG_SERVER_LOG, FLAG_TARGET, FLAG_USER, FLAG_PASSWORD,
	FLAG_PASSWORD_FILE, FLAG_SERVER_PROCESSES, FLAG_DRAWING_PROCESSES, FLAG_X11_PLAYER, FLAG_WORKLOAD, FLAG_FPS,
	FLAG_SEED, FLAG_SIZE, FLAG_SECONDS, FLAG_WARM_UP, FLAG_LINK, FLAG_NO_DECODE, FLAG_ACK_DELAY,
	FLAG_DECODER_THREADS, FLAG_NO_GRAPHICS, FLAG_NO_KEYS, FLAG_JSON, FLAG_QUIET, FLAG_HELP,
};

static const struct option flags[] = {
	{ "server", required_argument, NULL, FLAG_SERVER },
	{ "kagamid", required_argument, NULL, FLAG_KAGAMID },
	{ "desktop", required_argument, NULL, FLAG_DESKTOP },
	{ "server-log", required_argument, NULL, FLAG_SERVER_LOG },
	{ "target", required_argument, NULL, FLAG_TARGET },
	{ "user", required_argument, NULL, FLAG_USER },
	{ "password", required_argument, NULL, FLAG_PASSWORD },
	{ "password-file", required_argument, NULL, FLAG_PASSWORD_FILE },
	{ "server-processes", required_argument, NULL, FLAG_SERVER_PROCESSES },
	{ "drawing-processes", required_argument, NULL, FLAG_DRAWING_PROCESSES },
	{ "x11-player", no_argument, NULL, FLAG_X11_PLAYER },
	{ "workload", required_argument, NULL, FLAG_WORKLOAD },
	{ "fps", required_argument, NULL, FLAG_FPS },
	{ "seed", required_argument, NULL, FLAG_SEED },
	{ "size", required_argument, NULL, FLAG_SIZE },
	{ "seconds", required_argument, NULL, FLAG_SECONDS },
	{ "warm-up", required_argument, NULL, FLAG_WARM_UP },
	{ "link", required_argument, NULL, FLAG_LINK },
	{ "no-decode", no_argument, NULL, FLAG_NO_DECODE },
	{ "ack-delay", required_argument, NULL, FLAG_ACK_DELAY },
	{ "decoder-threads", no_argument, NULL, FLAG_DECODER_THREADS },
	{ "no-graphics", no_argument, NULL, FLAG_NO_GRAPHICS },
	{ "no-keys", no_argument, NULL, FLAG_NO_KEYS },
	{ "json", required_argument, NULL, FLAG_JSON },
	{ "quiet", no_argument, NULL, FLAG_QUIET },
	{ "help", no_argument, NULL, FLAG_HELP },
	{ 0 },
};

static bool parse_seconds(const char *text, double low, double *ret)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !isfinite(value) || value < low || value > SECONDS_MAX)
		return false;
	*ret = value;
	return true;
}

static bool parse_size(struct kg_run_options *o, const char *text)
{
	int used = 0;

	o->size = text;
	return sscanf(text, "%5ux%5u%n", &o->width, &o->height, &used) == 2 && !text[used] && o->width >= SIDE_MIN &&
	       o->height >= SIDE_MIN && o->width <= SIDE_MAX && o->height <= SIDE_MAX;
}

static bool read_password(struct kg_run_options *o, const char *path)
{
	static char line[PASSWORD_MAX + 2];
	FILE *file = fopen(path, "re");
	bool right = file && fgets(line, sizeof(line), file);

	if (file)
		fclose(file);
	line[strcspn(line, "\n")] = 0;
	o->password = line;
	return right && line[0];
}

/* A recording's name has a '/' or a '.', for replay as for us. Our server may stand elsewhere: it gets the path whole. */
static bool find_workload(struct kg_run_options *o, const char *name)
{
	static char path[PATH_MAX];

	o->workload = name;
	if (!strpbrk(name, "/."))
		return kg_workload_find(name);
	o->workload = realpath(name, path);
	return o->workload && !access(path, R_OK);
}

static bool is_rate(const char *text)
{
	uint32_t fps;

	return !strcmp(text, "max") || kg_number_parse(text, 1, KG_FPS_MAX, &fps);
}

static bool apply(struct kg_run_options *o, int flag, const char *value)
{
	switch (flag) {
	case FLAG_SERVER:		return !strcmp(value, "ours");
	case FLAG_KAGAMID:		o->kagamid = value; return true;
	case FLAG_DESKTOP:		o->desktop = value; return true;
	case FLAG_SERVER_LOG:		o->server_log = value; return true;
	case FLAG_TARGET:		o->target = value; return true;
	case FLAG_USER:			o->user = value; return true;
	case FLAG_PASSWORD:		o->password = value; return true;
	case FLAG_PASSWORD_FILE:	return read_password(o, value);
	case FLAG_SERVER_PROCESSES:	o->server_processes = value; return true;
	case FLAG_DRAWING_PROCESSES:	o->drawing_processes = value; return true;
	case FLAG_X11_PLAYER:		o->x11_player = true; return true;
	case FLAG_WORKLOAD:		return find_workload(o, value);
	case FLAG_FPS:			o->fps = value; return is_rate(value);
	case FLAG_SEED:			return kg_number_parse(value, 0, UINT32_MAX, &o->seed);
	case FLAG_SIZE:			return parse_size(o, value);
	case FLAG_SECONDS:		return parse_seconds(value, 0.1, &o->seconds);
	case FLAG_WARM_UP:		return parse_seconds(value, 0, &o->warm_up_s);
	case FLAG_LINK:			o->link = value; return kg_link_parse(&o->link_spec, value) >= 0;
	case FLAG_NO_DECODE:		o->decode = o->keys = false; return true;
	case FLAG_ACK_DELAY:		return kg_number_parse(value, 0, ACK_DELAY_MAX, &o->ack_delay_ms);
	case FLAG_DECODER_THREADS:	o->threads = true; return true;
	case FLAG_NO_GRAPHICS:		o->legacy = true; return true;
	case FLAG_NO_KEYS:		o->keys = false; return true;
	case FLAG_JSON:			o->json = value; return true;
	case FLAG_QUIET:		o->quiet = true; return true;
	default:			return false;
	}
}

/* What does not go together; NULL: all does. */
static const char *contradiction(const struct kg_run_options *o)
{
	if (o->target && (o->desktop || o->kagamid || o->server_log))
		return "--target is a server that runs already: --desktop, --kagamid and --server-log are for our own";
	if (o->target && (!o->user || !o->password))
		return "--target needs --user and --password or --password-file";
	if (o->target && o->link)
		return "--link is between our own server and its client: a --target has its own network";
	if (!o->target && (o->user || o->password))
		return "--user and --password are for --target";
	if (o->x11_player && (!o->workload || !kg_workload_find(o->workload)))
		return "--x11-player wants a --workload by name";
	if (!o->decode && o->legacy)
		return "--no-decode needs the graphics channel";
	if (o->decode && o->ack_delay_ms)
		return "--ack-delay is for --no-decode";
	return NULL;
}

/* Returns -1 to go on, or the exit status. */
static int parse(struct kg_run_options *o, int argc, char **argv)
{
	int flag, index = 0;

	while ((flag = getopt_long(argc, argv, "", flags, &index)) != -1) {
		if (flag == FLAG_HELP) {
			help(stdout);
			return EXIT_SUCCESS;
		}
		if (flag == '?')
			return 2;	// getopt_long said why
		if (!apply(o, flag, optarg)) {
			fprintf(stderr, "kagami-bench: --%s cannot be %s; see kagami-bench run --help\n",
				flags[index].name, optarg);
			return 2;
		}
	}
	if (optind != argc || contradiction(o)) {
		fprintf(stderr, "kagami-bench: %s\n", optind != argc ? "run takes options only" : contradiction(o));
		return 2;
	}
	return -1;
}

int kg_bench_run(int argc, char **argv)
{
	struct kg_run_options o = {
		.seed = KG_WORKLOAD_SEED,
		.fps = "",
		.size = "1920x1080",
		.width = 1920,
		.height = 1080,
		.seconds = 10,
		.warm_up_s = 1,
		.decode = true,
		.keys = true,
	};
	struct kg_run_results results;
	int r = parse(&o, argc, argv);

	if (r >= 0)
		return r;
	if (!o.workload && !o.desktop)
		o.workload = kg_workload_kinds[0]->name;
	r = kg_run(&results, &o);
	if (r >= 0 && (!o.json || strcmp(o.json, "-")))
		kg_run_print(&results);
	if (r >= 0 && o.json)
		r = kg_run_write_json(&results, o.json);
	kg_run_done(&results);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
