/*
 * Recordings of desktops, lossless: pictures with damage, pointers and times. All numbers are little-endian.
 *
 *	header	"KGWFILM1", u16 width, u16 height, u32 tile (64), u32 frames, u32 0, u64 where the index is,
 *		u64 length in us
 *	frame	u32 bytes of it that follow, u32 bytes of its unpacked body, and the body, packed by zstd with a checksum
 *	index	for each frame: u64 where it is with bit 63 for one that depends on none before, u64 its time in us
 *
 *	body	u8 damaged rectangles, each 4 x u16; u8 pointer (0: as before, 1: a shape follows), then perhaps
 *		u16 width, u16 height, u16 hot x, u16 hot y and its pixels; then the tiles that changed: u16 column,
 *		u16 row, u8 way (0: as they are, 1: exclusive or with the frame before), and B, G, R of each pixel
 *
 * A frame that depends on none before has all tiles, as they are, and its pointer; the first is one. Frames and index
 * are 0 until a recording is finished. Descriptors stay the caller's. Not pure: it reads and writes files.
 */
#pragma once

#include "base/base.h"

#define KG_KGW_FRAMES_MAX (1u << 22)	// at 60 a second 19 hours; the index is 64 MiB

struct kg_cursor;
struct kg_kgw_reader;
struct kg_kgw_writer;
struct kg_region;

/* fd: a file to write to, which is empty. -EINVAL for a side of 0 or above KG_DESKTOP_SIZE_MAX, -ENOMEM. */
int kg_kgw_writer_new(struct kg_kgw_writer **ret, int fd, uint32_t width, uint32_t height);
void kg_kgw_writer_free(struct kg_kgw_writer *writer);	// NULL is fine; what was not finished cannot be played

/*
 * One more frame: B, G, R, X pixels, what of them may have changed, when (the times rise; the first becomes 0), and the
 * pointer's shape where it is another one, else NULL. -EFBIG: there are KG_KGW_FRAMES_MAX.
 */
int kg_kgw_write(struct kg_kgw_writer *writer, const uint8_t *pixels, size_t stride, const struct kg_region *damage,
		 uint64_t time_us, const struct kg_cursor *cursor);

/* Writes the index and the header. end_us: until when the last frame stood. -ENODATA: there is no frame. */
int kg_kgw_finish(struct kg_kgw_writer *writer, uint64_t end_us);

/* Reads header and index of an untrusted file. When that fails, *ret_why is one line that says what is wrong. */
int kg_kgw_reader_new(struct kg_kgw_reader **ret, int fd, const char **ret_why);
void kg_kgw_reader_free(struct kg_kgw_reader *reader);	// NULL is fine

void kg_kgw_size(const struct kg_kgw_reader *reader, uint32_t *ret_width, uint32_t *ret_height);
uint32_t kg_kgw_frames(const struct kg_kgw_reader *reader);		// at least 1
const uint64_t *kg_kgw_times_us(const struct kg_kgw_reader *reader);	// of each; rising, the first is 0
uint64_t kg_kgw_length_us(const struct kg_kgw_reader *reader);		// more than the last time

/*
 * Makes pixels frame `number`, from the frame that this reader made of them before where that is near, else from one that
 * depends on none. What changed is in *ret_damage: everything where frames were left out. -EBADMSG and such: *ret_why says
 * why, and the pixels are no frame.
 */
int kg_kgw_read(struct kg_kgw_reader *reader, uint32_t number, uint8_t *pixels, size_t stride, struct kg_region *ret_damage,
		const char **ret_why);

/*
 * The pointer's shape, 0 x 0 where it is hidden, when the last read brought another one; false: it did not. The pixels of the
 * shape are valid until the next read.
 */
bool kg_kgw_cursor(const struct kg_kgw_reader *reader, struct kg_cursor *ret);
void kg_kgw_forget(struct kg_kgw_reader *reader);	// the pixels are others from here on: the next frame is made anew
