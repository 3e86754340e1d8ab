/* The sink that remembers. */
#include "input/memory.h"

#include <assert.h>
#include <linux/input-event-codes.h>

static const struct kg_input_sink_impl memory_impl;

static struct kg_input_memory *memory_from(struct kg_input_sink *sink)
{
	assert(sink->impl == &memory_impl);
	return (struct kg_input_memory *)sink;
}

static int remember(struct kg_input_sink *sink, struct kg_input_event event)
{
	struct kg_input_memory *memory = memory_from(sink);

	memory->events[memory->count++ % KG_INPUT_MEMORY_EVENTS] = event;
	return memory->error;
}

static int memory_key(struct kg_input_sink *sink, uint16_t evdev, bool down)
{
	struct kg_input_memory *memory = memory_from(sink);

	if (down && memory->locks >= 0)
		memory->locks ^= evdev == KEY_SCROLLLOCK	   ? KG_LOCK_SCROLL :
				 evdev == KEY_NUMLOCK		   ? KG_LOCK_NUM :
				 evdev == KEY_CAPSLOCK		   ? KG_LOCK_CAPS :
				 evdev == KEY_KATAKANAHIRAGANA	   ? KG_LOCK_KANA :
								     0;
	return remember(sink, (struct kg_input_event){ KG_INPUT_KEY, evdev, down, 0 });
}

static int memory_text(struct kg_input_sink *sink, uint32_t codepoint)
{
	return remember(sink, (struct kg_input_event){ KG_INPUT_TEXT, codepoint, 0, 0 });
}

static int memory_motion(struct kg_input_sink *sink, int32_t x, int32_t y)
{
	return remember(sink, (struct kg_input_event){ KG_INPUT_MOTION, 0, x, y });
}

static int memory_motion_relative(struct kg_input_sink *sink, int32_t dx, int32_t dy)
{
	return remember(sink, (struct kg_input_event){ KG_INPUT_MOTION_RELATIVE, 0, dx, dy });
}

static int memory_button(struct kg_input_sink *sink, uint16_t evdev, bool down)
{
	return remember(sink, (struct kg_input_event){ KG_INPUT_BUTTON, evdev, down, 0 });
}

static int memory_wheel(struct kg_input_sink *sink, bool horizontal, int32_t units)
{
	return remember(sink, (struct kg_input_event){ KG_INPUT_WHEEL, horizontal, units, 0 });
}

static int memory_locks(struct kg_input_sink *sink)
{
	return memory_from(sink)->locks;
}

static void memory_free(struct kg_input_sink *sink)
{
}

static const struct kg_input_sink_impl memory_impl = {
	.name = "memory",
	.key = memory_key,
	.text = memory_text,
	.motion = memory_motion,
	.motion_relative = memory_motion_relative,
	.button = memory_button,
	.wheel = memory_wheel,
	.locks = memory_locks,
	.free = memory_free,
};

void kg_input_memory_init(struct kg_input_memory *memory)
{
	*memory = (struct kg_input_memory){ .sink.impl = &memory_impl };
}

const struct kg_input_event *kg_input_memory_event(const struct kg_input_memory *memory, size_t i)
{
	if (i >= memory->count || memory->count - i > KG_INPUT_MEMORY_EVENTS)
		return NULL;
	return &memory->events[i % KG_INPUT_MEMORY_EVENTS];
}
