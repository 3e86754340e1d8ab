/* The line at the top left. */
#include "server/desktop/demo/overlay.h"

#include "server/desktop/demo/text.h"

#include <stdio.h>
#include <time.h>

#define LEFT 12
#define TOP 12
#define COLUMNS 48

void kg_overlay_shown(struct kg_overlay *overlay, uint64_t now_us)
{
	overlay->shown_us[overlay->count++ % KG_OVERLAY_TIMES] = now_us;
}

/* Frames of the last second: as many steps as lie in it, over the time they took. */
static double frames_per_second(const struct kg_overlay *overlay, uint64_t now_us)
{
	uint64_t first = 0, last = 0, steps = 0;

	for (uint64_t i = 0; i < KG_MIN(overlay->count, (uint64_t)KG_OVERLAY_TIMES); i++) {
		uint64_t at = overlay->shown_us[(overlay->count - 1 - i) % KG_OVERLAY_TIMES];

		if (now_us - at > 1000000)
			break;
		if (i)
			steps++;
		else
			last = at;
		first = at;
	}
	return steps ? (double)steps * 1e6 / (double)(last - first + !(last - first)) : 0;
}

void kg_overlay_compose(const struct kg_overlay *overlay, struct kg_text *text, uint64_t frame, bool playing,
			uint64_t now_us)
{
	char line[COLUMNS + 1], clock[16] = "";
	time_t now = time(NULL);
	struct tm tm;

	if (localtime_r(&now, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	if (playing)
		snprintf(line, sizeof(line), "%4.1f fps", frames_per_second(overlay, now_us));
	else
		snprintf(line, sizeof(line), "paused");
	kg_text_rectangle(text, LEFT, TOP, COLUMNS * KG_FONT_WIDTH + 16, 2 * KG_FONT_HEIGHT + 12, 0xe0101820);
	kg_text_rectangle(text, LEFT, TOP, 3, 2 * KG_FONT_HEIGHT + 12, 0xffffb347);
	kg_text_string(text, LEFT + 12, TOP + 5, 1, KG_FONT_BOLD, 0xffffffff, "kagami");
	kg_text_string(text, LEFT + 12 + 8 * KG_FONT_WIDTH, TOP + 5, 1, KG_FONT_BOLD, 0xffffd79a, line);
	snprintf(line, sizeof(line), "frame %-9llu %s", (unsigned long long)frame, clock);
	kg_text_string(text, LEFT + 12 + 18 * KG_FONT_WIDTH, TOP + 5, 1, KG_FONT_PLAIN, 0xffe8ecf0, line);
	kg_text_string(text, LEFT + 12, TOP + 5 + KG_FONT_HEIGHT + 2, 1, KG_FONT_PLAIN, 0xffb8c4d0,
		       "1 flight  2 text  Space pause  drag, wheel, 0");
}
