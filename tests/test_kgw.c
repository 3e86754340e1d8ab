/*
 * Recordings: what is written comes back, in order and out of order; whatever is cut off or changed is refused with a
 * reason, and never read as something else than it is.
 */
#include "base/cursor.h"
#include "base/region.h"
#include "bench/workload/kgw.h"
#include "bench/workload/workload.h"
#include "tests/check.h"

#include <fcntl.h>
#include <sys/mman.h>

enum { WIDTH = 333, HEIGHT = 150, FRAMES = 260, SIZE = WIDTH * HEIGHT * 4 };

#define FIRST_US UINT64_C(5000000)
#define STEP_US 16667

struct shot {
	uint8_t pixels[SIZE];
	struct kg_region damage;
};

static struct shot *shots;

static void *all_of(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory) {
		printf("Bail out! no memory\n");
		exit(EXIT_FAILURE);
	}
	return memory;
}

/* A pointer for the frames from 2 on, another one from 130 on, none from 200 on. */
static bool pointer_at(uint32_t frame, struct kg_cursor *ret, uint8_t pixels[4 * 5 * 4])
{
	memset(pixels, (int)frame, 4 * 5 * 4);
	*ret = frame < 200 ? (struct kg_cursor){ 4, 5, 3, frame < 130 ? 1 : 2, pixels }
			   : (struct kg_cursor){ .pixels = pixels };
	return frame == 2 || frame == 130 || frame == 200;
}

/* Text that scrolls, which has new pixels, few changes and none. Frame 50 changes nothing at all. */
static void draw_shots(void)
{
	struct kg_workload *workload;
	uint8_t *pixels = all_of(SIZE);

	shots = all_of(FRAMES * sizeof(*shots));
	if (kg_workload_new(&workload, kg_workload_find("text-scroll"), pixels, WIDTH, HEIGHT, WIDTH * 4, 1)) {
		printf("Bail out! no workload\n");
		exit(EXIT_FAILURE);
	}
	for (uint32_t i = 0; i < FRAMES; i++) {
		kg_workload_draw(workload, i - (i >= 50), &shots[i].damage);
		memcpy(shots[i].pixels, pixels, SIZE);
	}
	kg_workload_free(workload);
	free(pixels);
}

static int file_of(const uint8_t *bytes, size_t size)
{
	int fd = memfd_create("recording", MFD_CLOEXEC);

	if (fd < 0 || (size && write(fd, bytes, size) != (ssize_t)size)) {
		printf("Bail out! no file\n");
		exit(EXIT_FAILURE);
	}
	return fd;
}

static int recorded(uint32_t frames, bool finish)
{
	int fd = file_of(NULL, 0), r;
	struct kg_kgw_writer *writer;
	uint8_t *noisy = all_of(SIZE);		// the fourth byte means nothing

	r = kg_kgw_writer_new(&writer, fd, WIDTH, HEIGHT);
	for (uint32_t i = 0; r == 0 && i < frames; i++) {
		uint8_t pixels[4 * 5 * 4];
		struct kg_cursor cursor;

		memcpy(noisy, shots[i].pixels, SIZE);
		for (size_t at = 3; at < SIZE; at += 4)
			noisy[at] = (uint8_t)rnd();
		r = kg_kgw_write(writer, noisy, WIDTH * 4, &shots[i].damage, FIRST_US + i * STEP_US,
				 pointer_at(i, &cursor, pixels) ? &cursor : NULL);
	}
	if (r == 0 && finish)
		r = kg_kgw_finish(writer, FIRST_US + frames * STEP_US);
	if (r < 0)
		note("cannot record: %d", r);
	kg_kgw_writer_free(writer);
	free(noisy);
	return fd;
}

/* The whole file, to be freed. */
static uint8_t *bytes_of(int fd, size_t *ret_size)
{
	off_t size = lseek(fd, 0, SEEK_END);
	uint8_t *bytes = all_of((size_t)size);

	if (pread(fd, bytes, (size_t)size, 0) != size)
		note("cannot read it back");
	*ret_size = (size_t)size;
	return bytes;
}

static bool covered(const struct kg_region *region, int32_t x, int32_t y)
{
	for (uint32_t i = 0; i < region->count; i++)
		if (kg_rect_contains(region->rects[i], (struct kg_rect){ x, y, x + 1, y + 1 }))
			return true;
	return false;
}

/* Nothing changed outside of the damage. */
static bool true_damage(const uint8_t *before, const uint8_t *now, const struct kg_region *damage)
{
	for (int32_t i = 0; i < WIDTH * HEIGHT; i++)
		if (memcmp(before + i * 4, now + i * 4, 3) && !covered(damage, i % WIDTH, i / WIDTH))
			return false;
	return true;
}

