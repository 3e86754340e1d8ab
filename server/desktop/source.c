/* Forwards the calls of a source to its kind, and checks them. */
#include "server/desktop/source.h"

#include "base/limits.h"
#include "server/desktop/source_impl.h"

#include <assert.h>

int kg_source_start(struct kg_source *source, const struct kg_source_events *events, void *data)
{
	int r;

	assert(!source->events);
	source->events = events;
	source->data = data;
	r = source->impl->start(source);
	if (r < 0)
		source->events = NULL;
	return r;
}

void kg_source_want(struct kg_source *source)
{
	assert(source->events);
	source->impl->want(source);
}

int kg_source_resize(struct kg_source *source, uint32_t width, uint32_t height)
{
	if (width < KG_DESKTOP_SIZE_MIN || height < KG_DESKTOP_SIZE_MIN || width > KG_DESKTOP_SIZE_MAX ||
	    height > KG_DESKTOP_SIZE_MAX)
		return -EINVAL;
	if (!source->impl->resize)
		return -ENOTSUP;
	if (width == source->width && height == source->height)
		return 0;
	return source->impl->resize(source, width, height);
}

void kg_source_size(struct kg_source *source, uint32_t *width, uint32_t *height)
{
	*width = source->width;
	*height = source->height;
}

void kg_source_free(struct kg_source *source)
{
	if (source)
		source->impl->free(source);
}
