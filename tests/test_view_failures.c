/*
 * Each allocation of a view fails once: the session is served with less, or told why not, or finds its channel closed; what it
 * shows is never wrong. It plays on a loop of its own, whose allocations do not fail.
 */
#include "tests/failing.h"
#include "tests/noise-desktop.h"
#include "tests/view-session.h"

static void turn_sessions(void)
{
	failing_spared = true;
	while (kg_loop_turn(sessions_loop, 0) > 0)
		;
	failing_spared = false;
}

static bool is_over(const struct session *s)
{
	return s->end >= 0 || s->closed;
}

/* Turns both until what the condition says, or the view is over. */
#define serve_until(session, condition)                                                                                \
	({                                                                                                             \
		double deadline_ = tap_now() + TAP_SLOW * DEADLINE_MS / 1000.0;                                        \
		while (!(condition) && !is_over(session) && tap_now() < deadline_) {                                   \
			kg_loop_turn(loop, 1000);                                                                      \
			turn_sessions();                                                                               \
		}                                                                                                      \
		(condition);                                                                                           \
	})

static int lowest_descriptor(void)
{
	int fd = dup(STDOUT_FILENO);

	close(fd);
	return fd;
}

/* A few tiles by this thread, many by the pool; then again, for caches that are there already. */
static bool served(struct session *s, struct noise *noise, struct kg_view_open open)
{
	session_open(s, open);
	if (open.path == KG_PATH_BITMAP)
		return serve_until(s, s->frames == 1);
	session_graphics(s, 0x000a0701);
	if (!serve_until(s, s->client.frames == 1))
		return false;
	noise_draw(noise, (struct kg_rect){ 70, 70, 80, 80 });
	if (!serve_until(s, s->client.frames == 2))
		return false;
	session_graphics(s, 0x000a0701);
	return serve_until(s, s->client.confirms == 2 && s->client.frames == 3);
}

static void each_fails(const char *name, uint8_t path, uint16_t remotefx, int least)
{
	struct kg_view_open open = usual;
	int n, refused = 0, ended = 0, shown = -2;	// but for two that lack nothing
	bool right = true;

	open.width = 640;
	open.height = 480;
	open.path = path;
	open.remotefx = remotefx;
	for (n = -1; right; n++) {	// once without a failure: FreeRDP keeps what it makes the first time
		int before = lowest_descriptor(), fd, r;
		struct noise *noise = noise_new(640, 480);
		struct kg_show *show = show_new(&noise->source, NULL);
		struct session s;
		struct kg_id id;
		bool failed;

		fd = session_make(&s);
		if (kg_id_random(&id) < 0)
			abort();
		failing_from(n);
		r = kg_show_add_view(show, fd, &id);
		if (r < 0)
			refused++;
		else if (served(&s, noise, open))
			shown++;
		else if (is_over(&s))
			ended++;
		else
			right = false;		// the session waits for ever
		failed = failing_done();
		right = right && !*s.wrong && (r >= 0 || r == -ENOMEM);
		if (!right)
			note("allocation %d: result %d, %u frames, end %d, %s", n, r, s.client.frames, s.end, s.wrong);
		session_done(&s);
		settle();
		kg_show_free(show);
		if (n < 0)
			continue;
		right = right && lowest_descriptor() == before;
		if (!failed)
			break;
	}
	ok(right && n >= least && refused && ended && shown,
	   "%s: of %d views that lack memory once %d are refused, %d end, %d show the desktop all the same", name, n, refused, ended,
	   shown);
}

int main(void)
{
	tap_seed_init();
	kg_log_init("test_view_failures", -1);
	if (kg_loop_new(&loop) < 0 || kg_loop_new(&sessions_loop) < 0 || kg_pool_new(&pool, loop, 2) < 0)
		return EXIT_FAILURE;
	each_fails("graphics", KG_PATH_GRAPHICS, KG_REMOTEFX_NONE, 20);
	each_fails("bitmaps", KG_PATH_BITMAP, KG_REMOTEFX_NONE, 15);
	each_fails("RemoteFX", KG_PATH_BITMAP, KG_REMOTEFX_RLGR3, 15);
	kg_pool_free(pool);
	kg_loop_free(sessions_loop);
	kg_loop_free(loop);
	return tap_end();
}
