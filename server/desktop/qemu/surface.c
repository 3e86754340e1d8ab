/* A guest's pixels: checked, and read without mapping them. */
#include "server/desktop/qemu/surface.h"

#include "base/limits.h"

#include <fcntl.h>

#define PIXEL 4		// bytes, of every format here

/* Where blue, green and red are in the bytes of a pixel. Numbers as in pixman.h: bits, type, and bits per component. */
struct kg_qemu_format {
	uint32_t pixman;
	uint8_t blue, green, red;
};

static const struct kg_qemu_format formats[] = {
	{ 0x20020888, 0, 1, 2 },	// x8r8g8b8: what QEMU's own devices draw
	{ 0x20028888, 0, 1, 2 },	// a8r8g8b8
	{ 0x20030888, 2, 1, 0 },	// x8b8g8r8: the rest are a virtio-gpu guest's choice
	{ 0x20038888, 2, 1, 0 },	// a8b8g8r8
	{ 0x20080888, 3, 2, 1 },	// b8g8r8x8
	{ 0x20088888, 3, 2, 1 },	// b8g8r8a8
	{ 0x20090888, 1, 2, 3 },	// r8g8b8x8
	{ 0x20098888, 1, 2, 3 },	// r8g8b8a8
};

static const struct kg_qemu_format *format_find(uint32_t pixman)
{
	for (size_t i = 0; i < KG_ARRAY_SIZE(formats); i++) {
		if (formats[i].pixman == pixman)
			return &formats[i];
	}
	return NULL;
}

/* B, G, R, X from what the format has, in place. */
static void convert(const struct kg_qemu_format *format, uint8_t *pixels, size_t count)
{
	if (format->blue == 0)
		return;
	for (uint8_t *at = pixels; count > 0; count--, at += PIXEL) {
		uint8_t blue = at[format->blue], green = at[format->green], red = at[format->red];

		at[0] = blue;
		at[1] = green;
		at[2] = red;
	}
}

/* Bytes from the first pixel to the end of the last. With sizes in their limits nothing overflows 64 bits. */
static uint64_t span(uint32_t width, uint32_t height, uint32_t stride)
{
	return (uint64_t)stride * (height - 1) + (uint64_t)width * PIXEL;
}

static int check_size(uint32_t width, uint32_t height, uint32_t stride)
{
	if (width < KG_DESKTOP_SIZE_MIN || height < KG_DESKTOP_SIZE_MIN)
		return -EINVAL;
	if (width > KG_DESKTOP_SIZE_MAX || height > KG_DESKTOP_SIZE_MAX)
		return -EMSGSIZE;
	return stride < width * PIXEL ? -EINVAL : 0;
}

void kg_qemu_surface_init(struct kg_qemu_surface *surface)
{
	*surface = (struct kg_qemu_surface){ .fd = -1 };
}

void kg_qemu_surface_done(struct kg_qemu_surface *surface)
{
	kg_close(surface->fd);
	free(surface->memory);
	kg_qemu_surface_init(surface);
}

