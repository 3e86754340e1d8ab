/*
 * codec-bench: what each codec makes of each picture, in what time, against FreeRDP in the same run. This process draws the
 * pictures and tells the figures (bench/report.c); others, started one after the other, measure (bench/measure.c).
 */
#include "bench/measure.h"
#include "bench/number.h"
#include "bench/report.h"
#include "bench/workload/pictures.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define PROCESSES 5
#define ROUNDS 5
#define ROUNDS_MAX 200
#define EXIT_NO_ISA 3

struct options {
	bool json;
	enum kg_cpu cpu;
	uint32_t threads, processes, rounds, seed, width, height;
	uint32_t codecs, pictures;	// bits, 0: all
	char **files;
	int file_count;
};

static void help(FILE *to)
{
	fprintf(to, "Usage: codec-bench [OPTION]... [FILE.bgrx WIDTHxHEIGHT]...\n"
		    "Measures every codec with each picture, and FreeRDP's encoder in the same run.\n\n"
		    "  --json           one JSON object a line in place of the table\n"
		    "  --isa NAME       c, avx2, avx512 or neon; otherwise the best that this processor has\n"
		    "  --threads N      threads that share a picture (1)\n"
		    "  --processes N    processes whose median counts (%d): each has other addresses\n"
		    "  --rounds N       turns in each process (%d)\n"
		    "  --codec NAME     only this one; may be repeated\n"
		    "  --picture NAME   only this one; may be repeated\n"
		    "  --seed N         of the pictures (1)\n"
		    "  --size WxH       of the pictures (1920x1080)\n"
		    "  --list           names codecs, pictures and the instruction sets of this processor\n"
		    "  --help           this text\n\n"
		    "A file has rows of B, G, R, X bytes without gaps. With files only they are measured, unless --picture names more.\n"
		    "ms are medians: with one thread of its time on the processor, else of the clock. ratio is FreeRDP's by ours,\n"
		    "least the shortest of all. The exit status is 1 when a codec fails or FreeRDP refuses what it made, and %d when\n"
		    "this processor or build lacks the instruction set.\n",
		PROCESSES, ROUNDS, EXIT_NO_ISA);
}

static int fail(const char *what, const char *of)
{
	fprintf(stderr, "codec-bench: %s%s%s\n", what, of ? ": " : "", of ? of : "");
	return EXIT_FAILURE;
}

static void list(void)
{
	for (size_t i = 0; i < kg_bench_codecs_count; i++)
		printf("codec %s: %s\n", kg_bench_codecs[i]->name, kg_bench_codecs[i]->what);
	for (size_t i = 0; i < kg_pictures_count; i++)
		printf("picture %s: %s\n", kg_pictures[i].name, kg_pictures[i].what);
	for (enum kg_cpu cpu = KG_CPU_C; cpu <= kg_cpu_best(); cpu++)
		printf("isa %s\n", kg_cpu_name(cpu));
}

/* ---- options ---- */

static bool parse_size(const char *text, uint32_t *width, uint32_t *height)
{
	char first[8];
	const char *cross = strchr(text, 'x');

	if (!cross || (size_t)(cross - text) >= sizeof(first))
		return false;
	memcpy(first, text, (size_t)(cross - text));
	first[cross - text] = 0;
	return kg_number_parse(first, 1, KG_PICTURE_MAX, width) && kg_number_parse(cross + 1, 1, KG_PICTURE_MAX, height);
}

static bool add_codec(const char *name, uint32_t *codecs)
{
	for (size_t i = 0; i < kg_bench_codecs_count; i++)
		if (!strcmp(kg_bench_codecs[i]->name, name)) {
			*codecs |= 1u << i;
			return true;
		}
	return false;
}

static bool add_picture(const char *name, uint32_t *pictures)
{
	const struct kg_picture *picture = kg_picture_find(name);

	if (picture)
		*pictures |= 1u << (picture - kg_pictures);
	return picture;
}

/* False when the processor, or the build, has no such instruction set. */
static bool find_cpu(const char *name, enum kg_cpu *ret)
{
	for (enum kg_cpu cpu = KG_CPU_C; cpu <= kg_cpu_best(); cpu++)
		if (!strcmp(kg_cpu_name(cpu), name)) {
			*ret = cpu;
			return true;
		}
	return false;
}

