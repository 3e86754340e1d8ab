/*
 * Target: the scan-outs and updates of a QEMU (server/desktop/qemu/surface.c). The bytes are a list of calls, each with six
 * numbers; pixels are the bytes that follow, and the file that is mapped has a length of its own.
 */
#include "base/limits.h"
#include "base/reader.h"
#include "server/desktop/qemu/surface.h"
#include "tests/fuzz/fuzz.h"

#include <sys/mman.h>

#define FILE_SIZE_MAX (1u << 20)
#define PICTURE_PIXELS_MAX (1u << 20)	// larger ones are checked, not copied

/* What console.c does when a frame is wanted. */
static void copy_all(const struct kg_qemu_surface *surface)
{
	size_t stride = (size_t)surface->width * 4;
	uint8_t *picture;

	if (surface->width > KG_DESKTOP_SIZE_MAX || surface->height > KG_DESKTOP_SIZE_MAX)
		abort();
	if (!surface->width || (size_t)surface->width * surface->height > PICTURE_PIXELS_MAX)
		return;
	picture = malloc(stride * surface->height);
	if (!picture)
		abort();
	(void)kg_qemu_surface_copy(surface, kg_rect_of_size(surface->width, surface->height), picture, stride);
	free(picture);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static int file = -1;
	struct kg_reader reader = kg_reader_of(bytes, size);
	struct kg_qemu_surface surface;
	struct kg_rect changed;

	if (file < 0)
		file = memfd_create("fuzz", MFD_CLOEXEC);
	if (file < 0 || ftruncate(file, 0) < 0)
		abort();
	kg_qemu_surface_init(&surface);
	while (kg_reader_left(&reader) >= 1 + 6 * 4) {
		uint8_t what = kg_read_u8(&reader);
		uint32_t n[6];

		for (int i = 0; i < 6; i++)
			n[i] = kg_read_u32(&reader);
		switch (what % 4) {
		case 0:
			if (ftruncate(file, n[0] % FILE_SIZE_MAX) < 0)
				abort();
			break;
		case 1:
			(void)kg_qemu_surface_map(&surface, file, n[0], n[1], n[2], n[3], n[4]);
			break;
		case 2:
			(void)kg_qemu_surface_fill(&surface, n[0], n[1], n[2], n[3], reader.at, kg_reader_left(&reader));
			break;
		case 3:
			if (kg_qemu_surface_update(&surface, &changed, (int32_t)n[0], (int32_t)n[1], (int32_t)n[2],
						   (int32_t)n[3], n[4], n[5], reader.at, kg_reader_left(&reader)) == 0 &&
			    !kg_rect_empty(changed) &&
			    (changed.left < 0 || changed.top < 0 || changed.right > (int32_t)surface.width ||
			     changed.bottom > (int32_t)surface.height))
				abort();
			break;
		}
		copy_all(&surface);
	}
	kg_qemu_surface_done(&surface);
	return 0;
}