static int read_file(int fd, uint8_t *to, size_t size, uint64_t at)
{
	while (size > 0) {
		ssize_t n = pread(fd, to, size, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ENODATA;
		to += n;
		at += (uint64_t)n;
		size -= (size_t)n;
	}
	return 0;
}

/*
 * Only files of memory have seals to ask for; reading another kind could make this process wait. Whether it is long enough is
 * asked by reading the last pixel.
 */
static int check_file(int fd, uint64_t end)
{
	uint8_t pixel[PIXEL];
	int r = KG_SYS(fcntl(fd, F_GET_SEALS));

	if (r < 0)
		return r == -EINVAL ? -EMEDIUMTYPE : r;
	r = read_file(fd, pixel, sizeof(pixel), end - sizeof(pixel));
	return r == -ENODATA ? -EINVAL : r;
}

int kg_qemu_surface_map(struct kg_qemu_surface *surface, int fd, uint32_t offset, uint32_t width, uint32_t height,
			uint32_t stride, uint32_t format)
{
	const struct kg_qemu_format *found = format_find(format);
	int r = check_size(width, height, stride);

	if (r < 0)
		return r;
	if (!found)
		return -ENOTSUP;
	r = check_file(fd, offset + span(width, height, stride));
	if (r < 0)
		return r;
	fd = KG_SYS(fcntl(fd, F_DUPFD_CLOEXEC, 0));
	if (fd < 0)
		return fd;
	kg_qemu_surface_done(surface);
	*surface = (struct kg_qemu_surface){
		.width = width, .height = height, .fd = fd, .offset = offset, .stride = stride, .format = found
	};
	return 0;
}

int kg_qemu_surface_fill(struct kg_qemu_surface *surface, uint32_t width, uint32_t height, uint32_t stride,
			 uint32_t format, const uint8_t *data, size_t size)
{
	const struct kg_qemu_format *found = format_find(format);
	int r = check_size(width, height, stride);
	uint8_t *memory;

	if (r < 0)
		return r;
	if (!found)
		return -ENOTSUP;
	if (span(width, height, stride) > size)
		return -EINVAL;
	memory = malloc((size_t)width * height * PIXEL);
	if (!memory)
		return -ENOMEM;
	for (uint32_t y = 0; y < height; y++)
		memcpy(memory + (size_t)y * width * PIXEL, data + (size_t)y * stride, (size_t)width * PIXEL);
	kg_qemu_surface_done(surface);
	*surface = (struct kg_qemu_surface){
		.width = width, .height = height, .fd = -1, .stride = width * PIXEL, .memory = memory, .format = found
	};
	return 0;
}

int kg_qemu_surface_update(struct kg_qemu_surface *surface, struct kg_rect *ret, int32_t x, int32_t y, int32_t width,
			   int32_t height, uint32_t stride, uint32_t format, const uint8_t *data, size_t size)
{
	struct kg_rect part;
	size_t skip_x, skip_y;
	int r;

	if (width < 0 || height < 0)
		return -EINVAL;
	r = check_size((uint32_t)width, (uint32_t)height, stride);
	if (r < 0)
		return r;
	/* An update has its scan-out's format; an update of what is not in memory has no scan-out. */
	if (!surface->memory || format != surface->format->pixman ||
	    span((uint32_t)width, (uint32_t)height, stride) > size)
		return -EINVAL;
	part = kg_rect_intersect(kg_rect_from(x, y, width, height), kg_rect_of_size(surface->width, surface->height));
	*ret = part;
	if (kg_rect_empty(part))
		return 0;
	skip_x = (size_t)((int64_t)part.left - x);
	skip_y = (size_t)((int64_t)part.top - y);
	for (size_t row = 0; row < kg_rect_height(part); row++)
		memcpy(surface->memory + ((size_t)part.top + row) * surface->stride + (size_t)part.left * PIXEL,
		       data + (skip_y + row) * stride + skip_x * PIXEL, (size_t)kg_rect_width(part) * PIXEL);
	return 0;
}

int kg_qemu_surface_copy(const struct kg_qemu_surface *surface, struct kg_rect part, uint8_t *pixels, size_t stride)
{
	size_t row = (size_t)kg_rect_width(part) * PIXEL, left = (size_t)part.left * PIXEL;
	/* Whole rows that lie together on both sides are one read. */
	bool together = row == surface->stride && row == stride;
	size_t count = together ? 1 : kg_rect_height(part), size = together ? row * kg_rect_height(part) : row;
	int r = 0;

	if (kg_rect_empty(part))
		return 0;
	for (size_t i = 0; i < count && r >= 0; i++) {
		size_t y = (size_t)part.top + i;
		uint8_t *to = pixels + y * stride + left;

		if (surface->memory)
			memcpy(to, surface->memory + y * surface->stride + left, size);
		else
			r = read_file(surface->fd, to, size, surface->offset + (uint64_t)y * surface->stride + left);
		convert(surface->format, to, size / PIXEL);
	}
	return r;
}
