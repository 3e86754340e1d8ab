/* The ring of encoded bytes: a memfd sealed so that only the mapping made here can change it. */
#include "base/ring.h"

#include "base/limits.h"

#include <fcntl.h>
#include <sys/mman.h>

/* FUTURE_WRITE: our own mapping, made before, goes on writing; every later write(2) or writable mapping is refused. */
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL)

static bool size_is_valid(size_t size)
{
	return size >= (size_t)sysconf(_SC_PAGESIZE) && size <= KG_RING_SIZE_MAX && (size & (size - 1)) == 0;
}

int kg_ring_init(struct kg_ring *ring, size_t size)
{
	size_t rounded = (size_t)sysconf(_SC_PAGESIZE);
	void *memory;
	int r;

	*ring = (struct kg_ring){ .fd = -1 };
	if (size > KG_RING_SIZE_MAX)
		return -EINVAL;
	while (rounded < size)
		rounded *= 2;

	r = ring->fd = KG_SYS(memfd_create("kagami-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING));
	if (r < 0)
		goto fail;
	r = KG_SYS(ftruncate(ring->fd, (off_t)rounded));
	if (r < 0)
		goto fail;
	memory = mmap(NULL, rounded, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (memory == MAP_FAILED) {
		r = -errno;
		goto fail;
	}
	ring->memory = memory;
	ring->size = rounded;
	r = KG_SYS(fcntl(ring->fd, F_ADD_SEALS, SEALS));
	if (r < 0)
		goto fail;
	return 0;

fail:
	if (ring->memory)
		munmap(ring->memory, ring->size);
	kg_close(ring->fd);
	*ring = (struct kg_ring){ .fd = -1 };
	return r;
}

int kg_ring_init_reader(struct kg_ring *ring, int fd)
{
	void *memory;
	off_t size;
	int r;

	*ring = (struct kg_ring){ .fd = fd };
	/* Seals exist on memfds only, so this also shows what kind of file it is. Without them the peer could shrink the
	 * file under the mapping: reading it would then kill us. */
	r = KG_SYS(fcntl(fd, F_GET_SEALS));
	if (r < 0)
		goto fail;
	if ((r & SEALS) != SEALS) {
		r = -EPROTO;
		goto fail;
	}
	/* Not by fstat(): in glibc that is a call with a path, which a locked session may not make. */
	size = lseek(fd, 0, SEEK_END);
	if (size < 0) {
		r = -errno;
		goto fail;
	}
	if (!size_is_valid((size_t)size)) {
		r = -EPROTO;
		goto fail;
	}
	memory = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED) {
		r = -errno;
		goto fail;
	}
	ring->memory = memory;
	ring->size = (size_t)size;
	return 0;

fail:
	kg_close(fd);
	*ring = (struct kg_ring){ .fd = -1 };
	return r;
}

void kg_ring_done(struct kg_ring *ring)
{
	/* The two calls that make a ring leave both or neither; a zeroed object does not own descriptor 0. */
	if (ring->memory) {
		munmap(ring->memory, ring->size);
		kg_close(ring->fd);
	}
	*ring = (struct kg_ring){ .fd = -1 };
}

/* Where the next piece of this length begins: here, or at the next multiple of the size. */
static uint64_t next_start(const struct kg_ring *ring, size_t length)
{
	uint64_t left = ring->size - (ring->written & (ring->size - 1));

	return length <= left ? ring->written : ring->written + left;
}

/*
 * What lies between freed and written counts as taken, with the bytes that were skipped before the end. Only when all is
 * read can a piece go past them: so the longest piece always finds room in the end.
 */
uint8_t *kg_ring_room(struct kg_ring *ring, size_t length)
{
	uint64_t start;

	if (length == 0 || length > KG_SLICE_SIZE_MAX || length > ring->size)
		return NULL;
	start = next_start(ring, length);
	if (start + length - ring->freed > ring->size && ring->freed != ring->written)
		return NULL;
	ring->room = start;
	return ring->memory + (start & (ring->size - 1));
}

uint64_t kg_ring_commit(struct kg_ring *ring, size_t length)
{
	ring->written = ring->room + length;
	return ring->room;
}

int kg_ring_release(struct kg_ring *ring, uint64_t position)
{
	if (position < ring->freed || position > ring->written)
		return -EPROTO;
	ring->freed = position;
	return 0;
}

const uint8_t *kg_ring_piece(const struct kg_ring *ring, uint64_t position, size_t length)
{
	uint64_t place;

	if (!ring->memory || length == 0 || length > KG_SLICE_SIZE_MAX)
		return NULL;
	place = position & (ring->size - 1);
	return length > ring->size - place ? NULL : ring->memory + place;
}
