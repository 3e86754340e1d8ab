/*
 * How what a view has for its client goes into the ring: what goes before pictures, and slices of a plan, each of which leaves
 * as soon as it is written.
 *
 * Graphics are one stream to the compressor: slices are written one after the other, a long one by a job of the pool, so that
 * input and heartbeats do not wait for it. While that runs (KG_OUTPUT_WRITING) slicer, plan, compressor and ring are the job's.
 */
#include "server/desktop/view-impl.h"

#include "base/pool.h"
#include "server/control/channel.h"

#include <assert.h>

/* So many bytes are compressed faster than a thread wakes up: 0.1 ms where nothing helps, planar pictures. */
#define WRITE_INLINE 16384

/* ---- what goes before pictures: surface and size ---- */

struct kg_writer kg_view_setup_writer(struct kg_view_output *output)
{
	return kg_writer_of(output->setup + output->setup_size, sizeof(output->setup) - output->setup_size);
}

void kg_view_setup_written(struct kg_view_output *output, const struct kg_writer *writer)
{
	assert(kg_writer_ok(writer));
	output->setup_size += kg_writer_size(writer);
}

void kg_view_set_up_surface(struct kg_view_output *output)
{
	struct kg_writer writer = kg_view_setup_writer(output);

	if (output->has_surface && output->plan.has_context)
		kg_gfx_delete_context(&writer, output->surface, KG_PLAN_CONTEXT);
	if (output->has_surface)
		kg_gfx_delete_surface(&writer, output->surface);
	output->plan.has_context = false;
	kg_gfx_reset_graphics(&writer, output->mirror.width, output->mirror.height);
	/* Never one of before a reset: clients may keep what belongs to its number. */
	output->surface = output->surface < UINT16_MAX ? output->surface + 1 : 1;
	output->has_surface = true;
	kg_gfx_create_surface(&writer, output->surface, output->mirror.width, output->mirror.height);
	kg_gfx_map_surface(&writer, output->surface);
	kg_view_setup_written(output, &writer);
	output->plan.surface = output->surface;
}

/* ---- slices ---- */

/* Pointer shapes behind the last slice are small, and not waited for. */
bool kg_view_slices_are_read(const struct kg_view_output *output)
{
	return output->ring.freed >= output->sliced;
}

static void send_slice(struct kg_view *view, enum kg_slice_kind kind, size_t length, uint32_t frame, bool last)
{
	struct kg_view_slice slice = {
		.position = kg_ring_commit(&view->output.ring, length),
		.length = (uint32_t)length,
		.kind = (uint8_t)kind,
		.last = last,
		.frame = frame,
		.reset = view->output.reset,
	};

	view->output.sliced = slice.position + length;
	(void)kg_channel_send(view->channel, KG_VIEW_SLICE, &slice, sizeof(slice));
}

bool kg_view_send_setup(struct kg_view *view)
{
	struct kg_view_output *output = &view->output;
	size_t length = kg_gfx_envelope_room(output->setup_size);
	uint8_t *room = kg_view_slices_are_read(output) ? kg_ring_room(&output->ring, length) : NULL;
	struct kg_gfx_envelope envelope;

	if (!room)
		return false;
	kg_gfx_envelope_begin(&envelope, output->zgfx, room, output->setup_size);
	kg_gfx_envelope_add(&envelope, output->setup, output->setup_size);
	output->setup_size = 0;
	output->offered = false;
	send_slice(view, KG_SLICE_GRAPHICS, kg_gfx_envelope_end(&envelope), 0, false);
	return true;
}

static void write_job(void *data, uint32_t i, uint32_t thread)
{
	struct kg_view_output *output = &((struct kg_view *)data)->output;

	output->slice_length = kg_slicer_write(&output->slicer, output->zgfx, output->slice);
}

static void send_written(struct kg_view *view)
{
	struct kg_view_output *output = &view->output;

	send_slice(view, output->slicer.kind, output->slice_length, kg_flow_next(&output->flow), output->slice_last);
}

static void on_written(void *data)
{
	struct kg_view *view = data;

	view->output.set = NULL;
	view->output.state = KG_OUTPUT_SENDING;
	send_written(view);
	kg_view_pump(view);
}

bool kg_view_send_pieces(struct kg_view *view)
{
	struct kg_view_output *output = &view->output;

	while (!kg_slicer_finished(&output->slicer)) {
		size_t room = kg_slicer_next(&output->slicer, &output->slice_last);

		output->slice = kg_ring_room(&output->ring, room);
		if (!output->slice)
			return false;
		/* Where there is no memory for a job it is done here. */
		if (room > WRITE_INLINE && output->slicer.kind == KG_SLICE_GRAPHICS && output->zgfx &&
		    kg_pool_run(view->parts->pool, &output->set, 1, write_job, on_written, view) >= 0) {
			output->state = KG_OUTPUT_WRITING;
			return false;
		}
		write_job(view, 0, 0);
		send_written(view);
	}
	kg_flow_sent(&output->flow);
	kg_plan_end(&output->plan);
	output->state = KG_OUTPUT_IDLE;
	return true;
}
