/* Frames of a view: large ones, broken off, in any order, refined; what does not stop the loop meanwhile. */
#include "tests/noise-desktop.h"
#include "tests/view-session.h"

static void large_frames(void)
{
	struct noise *noise = noise_new(300, 200);
	struct kg_show *show = show_new(&noise->source, NULL);
	struct kg_view_open open = usual;
	struct session s, late;

	open.width = 1920;
	open.height = 1200;
	session_join(&s, show);
	s.lazy = true;
	session_open(&s, open);
	session_graphics(&s, 0x000a0701);
	settle();
	give_credit(&s);	// for the surface
	settle();
	turn_until(s.slices > 2);
	settle();
	ok(s.slices > 2 && s.client.frames == 0, "a frame larger than the ring waits in its middle (%u slices)", s.slices);
	noise_draw(noise, (struct kg_rect){ 1000, 10, 1100, 100 });
	ok(credit_until(&s, s.client.frames >= 2 && shows(&s, noise)),
	   "it goes on with credit, and what changed meanwhile follows");
	noise_draw(noise, kg_rect_of_size(1920, 1200));
	give_credit(&s);
	settle();
	noise_resize(&noise->source, 640, 480);
	ok(credit_until(&s, shows(&s, noise)) && s.client.resets == 2, "a new size in the middle of a frame waits for its end");
	noise_resize(&noise->source, 1920, 1200);
	credit_until(&s, s.client.in_frame);
	session_graphics(&s, 0x000a0502);
	ok(credit_until(&s, shows(&s, noise)) && s.client.confirms == 2 && !*s.wrong,
	   "GRAPHICS again in the middle of a frame forgets it: %s", s.wrong);
	noise->source.events->lost(noise->source.data, -ENODEV, "the test's desktop is gone");
	ok(turn_until(s.end == KG_END_DESKTOP_LOST) && lost_error == -ENODEV, "a desktop that is lost tells all");
	ok(session_join(&late, show) == -ENODEV, "and takes no more views");
	kg_show_free(show);
	session_done(&s);
	session_done(&late);
}

/* What is no picture waits for credit, too: a session keeps only so many messages that it cannot pass on. */
static void held_back(void)
{
	struct noise *noise = noise_new(300, 200);
	struct kg_show *show = show_new(&noise->source, NULL);
	struct session slow, other;
	uint32_t slices, sizes;

	session_join(&slow, show);
	session_open(&slow, usual);
	session_graphics(&slow, 0x000a0701);
	turn_until(shows(&slow, noise));
	settle();
	slow.lazy = true;
	slices = slow.slices;
	for (int i = 0; i < 100; i++) {
		kg_channel_send(slow.channel, KG_VIEW_OFFER, NULL, 0);
		kg_loop_turn(loop, 0);
	}
	settle();
	ok(slow.slices == slices + 1, "of 100 offers one is answered while the answer is not read (%u)", slow.slices - slices);
	ok(credit_until(&slow, slow.slices > slices + 1) && slow.client.imports == 2, "those behind it get one more");
	slices = slow.slices;
	sizes = slow.sizes;

	session_join(&other, show);
	session_open(&other, usual);
	session_graphics(&other, 0x000a0701);
	for (uint32_t i = 0; i < 100; i++) {
		uint32_t frames = other.client.frames;

		noise_resize(&noise->source, 100 + i % 2, 100);
		turn_until(other.client.frames > frames);
	}
	noise_resize(&noise->source, 300, 200);		// as at first, but for all of the pixels
	kg_region_clear(&noise->damage);
	noise_draw(noise, (struct kg_rect){ 0, 0, 1, 1 });
	settle();
	ok(other.sizes >= 100 && slow.sizes <= sizes + 1 && slow.slices <= slices + 2,
	   "nor is a session that reads nothing told of each size (%u of %u, %u slices)", slow.sizes - sizes, other.sizes,
	   slow.slices - slices);
	ok(credit_until(&slow, shows(&slow, noise)) && !*slow.wrong && !*other.wrong, "in the end it shows the last: %s", slow.wrong);
	session_done(&slow);
	session_done(&other);
	kg_show_free(show);
}

/* ---- a pool whose threads are busy until they are told to go on ---- */

static int gate[2];

static void wait_at_gate(void *data, uint32_t i, uint32_t thread)
{
	uint8_t byte;

	while (read(gate[0], &byte, 1) != 1)
		;
}

static void passed_gate(void *data)
{
	*(bool *)data = true;
}

static void close_gate(bool *passed)
{
	struct kg_pool_set *set;

	*passed = false;
	if (pipe(gate) < 0 || kg_pool_run(pool, &set, kg_pool_threads(pool), wait_at_gate, passed_gate, passed) < 0)
		abort();
}

static void open_gate(const bool *passed)
{
	for (uint32_t i = 0; i < kg_pool_threads(pool); i++) {
		if (write(gate[1], "", 1) != 1)
			abort();
	}
	turn_until(*passed);
	close(gate[0]);
	close(gate[1]);
}

