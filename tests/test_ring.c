/* The ring: what the reader may not do, and a writer against a model of who owns each byte. */
#include "base/limits.h"
#include "base/ring.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

static void test_reader_cannot_write(void)
{
	struct kg_ring ring, reader;
	char path[64];
	void *memory;
	int fd;

	if (kg_ring_init(&ring, 5000) < 0)
		abort();
	ok(ring.size == 8192, "a size is rounded up to a power of two (%zu)", ring.size);
	ok(fcntl(ring.fd, F_GETFD) & FD_CLOEXEC, "the descriptor is closed by exec");
	if (kg_ring_init_reader(&reader, dup(ring.fd)) < 0)
		abort();
	ok(reader.size == ring.size, "a reader maps it");

	memory = mmap(NULL, ring.size, PROT_READ | PROT_WRITE, MAP_SHARED, reader.fd, 0);
	ok(memory == MAP_FAILED && errno == EPERM, "the reader cannot map it writable");
	ok(mprotect(reader.memory, reader.size, PROT_READ | PROT_WRITE) < 0, "nor make its mapping writable");
	ok(write(reader.fd, "x", 1) < 0 && errno == EPERM, "nor write() to it");
	ok(pwrite(reader.fd, "x", 1, 100) < 0 && errno == EPERM, "nor pwrite()");
	ok(ftruncate(reader.fd, 4096) < 0 && ftruncate(reader.fd, 16384) < 0, "nor change its size");
	ok(fallocate(reader.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) < 0, "nor punch a hole");
	ok(fcntl(reader.fd, F_ADD_SEALS, F_SEAL_WRITE) < 0, "nor seal it against the writer");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", reader.fd);
	fd = open(path, O_RDWR);
	memory = fd < 0 ? MAP_FAILED : mmap(NULL, ring.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ok(memory == MAP_FAILED && (fd < 0 || write(fd, "x", 1) < 0), "nor by opening it anew");
	kg_close(fd);

	memset(kg_ring_room(&ring, 100), 0xa5, 100);
	ok(kg_ring_commit(&ring, 100) == 0 && kg_ring_piece(&reader, 0, 100)[99] == 0xa5, "the writer's bytes are read");
	kg_ring_done(&reader);
	kg_ring_done(&ring);
	ok(ring.fd == -1 && !ring.memory, "done leaves nothing");
	kg_ring_done(&ring);
}

static int make_memfd(off_t size, int seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, size) < 0 || fcntl(fd, F_ADD_SEALS, seals) < 0)
		abort();
	return fd;
}

static void test_reader_refuses(void)
{
	enum { SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL };
	static const struct {
		const char *what;
		off_t size;
		int seals;
	} cases[] = {
		{ "an empty file", 0, SEALS },
		{ "less than a page", 2048, SEALS },
		{ "no power of two", 12288, SEALS },
		{ "more than the limit", (off_t)KG_RING_SIZE_MAX * 2, SEALS },
		{ "a file that can shrink", 8192, SEALS & ~F_SEAL_SHRINK },
		{ "a file that can grow", 8192, SEALS & ~F_SEAL_GROW },
		{ "a file that others can write", 8192, SEALS & ~F_SEAL_FUTURE_WRITE },
		{ "a file that can be sealed further", 8192, SEALS & ~F_SEAL_SEAL },
		{ "a file without seals", 8192, 0 },
	};
	struct kg_ring ring = { .fd = -1 };
	int fd, pipes[2];

	for (size_t i = 0; i < KG_ARRAY_SIZE(cases); i++) {
		fd = make_memfd(cases[i].size, cases[i].seals);
		ok(kg_ring_init_reader(&ring, fd) < 0 && fcntl(fd, F_GETFD) < 0 && ring.fd == -1 && !ring.memory,
		   "a reader refuses %s, and closes it", cases[i].what);
	}
	fd = make_memfd(8192, SEALS);
	ok(kg_ring_init_reader(&ring, fd) == 0, "while one that is right is taken");
	kg_ring_done(&ring);
	if (pipe(pipes) < 0)
		abort();
	ok(kg_ring_init_reader(&ring, pipes[0]) < 0 && fcntl(pipes[0], F_GETFD) < 0, "a reader refuses a pipe");
	close(pipes[1]);
	ok(kg_ring_init_reader(&ring, open("/etc/passwd", O_RDONLY | O_CLOEXEC)) < 0, "and a file");
	ok(kg_ring_init_reader(&ring, -1) < 0, "and nothing");
	ok(kg_ring_init(&ring, (size_t)KG_RING_SIZE_MAX + 1) == -EINVAL, "a ring above the limit is not made");
	kg_ring_done(&ring);
}

