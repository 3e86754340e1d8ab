/* Reference counting of frames; loop thread only. */
#include "base/frame.h"

#include "base/limits.h"

#include <assert.h>

int kg_frame_init(struct kg_frame *frame, uint32_t width, uint32_t height, uint32_t stride, const uint8_t *pixels,
		  void (*release)(struct kg_frame *frame), void *owner)
{
	size_t size;

	if (width < KG_DESKTOP_SIZE_MIN || width > KG_DESKTOP_SIZE_MAX || height < KG_DESKTOP_SIZE_MIN ||
	    height > KG_DESKTOP_SIZE_MAX || stride < width * 4 || !pixels || !release ||
	    kg_mul_overflows(stride, height, &size))
		return -EINVAL;
	*frame = (struct kg_frame){
		.width = width,
		.height = height,
		.stride = stride,
		.pixels = pixels,
		.release = release,
		.owner = owner,
		.refs = 1,
	};
	return 0;
}

struct kg_frame *kg_frame_ref(struct kg_frame *frame)
{
	assert(frame->refs > 0 && frame->refs < UINT32_MAX);
	frame->refs++;
	return frame;
}

void kg_frame_unref(struct kg_frame *frame)
{
	if (!frame)
		return;
	assert(frame->refs > 0);
	if (--frame->refs == 0)
		frame->release(frame);
}