/* Returns -1 to go on, or the exit status. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "json", no_argument, NULL, 'j' },	   { "isa", required_argument, NULL, 'i' },
		{ "threads", required_argument, NULL, 't' }, { "processes", required_argument, NULL, 'p' },
		{ "rounds", required_argument, NULL, 'r' },  { "codec", required_argument, NULL, 'c' },
		{ "picture", required_argument, NULL, 'P' }, { "seed", required_argument, NULL, 's' },
		{ "size", required_argument, NULL, 'z' },    { "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },	   { 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		bool right = true;

		switch (option) {
		case 'j':
			o->json = true;
			break;
		case 'i':
			if (!find_cpu(optarg, &o->cpu)) {
				fail("this processor or build has no such instruction set", optarg);
				return EXIT_NO_ISA;
			}
			break;
		case 't':
			right = kg_number_parse(optarg, 1, 64, &o->threads);
			break;
		case 'p':
			right = kg_number_parse(optarg, 1, KG_MEASURE_PROCESSES, &o->processes);
			break;
		case 'r':
			right = kg_number_parse(optarg, 1, ROUNDS_MAX, &o->rounds);
			break;
		case 's':
			right = kg_number_parse(optarg, 0, UINT32_MAX, &o->seed);
			break;
		case 'z':
			right = parse_size(optarg, &o->width, &o->height);
			break;
		case 'c':
			right = add_codec(optarg, &o->codecs);
			break;
		case 'P':
			right = add_picture(optarg, &o->pictures);
			break;
		case 'l':
			list();
			return EXIT_SUCCESS;
		case 'h':
			help(stdout);
			return EXIT_SUCCESS;
		default:
			return EXIT_FAILURE;	// getopt_long said why
		}
		if (!right)
			return fail("this is no value of that option", optarg);
	}
	o->files = argv + optind;
	o->file_count = (argc - optind) / 2;
	if ((argc - optind) % 2)
		return fail("each file is followed by its size, WIDTHxHEIGHT", NULL);
	return -1;
}

/* ---- pictures ---- */

/* Names the pictures and gives each its place. */
static int plan(const struct options *o, struct kg_measure_task *task)
{
	uint32_t pictures = o->pictures ? o->pictures : o->file_count ? 0 : (1u << kg_pictures_count) - 1;

	task->size = (sizeof(*task) + 4095) / 4096 * 4096;
	for (size_t i = 0; i < kg_pictures_count + (size_t)o->file_count; i++) {
		struct kg_measure_picture *picture = &task->pictures[task->count];
		size_t file = 2 * (i - kg_pictures_count), size;

		if (i < kg_pictures_count && !(pictures >> i & 1))
			continue;
		if (task->count == KG_MEASURE_PICTURES)
			return fail("too many pictures", NULL);
		if (i < kg_pictures_count) {
			*picture = (struct kg_measure_picture){ .width = o->width, .height = o->height,
								.sequence = kg_pictures[i].sequence };
			snprintf(picture->name, sizeof(picture->name), "%s", kg_pictures[i].name);
		} else {
			const char *slash = strrchr(o->files[file], '/');

			if (!parse_size(o->files[file + 1], &picture->width, &picture->height))
				return fail("this is no size", o->files[file + 1]);
			snprintf(picture->name, sizeof(picture->name), "%s", slash ? slash + 1 : o->files[file]);
		}
		size = ((size_t)picture->width * picture->height * 4 + 4095) / 4096 * 4096;
		picture->before = task->size;
		picture->now = task->size + size;
		task->size += 2 * size;
		task->count++;
	}
	return EXIT_SUCCESS;
}

/* The frame before is the same with its rows moved down by 40, so that all of it differs. */
static int load_file(const char *path, const struct kg_measure_picture *picture, uint8_t *memory)
{
	size_t row = (size_t)picture->width * 4, size = row * picture->height;
	FILE *file = fopen(path, "rb");
	size_t got;

	if (!file)
		return fail(strerror(errno), path);
	got = fread(memory + picture->now, 1, size, file);
	if (got == size && fgetc(file) != EOF)
		got++;
	fclose(file);
	if (got != size)
		return fail("the file's size is not that of the picture", path);
	for (uint32_t y = 0; y < picture->height; y++)
		memcpy(memory + picture->before + (y + 40) % picture->height * row, memory + picture->now + y * row, row);
	return EXIT_SUCCESS;
}