/* Slices are compressed in the pool, one after the other; what else the loop does goes on. */
static void writing(void)
{
	struct noise *noise = noise_new(1920, 1200);
	static const uint32_t shape[] = { 0xff123456 };
	struct kg_cursor cursor = { .width = 1, .height = 1, .pixels = (const uint8_t *)shape };
	struct kg_view_key key = { .scancode = 0x1e, .down = 1 };
	struct kg_input_memory memory;
	struct kg_view_open open = usual;
	struct kg_show *show;
	struct session s;
	uint32_t slices;
	bool passed;

	kg_input_memory_init(&memory);
	show = show_new(&noise->source, &memory.sink);
	open.width = 1920;
	open.height = 1200;
	session_join(&s, show);
	s.lazy = true;
	session_open(&s, open);
	session_graphics(&s, 0x000a0701);
	settle();
	give_credit(&s);	// for the surface
	turn_until(s.slices > 2);
	settle();
	slices = s.slices;
	close_gate(&passed);
	give_credit(&s);
	kg_channel_send(s.channel, KG_VIEW_KEY, &key, sizeof(key));
	noise->source.events->cursor(noise->source.data, &cursor);
	ok(turn_until(memory.count == 1), "a key arrives while the threads that compress are busy");
	settle();
	ok(s.slices == slices, "and no slice: none is written on the loop thread");
	open_gate(&passed);
	ok(credit_until(&s, shows(&s, noise) && s.cursors == 1) && s.cursor_pixel == shape[0] && !*s.wrong,
	   "then the rest of the frame comes, and a pointer's shape that was set meanwhile: %s", s.wrong);

	noise_draw(noise, kg_rect_of_size(1920, 1200));
	credit_until(&s, s.client.in_frame);
	close_gate(&passed);
	give_credit(&s);
	settle();
	session_graphics(&s, 0x000a0701);
	settle();
	open_gate(&passed);
	ok(credit_until(&s, shows(&s, noise)) && s.client.confirms == 2 && !*s.wrong,
	   "GRAPHICS again while a slice waits to be written forgets it: %s", s.wrong);

	noise_draw(noise, kg_rect_of_size(1920, 1200));
	credit_until(&s, s.client.in_frame);
	close_gate(&passed);
	give_credit(&s);
	settle();
	session_done(&s);
	settle();
	ok(kg_show_views(show) == 0, "a session that goes meanwhile takes its view along");
	open_gate(&passed);
	kg_show_free(show);
}

/* Anything in any order, and in the end the client shows the desktop. */
static void any_order(void)
{
	struct noise *noise = noise_new(300, 200);
	struct kg_show *show = show_new(&noise->source, NULL);
	struct kg_view_suppress suppress = { 0 };
	struct session s;

	session_join(&s, show);
	session_open(&s, usual);
	session_graphics(&s, 0x000a0701);
	turn_until(s.client.frames == 1);
	for (int i = 0; i < 400 && !*s.wrong; i++) {
		struct kg_view_rect rect = { 0, 0, (uint16_t)(rnd() % 400), (uint16_t)(rnd() % 400) };

		switch (rnd() % 12) {
		case 0:
			noise_resize(&noise->source, rnd() % 400 + 1, rnd() % 400 + 1);
			break;
		case 1:
			session_graphics(&s, 0x000a0600);
			break;
		case 2:
			kg_channel_send(s.channel, KG_VIEW_REFRESH, &rect, sizeof(rect));
			break;
		case 3:
			suppress.on = !suppress.on;
			kg_channel_send(s.channel, KG_VIEW_SUPPRESS, &suppress, sizeof(suppress));
			break;
		case 4:
			s.lazy = !s.lazy;
			break;
		case 5:
			s.silent = !s.silent;
			acknowledge(&s, s.last_frame, rnd() % 4 ? 0 : 0xffffffff);
			break;
		case 6:
			give_credit(&s);
			break;
		default:
			noise_draw(noise, kg_rect_from(rnd() % 300, rnd() % 300, rnd() % 300, rnd() % 300));
		}
		for (uint32_t n = rnd() % 20; n; n--)
			kg_loop_turn(loop, 0);
	}
	s.lazy = s.silent = false;
	suppress.on = 0;
	kg_channel_send(s.channel, KG_VIEW_SUPPRESS, &suppress, sizeof(suppress));
	give_credit(&s);
	acknowledge(&s, s.last_frame, 0);
	ok(turn_until(shows(&s, noise)) && !*s.wrong, "after anything in any order the client shows the desktop (%u frames) %s",
	   s.client.frames, s.wrong);
	kg_show_free(show);
	session_done(&s);
}

/* What is lossy is sent once more, exactly, and then nobody is woken. */
static void refinement(void)
{
	struct noise *noise = noise_new(640, 480);
	struct kg_show *show = show_new(&noise->source, NULL);
	struct kg_view_open open = usual;
	struct session s;
	uint32_t messages;
	double start;

	open.width = 640;
	open.height = 480;
	session_join(&s, show);
	session_open(&s, open);
	start = tap_now();	// before it is planned
	session_graphics(&s, 0x000a0701);
	ok(turn_until(s.client.frames == 1) && s.client.area[GFX_PROGRESSIVE] == 640 * 480 && !shows(&s, noise),
	   "a picture comes by progressive");
	ok(turn_until(shows(&s, noise)) && s.client.frames == 2, "once more, and it is exact");
	ok(tap_now() - start >= 0.5, "not before it stood still for a while");
	settle();
	messages = s.messages;
	ok(kg_loop_turn(loop, 1200000) == 0 && s.messages == messages, "and from then on nothing is sent and nobody woken");
	noise_draw(noise, (struct kg_rect){ 70, 70, 80, 80 });
	ok(turn_until(s.client.frames == 3) && shows(&s, noise), "a small change of it is exact at once");
	session_graphics(&s, 0x000a0701);
	ok(turn_until(s.client.frames == 4) && turn_until(shows(&s, noise)) && !*s.wrong, "also after a reset: %s", s.wrong);
	kg_show_free(show);
	session_done(&s);
}

int main(void)
{
	tap_seed_init();
	kg_log_init("test_view_frames", KG_LOG_ERR);
	if (kg_loop_new(&loop) < 0 || kg_pool_new(&pool, loop, 2) < 0)
		return EXIT_FAILURE;
	large_frames();
	held_back();
	writing();
	any_order();
	refinement();
	kg_pool_free(pool);
	kg_loop_free(loop);
	return tap_end();
}
