/* Target: recordings of desktops. Whatever they say of themselves, each frame is tried, in order and from the end. */
#include "tests/fuzz/fuzz.h"

#include "base/region.h"
#include "bench/workload/kgw.h"

#include <sys/mman.h>

#define SIDE_MAX 512		// larger pictures cost memory and find nothing else
#define FRAMES_MAX 64

static void read_all(struct kg_kgw_reader *reader, uint32_t width, uint32_t height)
{
	uint32_t frames = KG_MIN(kg_kgw_frames(reader), (uint32_t)FRAMES_MAX);
	uint8_t *pixels = calloc((size_t)width * height, 4);
	struct kg_region damage;
	const char *why;

	if (!pixels)
		abort();
	for (uint32_t i = 0; i < frames; i++)
		if (kg_kgw_read(reader, i, pixels, (size_t)width * 4, &damage, &why) == 0) {
			struct kg_rect bounds = kg_region_bounds(&damage);

			if (!kg_region_empty(&damage) && !kg_rect_contains(kg_rect_of_size(width, height), bounds))
				abort();
		}
	for (uint32_t i = frames; i > 0; i -= KG_MIN(i, 7u))
		(void)kg_kgw_read(reader, i - 1, pixels, (size_t)width * 4, &damage, &why);
	free(pixels);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct kg_kgw_reader *reader;
	uint32_t width, height;
	const char *why;

	if (fd < 0 || (size && write(fd, bytes, size) != (ssize_t)size))
		abort();
	if (kg_kgw_reader_new(&reader, fd, &why) == 0) {
		kg_kgw_size(reader, &width, &height);
		if (width <= SIDE_MAX && height <= SIDE_MAX)
			read_all(reader, width, height);
		kg_kgw_reader_free(reader);
	}
	close(fd);
	return 0;
}
