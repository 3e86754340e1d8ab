/* From pieces to slices. */
#include "server/display/slice.h"

#include "base/limits.h"
#include "server/display/bitmap-writer.h"
#include "server/display/gfx-writer.h"

#include <assert.h>

/* What a slice on the graphics path holds beside its pieces, at most: the envelope of so many segments, start and end. */
#define ENVELOPE_MAX (7 + 5 * (KG_SLICE_SIZE_MAX / KG_ZGFX_SEGMENT_MAX + 1) + KG_ZGFX_SLACK)
#define PIECES_MAX (KG_SLICE_SIZE_MAX - ENVELOPE_MAX - KG_GFX_START_FRAME_SIZE - KG_GFX_END_FRAME_SIZE)

void kg_slicer_begin(struct kg_slicer *slicer, const struct kg_plan *plan, uint32_t frame, uint64_t time_ms)
{
	*slicer = (struct kg_slicer){ .plan = plan, .frame = frame, .time_ms = time_ms, .left = kg_plan_size(plan) };
}

bool kg_slicer_finished(const struct kg_slicer *slicer)
{
	return slicer->left == 0;
}

static size_t piece_size(const struct kg_slicer *slicer, const uint8_t *piece)
{
	switch (slicer->kind) {
	case KG_SLICE_GRAPHICS:
		return kg_gfx_message_size(piece);
	case KG_SLICE_BITMAPS:
		return kg_bitmap_record_size(piece);
	case KG_SLICE_SURFACES:
	default:
		return kg_surface_record_size(piece);
	}
}

/* The next part that has something: where the slicer stands. */
static const struct kg_plan_part *current(struct kg_slicer *slicer)
{
	const struct kg_plan_part *part = &slicer->plan->parts[slicer->part];

	while (slicer->offset == part->size) {
		part = &slicer->plan->parts[++slicer->part];
		slicer->offset = 0;
	}
	return part;
}

/* The bytes of as many whole pieces of one kind as fit into max. */
static size_t measure(const struct kg_slicer *slicer, size_t max)
{
	const struct kg_plan *plan = slicer->plan;
	size_t size = 0, offset = slicer->offset;

	for (uint32_t i = slicer->part; i < plan->part_count; i++, offset = 0) {
		const struct kg_plan_part *part = &plan->parts[i];

		if (part->size - offset == 0)
			continue;
		if (part->kind != slicer->kind)
			break;
		if (part->size - offset <= max - size) {	// the rest of the part fits
			size += part->size - offset;
			continue;
		}
		while (piece_size(slicer, part->bytes + offset) <= max - size) {
			size += piece_size(slicer, part->bytes + offset);
			offset += piece_size(slicer, part->bytes + offset);
		}
		break;
	}
	return size;
}

static size_t payload_size(const struct kg_slicer *slicer)
{
	return slicer->next + (slicer->begun ? 0 : KG_GFX_START_FRAME_SIZE) +
	       (slicer->next == slicer->left ? KG_GFX_END_FRAME_SIZE : 0);
}

size_t kg_slicer_next(struct kg_slicer *slicer, bool *ret_last)
{
	assert(slicer->left);
	slicer->kind = current(slicer)->kind;
	slicer->next = measure(slicer, PIECES_MAX);
	assert(slicer->next);
	*ret_last = slicer->next == slicer->left;
	if (slicer->kind != KG_SLICE_GRAPHICS)
		return slicer->next;
	return kg_gfx_envelope_room(payload_size(slicer));
}

/* Takes the next bytes of pieces that lie in one part, at most size. */
static const uint8_t *take(struct kg_slicer *slicer, size_t *size)
{
	const struct kg_plan_part *part = current(slicer);
	const uint8_t *bytes = part->bytes + slicer->offset;

	*size = KG_MIN(*size, part->size - slicer->offset);
	slicer->offset += *size;
	slicer->left -= *size;
	slicer->next -= *size;
	return bytes;
}

static size_t write_graphics(struct kg_slicer *slicer, struct kg_zgfx *zgfx, uint8_t *to)
{
	uint8_t bytes[KG_GFX_START_FRAME_SIZE];
	struct kg_writer writer = kg_writer_of(bytes, sizeof(bytes));
	struct kg_gfx_envelope envelope;

	kg_gfx_envelope_begin(&envelope, zgfx, to, payload_size(slicer));
	if (!slicer->begun) {
		kg_gfx_start_frame(&writer, slicer->frame, slicer->time_ms);
		kg_gfx_envelope_add(&envelope, bytes, kg_writer_size(&writer));
	}
	while (slicer->next) {
		size_t size = slicer->next;
		const uint8_t *pieces = take(slicer, &size);

		kg_gfx_envelope_add(&envelope, pieces, size);
	}
	if (!slicer->left) {
		writer = kg_writer_of(bytes, sizeof(bytes));
		kg_gfx_end_frame(&writer, slicer->frame);
		kg_gfx_envelope_add(&envelope, bytes, kg_writer_size(&writer));
	}
	return kg_gfx_envelope_end(&envelope);
}

static size_t write_records(struct kg_slicer *slicer, uint8_t *to)
{
	size_t all = slicer->next;

	while (slicer->next) {
		size_t size = slicer->next;
		const uint8_t *pieces = take(slicer, &size);

		memcpy(to, pieces, size);
		to += size;
	}
	return all;
}

size_t kg_slicer_write(struct kg_slicer *slicer, struct kg_zgfx *zgfx, uint8_t *to)
{
	size_t size;

	assert(slicer->next);
	size = slicer->kind == KG_SLICE_GRAPHICS ? write_graphics(slicer, zgfx, to) : write_records(slicer, to);
	slicer->begun = true;
	return size;
}