static void test_pieces(void)
{
	struct kg_ring ring;
	const uint64_t size = KG_SLICE_SIZE_MAX * 2;

	kg_ring_init(&ring, size);
	ok(kg_ring_piece(&ring, 0, 1) == ring.memory, "a piece at the start");
	ok(kg_ring_piece(&ring, size - 1, 1) == ring.memory + size - 1, "a piece at the end");
	ok(!kg_ring_piece(&ring, size - 1, 2), "no piece that wraps");
	ok(!kg_ring_piece(&ring, size * 7 - 100, 101), "no piece that wraps, later");
	ok(kg_ring_piece(&ring, size * 7 - 100, 100) == ring.memory + size - 100, "but one up to the end");
	ok(!kg_ring_piece(&ring, 0, 0), "no empty piece");
	ok(!kg_ring_piece(&ring, 0, KG_SLICE_SIZE_MAX + 1), "none above the limit");
	ok(!kg_ring_piece(&ring, 0, SIZE_MAX) && !kg_ring_piece(&ring, UINT64_MAX, SIZE_MAX) &&
		   !kg_ring_piece(&ring, UINT64_MAX, 2) && !kg_ring_piece(&ring, 1, SIZE_MAX - 1),
	   "none whose sum overflows");
	ok(kg_ring_piece(&ring, UINT64_MAX, 1) == ring.memory + size - 1, "the last position of all lies inside");
	ok(!kg_ring_room(&ring, 0) && !kg_ring_room(&ring, KG_SLICE_SIZE_MAX + 1) && !kg_ring_room(&ring, SIZE_MAX),
	   "no room for nothing or too much");
	kg_ring_done(&ring);
	ok(!kg_ring_piece(&ring, 0, 1), "no piece of a ring that is gone");
}

static void test_release(void)
{
	struct kg_ring ring;

	kg_ring_init(&ring, 4096);
	kg_ring_room(&ring, 100);
	kg_ring_commit(&ring, 100);
	ok(kg_ring_release(&ring, 101) == -EPROTO, "what was never written is not released");
	ok(kg_ring_release(&ring, UINT64_MAX) == -EPROTO, "nor the end of all positions");
	ok(kg_ring_release(&ring, 100) == 0, "what was written is");
	ok(kg_ring_release(&ring, 100) == 0, "again, too");
	ok(kg_ring_release(&ring, 99) == -EPROTO, "but not backwards");
	ok(kg_ring_room(&ring, 4096) && kg_ring_commit(&ring, 4096) == 4096, "the longest piece has room in an empty ring");
	ok(!kg_ring_room(&ring, 1), "then nothing has");
	ok(kg_ring_release(&ring, 8192) == 0 && kg_ring_room(&ring, 1), "until it is read");
	kg_ring_release(&ring, 8192);
	kg_ring_room(&ring, 100);
	kg_ring_commit(&ring, 100);
	kg_ring_release(&ring, 8292);
	ok(kg_ring_room(&ring, 4090) == ring.memory && kg_ring_commit(&ring, 10) == 12288,
	   "a piece that became shorter lies where its room began");
	kg_ring_done(&ring);
}

struct piece {
	uint64_t position;
	size_t length;
	uint8_t seed;
};

/* The reader sees what the writer wrote, and no room is ever given where a piece still waits. */
static void test_property(void)
{
	enum { SIZE = 4096, PIECES = 256 };
	bool intact = true, apart = true, ordered = true, live = true, taken = true;
	unsigned written = 0, refused = 0;

	for (int run = 0; run < 50; run++) {
		struct kg_ring ring, reader;
		struct piece queue[PIECES];
		unsigned head = 0, tail = 0;
		uint64_t end = 0;
		size_t longest = 1 + rnd() % SIZE;

		if (kg_ring_init(&ring, SIZE) < 0 || kg_ring_init_reader(&reader, dup(ring.fd)) < 0)
			abort();
		for (int step = 0; step < 2000; step++) {
			size_t length = 1 + rnd() % longest;
			uint8_t *room;

			if (rnd() % 2 && tail - head < PIECES) {
				room = kg_ring_room(&ring, length);
				if (!room) {
					refused++;
					live &= head != tail;	// an empty ring has room for every piece
					continue;
				}
				for (unsigned i = head; i < tail; i++) {
					uint8_t *at = ring.memory + queue[i % PIECES].position % SIZE;

					apart &= room + length <= at || at + queue[i % PIECES].length <= room;
				}
				apart &= room >= ring.memory && room + length <= ring.memory + SIZE;
				struct piece *piece = &queue[tail % PIECES];

				piece->seed = (uint8_t)rnd();
				for (size_t i = 0; i < length; i++)
					room[i] = (uint8_t)(piece->seed + i * 7);
				if (rnd() % 8 == 0)
					continue;	// not committed: nothing was taken
				piece->length = length;
				piece->position = kg_ring_commit(&ring, length);
				taken &= ring.memory + piece->position % SIZE == room;
				ordered &= piece->position >= end;
				end = piece->position + length;
				tail++;
				written++;
			} else if (head != tail) {
				struct piece *piece = &queue[head++ % PIECES];
				const uint8_t *at = kg_ring_piece(&reader, piece->position, piece->length);

				for (size_t i = 0; at && i < piece->length; i++)
					intact &= at[i] == (uint8_t)(piece->seed + i * 7);
				intact &= at != NULL;
				if (rnd() % 4 || head == tail)	// several at once are fine
					intact &= kg_ring_release(&ring, piece->position + piece->length) == 0;
			}
		}
		kg_ring_done(&reader);
		kg_ring_done(&ring);
	}
	ok(intact, "each of %u pieces is read as it was written", written);
	ok(apart, "room never overlaps a piece that waits");
	ok(taken && ordered, "a piece lies where room was given, and positions only grow");
	ok(live && refused > 0, "an empty ring has room for every piece, a full one for none (%u)", refused);
}

int main(void)
{
	tap_seed_init();
	test_reader_cannot_write();
	test_reader_refuses();
	test_pieces();
	test_release();
	test_property();
	return tap_end();
}
