/* Measuring: ours and FreeRDP's take turns, so that whatever else the machine does meets both. */
#include "bench/measure.h"

#include "bench/stats.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#define TIMES_MAX 1024
#define TURN_MS 4			// ours is repeated this long before it is FreeRDP's turn
#define REPEATS_MIN 3
#define REPEATS_MAX 40

struct run {
	const struct kg_bench_codec *codec;
	void *state;
	struct kg_oracle *oracle;	// NULL: none
	bool alone;			// one thread
	double times[TIMES_MAX], theirs[TIMES_MAX];
	size_t count, theirs_count;
};

/* With one thread its own time on the processor: what others run meanwhile disturbs that least. */
static double now_ms(const struct run *run)
{
	struct timespec t;

	clock_gettime(run->alone ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static double encode_once(struct run *run, size_t *ret)
{
	double begin;

	if (run->codec->prepare)
		run->codec->prepare(run->state);
	begin = now_ms(run);
	*ret = run->codec->encode(run->state);
	return now_ms(run) - begin;
}

static double theirs_once(struct run *run, size_t *ret)
{
	double begin = now_ms(run);

	*ret = run->codec->theirs(run->state, run->oracle);
	return now_ms(run) - begin;
}

/* Both in turns. The first of each turn finds the other's data in the cache and does not count, where there are several. */
static bool measure_turns(struct run *run, uint32_t rounds, struct kg_measure_result *result)
{
	uint32_t repeats = (uint32_t)(TURN_MS / fmax(result->ms, TURN_MS / (double)REPEATS_MAX));
	size_t size;

	repeats = KG_MAX(repeats, REPEATS_MIN + 0u);
	for (uint32_t i = 0; i < rounds; i++) {
		for (uint32_t k = 0; k <= repeats; k++) {
			double ms = encode_once(run, &size);

			if (size != result->bytes)
				return false;
			if (k && run->count < TIMES_MAX)
				run->times[run->count++] = ms;
		}
		if (run->oracle && run->codec->theirs && run->theirs_count < TIMES_MAX) {
			run->theirs[run->theirs_count++] = theirs_once(run, &size);
			if (size != result->theirs_bytes)
				return false;
		}
	}
	result->ms = kg_median(run->times, run->count);		// sorts them
	result->least_ms = run->times[0];
	result->theirs_ms = kg_median(run->theirs, run->theirs_count);
	result->theirs_least_ms = run->theirs[0];
	return true;
}

static bool measure_with(struct run *run, const struct kg_measure_task *task, const struct kg_image *image,
			 struct kg_measure_result *result)
{
	const struct kg_bench_codec *codec = run->codec;
	size_t size;

	encode_once(run, &size);		// the memory is touched for the first time here
	result->ms = encode_once(run, &size);
	if (size == SIZE_MAX)
		return false;
	result->bytes = size;
	if (run->oracle && codec->theirs) {
		theirs_once(run, &size);
		result->theirs_bytes = size;
		if (!size)
			return false;
	}
	if (task->quality && run->oracle) {
		if (codec->quality) {
			result->psnr = codec->quality(run->state, run->oracle);
			if (isnan(result->psnr))
				return false;
		}
		result->theirs_psnr = kg_oracle_own_quality(run->oracle, image);
	}
	return measure_turns(run, task->rounds, result);
}

static void measure_codec(const struct kg_bench_codec *codec, const struct kg_measure_task *task,
			  const struct kg_subject *subject, struct kg_measure_result *result)
{
	struct run *run = calloc(1, sizeof(*run));

	*result = (struct kg_measure_result){ .state = KG_MEASURE_WRONG, .psnr = NAN, .theirs_psnr = NAN };
	if (!run)
		return;
	run->codec = codec;
	run->alone = task->threads == 1;
	if (codec->new(&run->state, subject) < 0)
		goto out;
	if (codec->oracle && kg_oracle_new(&run->oracle, codec->oracle, subject->now.width, subject->now.height) < 0)
		goto out;
	if (measure_with(run, task, &subject->now, result))
		result->state = KG_MEASURE_DONE;
out:
	kg_oracle_free(run->oracle);
	codec->free(run->state);
	free(run);
}

static void measure_picture(const struct kg_measure_task *task, uint32_t index, const struct kg_dsp *dsp,
			    struct kg_work *work, struct kg_measure_results *results)
{
	const struct kg_measure_picture *picture = &task->pictures[index];
	const uint8_t *memory = (const uint8_t *)task;
	size_t stride = (size_t)picture->width * 4;
	const struct kg_subject subject = {
		.dsp = dsp,
		.work = work,
		.now = { memory + picture->now, picture->width, picture->height, stride },
		.before = { memory + picture->before, picture->width, picture->height, stride },
		.columns = (picture->width + KG_TILE - 1) / KG_TILE,
		.rows = (picture->height + KG_TILE - 1) / KG_TILE,
	};

	for (size_t i = 0; i < kg_bench_codecs_count; i++)
		if (task->codecs >> i & 1 && (!picture->sequence || kg_bench_codecs[i]->sequences))
			measure_codec(kg_bench_codecs[i], task, &subject, &results->of[index][i]);
}

static int write_all(const void *data, size_t size)
{
	for (const uint8_t *at = data; size;) {
		ssize_t n = write(STDOUT_FILENO, at, size);

		if (n < 0)
			return -errno;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

int kg_measure_main(int fd)
{
	struct kg_measure_results *results = calloc(1, sizeof(*results));
	struct kg_measure_task *task = MAP_FAILED;
	struct kg_work *work = NULL;
	struct kg_dsp dsp;
	struct stat status;
	int r = KG_SYS(fstat(fd, &status));

	if (r >= 0 && (!results || (size_t)status.st_size < sizeof(*task)))
		r = results ? -EINVAL : -ENOMEM;
	if (r < 0)
		goto out;
	/* A copy of its own: each process has other pages, which is one of the things that make processes differ. */
	task = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (task == MAP_FAILED) {
		r = -errno;
		goto out;
	}
	r = kg_work_new(&work, task->threads);
	if (r < 0)
		goto out;
	kg_dsp_init(&dsp, (enum kg_cpu)task->cpu);
	for (uint32_t i = 0; i < task->count; i++)
		measure_picture(task, i, &dsp, work, results);
	r = write_all(results, sizeof(*results));
out:
	if (r < 0)
		fprintf(stderr, "codec-bench: cannot measure: %s\n", strerror(-r));
	if (task != MAP_FAILED)
		munmap(task, (size_t)status.st_size);
	kg_work_free(work);
	free(results);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
