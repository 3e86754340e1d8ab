/* Memory that the X server writes pictures into. */
#include "server/desktop/x11/segment.h"

#include <fcntl.h>
#include <sys/mman.h>

int kg_x11_segment_new(struct kg_x11_segment **ret, xcb_connection_t *c, uint32_t width, uint32_t height)
{
	struct kg_x11_segment *segment = calloc(1, sizeof(*segment));
	size_t size;
	int fd = -1, r;

	if (!segment)
		return -ENOMEM;
	segment->refs = 1;
	segment->memory = MAP_FAILED;
	segment->width = width;
	segment->height = height;
	r = -EOVERFLOW;
	if (kg_mul_overflows((size_t)width * 4, height, &segment->screen_size))
		goto fail;
	segment->packed_size = segment->screen_size / 2;
	if (kg_add_overflows(segment->screen_size, segment->packed_size, &size))
		goto fail;
	r = fd = KG_SYS(memfd_create("kagami-x11", MFD_CLOEXEC | MFD_ALLOW_SEALING));
	if (r < 0)
		goto fail;
	r = KG_SYS(ftruncate(fd, (off_t)size));
	if (r < 0)
		goto fail;
	r = KG_SYS(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL));
	if (r < 0)
		goto fail;
	segment->memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (segment->memory == MAP_FAILED) {
		r = -errno;
		goto fail;
	}
	segment->id = xcb_generate_id(c);
	xcb_shm_attach_fd(c, segment->id, fd, 0);	// closes fd once it is sent
	*ret = segment;
	return 0;

fail:
	kg_close(fd);
	kg_x11_segment_unref(segment);
	return r;
}

void kg_x11_segment_unref(struct kg_x11_segment *segment)
{
	if (!segment || --segment->refs)
		return;
	if (segment->memory != MAP_FAILED)
		munmap(segment->memory, segment->screen_size + segment->packed_size);
	free(segment);
}

size_t kg_x11_segment_pack(struct kg_x11_segment *segment, uint32_t width, uint32_t height)
{
	size_t size = (size_t)width * 4 * height, offset = segment->screen_size + segment->packed_used;

	if (size > segment->packed_size - segment->packed_used)
		return 0;
	segment->packed_used += size;
	return offset;
}

void kg_x11_segment_unpack(struct kg_x11_segment *segment, size_t offset, struct kg_rect rect)
{
	size_t stride = (size_t)segment->width * 4, row = (size_t)kg_rect_width(rect) * 4;
	uint8_t *to = segment->memory + (size_t)rect.top * stride + (size_t)rect.left * 4;
	const uint8_t *from = segment->memory + offset;

	for (int32_t y = rect.top; y < rect.bottom; y++, to += stride, from += row)
		memcpy(to, from, row);
}

static void frame_release(struct kg_frame *frame)
{
	kg_x11_segment_unref(frame->owner);
	free(frame);
}

int kg_x11_segment_frame(struct kg_x11_segment *segment, struct kg_frame **ret)
{
	struct kg_frame *frame = calloc(1, sizeof(*frame));
	int r;

	if (!frame)
		return -ENOMEM;
	r = kg_frame_init(frame, segment->width, segment->height, segment->width * 4, segment->memory, frame_release,
			  segment);
	if (r < 0) {
		free(frame);
		return r;
	}
	segment->refs++;
	*ret = frame;
	return 0;
}
