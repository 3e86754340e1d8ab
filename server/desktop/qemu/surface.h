/*
 * The memory that a guest draws into, as QEMU shows it: a file of memory that QEMU goes on writing (ScanoutMap), or pixels
 * that came in messages (Scanout, Update). Everything that QEMU says of it is checked here.
 *
 * A mapping of a file that QEMU shrinks would end this process by SIGBUS, and QEMU's files carry no seals against it. So
 * nothing is mapped: pixels are read with pread(2), which simply ends early.
 */
#pragma once

#include "base/rect.h"

struct kg_qemu_format;

struct kg_qemu_surface {
	uint32_t width, height;			// 0 x 0: none
	int fd;					// of the file, -1: pixels are in memory
	uint64_t offset;			// of the first pixel in the file
	uint32_t stride;
	uint8_t *memory;			// stride * height bytes
	const struct kg_qemu_format *format;
};

void kg_qemu_surface_init(struct kg_qemu_surface *surface);
void kg_qemu_surface_done(struct kg_qemu_surface *surface);	// and it is none again

/*
 * Each replaces what was, and leaves it as it was on failure: -EINVAL for sizes that do not fit together, -EMSGSIZE for a
 * desktop that is too large, -ENOTSUP for a pixel format that is not known, -EMEDIUMTYPE for a file that is no memory.
 * format is pixman's number. fd stays the caller's.
 */
int kg_qemu_surface_map(struct kg_qemu_surface *surface, int fd, uint32_t offset, uint32_t width, uint32_t height,
			uint32_t stride, uint32_t format);
int kg_qemu_surface_fill(struct kg_qemu_surface *surface, uint32_t width, uint32_t height, uint32_t stride,
			 uint32_t format, const uint8_t *data, size_t size);

/* Changes a part of a surface in memory. What lies outside is cut off; *ret is what was changed. */
int kg_qemu_surface_update(struct kg_qemu_surface *surface, struct kg_rect *ret, int32_t x, int32_t y, int32_t width,
			   int32_t height, uint32_t stride, uint32_t format, const uint8_t *data, size_t size);

/* Copies a part, which lies inside, to the same place of a picture of B, G, R, X bytes of the same size.
 * -ENODATA: the file has become too short. */
int kg_qemu_surface_copy(const struct kg_qemu_surface *surface, struct kg_rect part, uint8_t *pixels, size_t stride);
