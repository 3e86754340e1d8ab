/* The calls of a sink: checked here, so that no kind has to. */
#include "input/sink_impl.h"

#include <linux/input-event-codes.h>

int kg_input_key(struct kg_input_sink *sink, uint16_t evdev, bool down)
{
	if (!evdev || evdev > KEY_MAX)
		return -EINVAL;
	return sink->impl->key ? sink->impl->key(sink, evdev, down) : -ENOTSUP;
}

int kg_input_text(struct kg_input_sink *sink, uint32_t codepoint)
{
	if (codepoint < 0x20 || (codepoint >= 0x7f && codepoint < 0xa0) || codepoint > 0x10ffff ||
	    (codepoint >= 0xd800 && codepoint < 0xe000))
		return -EINVAL;
	return sink->impl->text ? sink->impl->text(sink, codepoint) : -ENOTSUP;
}

int kg_input_motion(struct kg_input_sink *sink, int32_t x, int32_t y)
{
	return sink->impl->motion ? sink->impl->motion(sink, x, y) : -ENOTSUP;
}

int kg_input_motion_relative(struct kg_input_sink *sink, int32_t dx, int32_t dy)
{
	return sink->impl->motion_relative ? sink->impl->motion_relative(sink, dx, dy) : -ENOTSUP;
}

int kg_input_button(struct kg_input_sink *sink, uint16_t evdev, bool down)
{
	if (evdev < BTN_LEFT || evdev > BTN_EXTRA)
		return -EINVAL;
	return sink->impl->button ? sink->impl->button(sink, evdev, down) : -ENOTSUP;
}

int kg_input_wheel(struct kg_input_sink *sink, bool horizontal, int32_t units)
{
	return sink->impl->wheel ? sink->impl->wheel(sink, horizontal, units) : -ENOTSUP;
}

int kg_input_locks(struct kg_input_sink *sink)
{
	return sink->impl->locks ? sink->impl->locks(sink) : -ENOTSUP;
}

void kg_input_free(struct kg_input_sink *sink)
{
	if (sink)
		sink->impl->free(sink);
}