static void in_order(int fd)
{
	struct kg_kgw_reader *reader = NULL;
	uint8_t *pixels = all_of(SIZE), *before = all_of(SIZE), shape[4 * 5 * 4];
	struct kg_cursor cursor, expected;
	struct kg_region damage;
	const char *why;
	uint32_t width = 0, height = 0, same = 0, damaged = 0, pointers = 0, times = 0;

	ok(kg_kgw_reader_new(&reader, fd, &why) == 0, "a recording is opened");
	kg_kgw_size(reader, &width, &height);
	ok(width == WIDTH && height == HEIGHT && kg_kgw_frames(reader) == FRAMES &&
		   kg_kgw_length_us(reader) == (uint64_t)FRAMES * STEP_US,
	   "its size, frames and length are what was recorded");
	for (uint32_t i = 0; i < FRAMES; i++) {
		bool other = pointer_at(i, &expected, shape);

		memcpy(before, pixels, SIZE);
		same += kg_kgw_read(reader, i, pixels, WIDTH * 4, &damage, &why) == 0 &&
			!memcmp(pixels, shots[i].pixels, SIZE);
		damaged += i ? true_damage(before, pixels, &damage) : kg_region_bounds(&damage).right == WIDTH;
		pointers += kg_kgw_cursor(reader, &cursor) == other &&
			    (!other || (cursor.width == expected.width && cursor.hot_y == expected.hot_y &&
					(!cursor.width || !memcmp(cursor.pixels, shape, sizeof(shape)))));
		times += kg_kgw_times_us(reader)[i] == (uint64_t)i * STEP_US;
	}
	ok(same == FRAMES, "each frame comes back as it was (%u of %u)", same, FRAMES);
	ok(damaged == FRAMES, "nothing changes outside of its damage (%u)", damaged);
	ok(pointers == FRAMES, "the pointer's shape comes with its frame, and with no other (%u)", pointers);
	ok(times == FRAMES, "and the times are those of the pictures");
	kg_kgw_reader_free(reader);
	free(pixels);
	free(before);
}

static void out_of_order(int fd)
{
	struct kg_kgw_reader *reader = NULL;
	uint8_t *pixels = all_of(SIZE), *before = all_of(SIZE);
	uint32_t at = 0, same = 0, damaged = 0;
	struct kg_region damage;
	struct kg_cursor cursor;
	const char *why;

	if (kg_kgw_reader_new(&reader, fd, &why) < 0 || kg_kgw_read(reader, 0, pixels, WIDTH * 4, &damage, &why) < 0)
		note("%s", why);
	for (int i = 0; i < 120; i++) {
		uint32_t jump = rnd() % 3;

		at = jump ? (at + jump) % FRAMES : rnd() % FRAMES;
		memcpy(before, pixels, SIZE);
		same += kg_kgw_read(reader, at, pixels, WIDTH * 4, &damage, &why) == 0 &&
			!memcmp(pixels, shots[at].pixels, SIZE);
		damaged += true_damage(before, pixels, &damage);
	}
	ok(same == 120 && damaged == 120, "so it does after a jump in any direction, with its damage (%u, %u of 120)",
	   same, damaged);
	ok(kg_kgw_read(reader, at, pixels, WIDTH * 4, &damage, &why) == 0 && kg_region_empty(&damage),
	   "the same frame again is nothing new");
	kg_kgw_forget(reader);
	memset(pixels, 1, SIZE);
	ok(kg_kgw_read(reader, 50, pixels, WIDTH * 4, &damage, &why) == 0 && !memcmp(pixels, shots[50].pixels, SIZE) &&
		   kg_region_bounds(&damage).bottom == HEIGHT,
	   "and is made anew in other pixels");
	(void)kg_kgw_read(reader, 150, pixels, WIDTH * 4, &damage, &why);
	ok(kg_kgw_cursor(reader, &cursor) && cursor.hot_y == 2, "after a jump the pointer is the one of that frame");
	ok(kg_kgw_read(reader, FRAMES, pixels, WIDTH * 4, &damage, &why) == -EINVAL,
	   "a frame that there is not is none");
	kg_kgw_reader_free(reader);
	free(pixels);
	free(before);
}

/* Reads all that can be read; what comes back as a frame must be one. Returns whether anything was refused. */
static bool refused(const uint8_t *bytes, size_t size, uint32_t frames, bool *ret_lied, bool *ret_silent)
{
	int fd = file_of(bytes, size);
	struct kg_kgw_reader *reader = NULL;
	uint8_t *pixels = all_of(SIZE);
	const char *why = NULL;
	bool bad = kg_kgw_reader_new(&reader, fd, &why) < 0;
	uint32_t width, height;

	if (bad)
		*ret_silent |= !why;
	if (!bad) {
		kg_kgw_size(reader, &width, &height);
		bad = width != WIDTH || height != HEIGHT || kg_kgw_frames(reader) > frames;
	}
	for (uint32_t i = 0; !bad && i < kg_kgw_frames(reader); i++) {
		struct kg_region damage;
		int r;

		why = NULL;
		r = kg_kgw_read(reader, i, pixels, WIDTH * 4, &damage, &why);
		if (r < 0) {
			bad = true;
			*ret_silent |= !why;
		} else {
			*ret_lied |= memcmp(pixels, shots[i].pixels, SIZE) != 0;
		}
	}
	kg_kgw_reader_free(reader);
	close(fd);
	free(pixels);
	return bad;
}