static int draw_all(const struct options *o, const struct kg_measure_task *task, uint8_t *memory)
{
	int file = 0;

	for (uint32_t i = 0; i < task->count; i++) {
		const struct kg_measure_picture *p = &task->pictures[i];
		const struct kg_picture *picture = kg_picture_find(p->name);
		size_t stride = (size_t)p->width * 4;
		int r;

		if ((int)(task->count - i) <= o->file_count) {
			r = load_file(o->files[2 * file++], p, memory);
			if (r)
				return r;
			continue;
		}
		r = kg_picture_draw(picture, o->seed, 0, memory + p->before, p->width, p->height, stride);
		if (!r)
			r = kg_picture_draw(picture, o->seed, picture->step, memory + p->now, p->width, p->height, stride);
		if (r < 0)
			return fail("cannot draw", strerror(-r));
	}
	return EXIT_SUCCESS;
}

/* ---- processes ---- */

/* Starts a process that measures, and reads what it found. */
static int measure_once(int fd, struct kg_measure_results *results)
{
	char argument[16];
	int ends[2], status;
	size_t size = 0;
	pid_t pid;

	snprintf(argument, sizeof(argument), "%d", fd);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail("cannot make a pipe", strerror(errno));
	pid = fork();
	if (!pid) {
		dup2(ends[1], STDOUT_FILENO);
		execl("/proc/self/exe", "codec-bench", "--measure", argument, (char *)NULL);
		_exit(EXIT_FAILURE);
	}
	close(ends[1]);
	while (pid > 0 && size < sizeof(*results)) {
		ssize_t n = read(ends[0], (uint8_t *)results + size, sizeof(*results) - size);

		if (n <= 0)
			break;
		size += (size_t)n;
	}
	close(ends[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status || size != sizeof(*results))
		return fail("a process that measures has failed", NULL);
	return EXIT_SUCCESS;
}

/* ---- the whole ---- */

static int run(const struct options *o, struct kg_measure_task *task, struct kg_measure_results *results)
{
	int fd = memfd_create("pictures", 0), r = EXIT_FAILURE;		// without CLOEXEC: those that measure get it
	uint8_t *memory = MAP_FAILED;

	if (fd < 0)
		return fail("cannot make shared memory", strerror(errno));
	if (plan(o, task))
		goto out;
	if (!ftruncate(fd, (off_t)task->size))
		memory = mmap(NULL, task->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED) {
		fail("cannot make shared memory", strerror(errno));
		goto out;
	}
	if (draw_all(o, task, memory))
		goto out;
	for (uint32_t i = 0; i < o->processes; i++) {
		task->quality = i == 0;
		memcpy(memory, task, sizeof(*task));
		if (measure_once(fd, &results[i]))
			goto out;
	}
	r = kg_report_print(task, results, o->processes, o->json);
out:
	if (memory != MAP_FAILED)
		munmap(memory, task->size);
	close(fd);
	return r;
}

int main(int argc, char **argv)
{
	struct options o = {
		.cpu = kg_cpu_best(),
		.threads = 1,
		.processes = PROCESSES,
		.rounds = ROUNDS,
		.seed = 1,
		.width = 1920,
		.height = 1080,
	};
	struct kg_measure_task *task;
	struct kg_measure_results *results;
	int r;

	if (argc == 3 && !strcmp(argv[1], "--measure"))
		return kg_measure_main(atoi(argv[2]));
	r = parse(argc, argv, &o);
	if (r >= 0)
		return r;
	task = calloc(1, sizeof(*task));
	results = calloc(o.processes, sizeof(*results));
	if (task && results) {
		task->cpu = o.cpu;
		task->threads = o.threads;
		task->rounds = o.rounds;
		task->codecs = o.codecs ? o.codecs : UINT32_MAX;
		r = run(&o, task, results);
	} else
		r = fail("no memory", NULL);
	free(task);
	free(results);
	return r;
}
