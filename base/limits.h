/* Every limit on what comes from outside, and what it costs in memory. */
#pragma once

/* A desktop: 8192 x 8192 x 4 bytes = 256 MiB for the mirror of each view. [MS-RDPEGFX] allows surfaces of 32766. */
#define KG_DESKTOP_SIZE_MAX 8192
#define KG_DESKTOP_SIZE_MIN 1

/* The ring of encoded bytes, one per view, and the longest piece in it. */
#define KG_RING_SIZE (4u << 20)
#define KG_RING_SIZE_MAX (64u << 20)
#define KG_SLICE_SIZE_MAX (1u << 20)

/* A pointer's shape: 384 x 384 x 4 bytes ([MS-RDPBCGR] 2.2.9.1.2.1.11). */
#define KG_CURSOR_SIZE_MAX 384

/* One message of a control or view channel, and what may wait in a channel that its peer does not read. */
#define KG_MESSAGE_SIZE_MAX 32768
#define KG_CHANNEL_QUEUE_MAX (256u << 10)

/* Names that come from clients and configuration, in bytes of UTF-8 without the end. */
#define KG_NAME_MAX 256

/* One message of a client on the graphics channel: capability sets and cache offers ([MS-RDPEGFX] 2.2.2.16, 2.2.2.18). */
#define KG_GFX_MESSAGE_MAX 70000

/* Frames that are sent and not yet acknowledged. */
#define KG_FRAMES_UNACKNOWLEDGED_MAX 2

/* A desktop process: views at the same time. */
#define KG_VIEWS_MAX 16