static void cut_off(void)
{
	enum { SOME = 5 };
	int fd = recorded(SOME, true);
	bool lied = false, silent = false, all = true;
	size_t size;
	uint8_t *bytes = bytes_of(fd, &size);

	for (size_t part = 0; part < size; part += part < 64 || size - part < 100 ? 1 : 1 + rnd() % 101)
		all &= refused(bytes, part, SOME, &lied, &silent);
	ok(all && !lied && !silent, "a recording that is cut off anywhere is refused, with a reason");
	ok(!refused(bytes, size, SOME, &lied, &silent) && !lied, "the whole one is not");
	free(bytes);
	close(fd);
	fd = recorded(SOME, false);
	bytes = bytes_of(fd, &size);
	ok(refused(bytes, size, SOME, &lied, &silent) && !silent, "nor is one taken that was never finished");
	free(bytes);
	close(fd);
}

/* A checksum covers the pixels; what lies around them is checked by itself. Times and lengths may be other ones. */
static void changed(void)
{
	enum { SOME = 5 };
	int fd = recorded(SOME, true);
	bool lied = false, silent = false;
	uint32_t caught = 0, rounds = 300;
	size_t size;
	uint8_t *bytes = bytes_of(fd, &size);

	for (uint32_t i = 0; i < rounds; i++) {
		size_t at = i < 40 ? i : rnd() % size;
		uint8_t was = bytes[at];

		bytes[at] ^= (uint8_t)(1 << rnd() % 8);
		caught += refused(bytes, size, SOME, &lied, &silent);
		bytes[at] = was;
	}
	ok(!lied && !silent && caught > rounds * 3 / 4,
	   "one in which a bit is wrong gives a reason or true pictures (%u of %u refused)", caught, rounds);
	free(bytes);
	close(fd);
}

/* Of frame 2 in the index of a recording of SOME frames: what stands at its bytes 0 to 7 (where) or 8 to 15 (when). */
static void wrong_index(void)
{
	enum { SOME = 5 };
	int fd = recorded(SOME, true);
	bool lied = false, silent = false, all = true;
	size_t size;
	uint8_t *bytes = bytes_of(fd, &size), *index = bytes + size - SOME * 16;

	for (size_t part = 0; part < 16; part += 8) {
		uint8_t kept[8];

		memcpy(kept, index + 32 + part, 8);
		memcpy(index + 32 + part, index + 16 + part, 8);	// as the frame before
		all &= refused(bytes, size, SOME, &lied, &silent);
		memset(index + 32 + part, 0xff, 8);
		all &= refused(bytes, size, SOME, &lied, &silent);
		memcpy(index + 32 + part, kept, 8);
	}
	memset(index + 8, 1, 8);
	all &= refused(bytes, size, SOME, &lied, &silent);
	ok(all && !lied && !silent, "an index whose frames or times do not rise is refused");
	free(bytes);
	close(fd);
}

static void refusals(void)
{
	struct kg_kgw_writer *writer = NULL;
	int fd = file_of(NULL, 0), full = open("/dev/full", O_WRONLY | O_CLOEXEC),
	    null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct kg_kgw_reader *reader = NULL;
	const char *why = NULL;

	ok(kg_kgw_writer_new(&writer, fd, 0, 5) == -EINVAL && kg_kgw_writer_new(&writer, fd, 5, 8193) == -EINVAL &&
		   !writer,
	   "sides of 0 or too long are refused");
	ok(kg_kgw_writer_new(&writer, fd, 5, 5) == 0 && kg_kgw_finish(writer, 0) == -ENODATA,
	   "a recording without a frame is none");
	kg_kgw_writer_free(writer);
	writer = NULL;
	ok(kg_kgw_writer_new(&writer, full, 5, 5) == -ENOSPC && !writer, "a full disk is told");
	ok(kg_kgw_reader_new(&reader, null, &why) == -EBADMSG && why && !reader, "what is no file is no recording");
	close(fd);
	close(full);
	close(null);
}

/* For the corpus of the fuzz target: DUMP=FILE ./tests/test_kgw */
static void dump(const char *path)
{
	int fd = recorded(3, true), to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	size_t size;
	uint8_t *bytes = bytes_of(fd, &size);

	if (to < 0 || write(to, bytes, size) != (ssize_t)size)
		note("cannot write %s", path);
	close(to);
	close(fd);
	free(bytes);
}

int main(int argc, char **argv)
{
	int fd;

	check_init(argc, argv);
	draw_shots();
	if (getenv("DUMP"))
		dump(getenv("DUMP"));
	fd = recorded(FRAMES, true);
	in_order(fd);
	out_of_order(fd);
	close(fd);
	cut_off();
	changed();
	wrong_index();
	refusals();
	free(shots);
	return tap_end();
}
