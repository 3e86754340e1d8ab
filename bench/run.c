/*
 * A measurement: starts the server where it is ours, connects, lets the workload warm up, measures, and compares what
 * was kept with the originals. One loop, one thread.
 *
 *	connect -- first frame --> warm up -- its time --> measure -- its time --> done
 */
#include "bench/run.h"

#include "base/loop.h"
#include "bench/child.h"
#include "bench/client/session.h"
#include "bench/ours.h"

#include <limits.h>
#include <linux/tcp.h>
#include <math.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>

#define TICK_US 25000
#define FIRST_FRAME_US 20000000		// patience for it
#define SCANCODE 0x1d			// left Ctrl: it does nothing by itself
#define DRAWN_FRAMES 20			// drawn afterwards to learn what drawing costs

enum state { WAITING, WARMING, MEASURING, DONE, FAILED };

struct run {
	const struct kg_run_options *options;
	struct kg_run_results *results;
	struct kg_loop *loop;
	struct kg_watch *tick, *interrupt;
	struct kg_ours *ours;
	struct kg_link_net *link;	// NULL: none
	struct kg_reference *reference;
	struct kg_session_how how;
	struct kg_session *session;
	char group[32];			// of our own server's processes
	pid_t player;			// 0: none
	char drawing[512];		// its group and what the options name
	enum state state;
	uint64_t state_us;		// when the state was entered
	uint64_t begin_us, end_us;	// of what is measured
	struct kg_tally tally_before;
	uint64_t wire_before;
	struct kg_link_carried link_before[KG_LINK_ENDS];
	struct kg_meter_reading server_before, drawing_before, client_before;
};

static int say(int error, const char *what)
{
	fprintf(stderr, "kagami-bench: %s%s%s\n", what, error < 0 ? ": " : "", error < 0 ? strerror(-error) : "");
	return error;
}

static void stop(struct run *run, enum state state)
{
	run->state = state;
	kg_loop_quit(run->loop, 0);
}

/* ---- costs ---- */

static const char *server_group(const struct run *run)
{
	return run->options->server_processes ? run->options->server_processes : run->group[0] ? run->group : NULL;
}

/* group NULL: this process. What cannot be read has no processes. */
static struct kg_meter_reading read_meter(const char *group)
{
	struct kg_meter_reading reading = { 0 };
	int r = group ? kg_meter_read(group, &reading) : kg_meter_read_self(&reading);

	return r < 0 ? (struct kg_meter_reading){ 0 } : reading;
}

static struct kg_run_cost cost_since(const char *group, const struct kg_meter_reading *before)
{
	struct kg_meter_reading now = read_meter(group);

	if (!before->processes || !now.processes)
		return (struct kg_run_cost){ 0 };
	return (struct kg_run_cost){
		.known = true,
		.cores = kg_meter_cores(before, &now),
		.private_bytes = now.private_bytes,
		.processes = now.processes,
	};
}

/* Bytes of TCP; 0: not known. */
static uint64_t wire_bytes(const struct run *run)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	if (getsockopt(run->session->connection.fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
		return 0;
	return info.tcpi_bytes_received;
}

/* ---- the link ---- */

static int make_link(struct run *run)
{
	const char *what;
	int r;

	if (!run->options->link)
		return 0;
	r = kg_link_net_new(&run->link, &run->options->link_spec, run->options->seed, &what);
	if (r < 0)
		fprintf(stderr, "kagami-bench: --link cannot %s%s: %s\n", what,
			r == -EPERM || r == -EACCES ? ", which only root may" : "", strerror(-r));
	return r;
}

/* What comes next is at that end of the link, if there is one. */
static int move_to(struct run *run, enum kg_link_end end)
{
	int r = run->link ? kg_link_net_enter(run->link, end) : 0;

	return r < 0 ? say(r, "cannot enter a network namespace") : 0;
}

static void read_link(const struct run *run, struct kg_link_carried ret[KG_LINK_ENDS])
{
	if (run->link && kg_link_net_read(run->link, ret) < 0)
		memset(ret, 0, KG_LINK_ENDS * sizeof(*ret));
}

static void link_since(const struct run *run, struct kg_link_carried ret[KG_LINK_ENDS])
{
	read_link(run, ret);
	for (enum kg_link_end end = 0; end < KG_LINK_ENDS; end++) {
		ret[end].count.packets -= run->link_before[end].count.packets;
		ret[end].count.bytes -= run->link_before[end].count.bytes;
		ret[end].count.dropped -= run->link_before[end].count.dropped;
		ret[end].count.lost -= run->link_before[end].count.lost;
		ret[end].late_ns -= run->link_before[end].late_ns;
	}
}

/* ---- states ---- */

static void begin_measuring(struct run *run)
{
	run->state = MEASURING;
	if (server_group(run))
		run->server_before = read_meter(server_group(run));
	if (run->drawing[0])
		run->drawing_before = read_meter(run->drawing);
	run->client_before = read_meter(NULL);
	run->tally_before = run->session->tally;
	run->wire_before = wire_bytes(run);
	read_link(run, run->link_before);
	run->begin_us = run->state_us = kg_now_us();
}

static void end_measuring(struct run *run)
{
	struct kg_run_results *results = run->results;

	run->end_us = kg_now_us();
	results->server = cost_since(server_group(run), &run->server_before);
	results->drawing = run->drawing[0] ? cost_since(run->drawing, &run->drawing_before) : (struct kg_run_cost){ 0 };
	results->client = cost_since(NULL, &run->client_before);
	results->wire_bytes = wire_bytes(run) - run->wire_before;
	link_since(run, results->link);
	results->tally = run->session->tally;
	results->tally.frames -= run->tally_before.frames;
	for (size_t i = 0; i < KG_OPERATIONS; i++) {
		results->tally.of[i].count -= run->tally_before.of[i].count;
		results->tally.of[i].bytes -= run->tally_before.of[i].bytes;
	}
	stop(run, DONE);
}

static void show_progress(const struct run *run, uint64_t now)
{
	if (run->options->quiet || run->state != MEASURING || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r%zu frames, %.0f s left \033[K", run->results->record.count,
		fmax(0, run->options->seconds - (double)(now - run->begin_us) / 1e6));
}

static void advance(struct run *run, uint64_t now)
{
	double in_state_s = (double)(now - run->state_us) / 1e6;

	if (run->state == WAITING && now - run->state_us > FIRST_FRAME_US) {
		say(-ETIMEDOUT, "no frame came");
		stop(run, FAILED);
	} else if (run->state == WARMING && in_state_s >= run->options->warm_up_s) {
		begin_measuring(run);
	} else if (run->state == MEASURING && in_state_s >= run->options->seconds) {
		end_measuring(run);
	}
}

static void on_tick(void *data)
{
	struct run *run = data;
	struct kg_image picture;
	uint64_t now = kg_now_us();
	int r = 0;

	(void)kg_watch_arm(run->tick, TICK_US);
	if (run->state == MEASURING && run->options->keys && kg_keys_due(&run->results->keys, now) &&
	    !kg_session_press(run->session, SCANCODE))
		return stop(run, FAILED);
	if (run->state == MEASURING && kg_session_picture(run->session, &picture))
		r = kg_settle_look(&run->results->settle, &picture, now);
	if (r < 0) {
		say(r, "cannot compare");
		return stop(run, FAILED);
	}
	show_progress(run, now);
	advance(run, now);
}

/* ---- what the session tells ---- */

static int note(struct run *run, const struct kg_shown *shown)
{
	const struct kg_shown_frame frame = {
		.at_us = shown->at_us,
		.channel_bytes = shown->channel_bytes,
		.decode_us = shown->decode_us,
		.coded = shown->has_time,
		.number = shown->time.number,
		.late_us = shown->time.late_us,
		.drawn_us = shown->time.drawn_us,
	};
	struct kg_image picture;
	int r = kg_record_add(&run->results->record, &frame);

	if (r >= 0 && shown->has_key)
		r = kg_keys_shown(&run->results->keys, &shown->key, shown->at_us);
	if (r >= 0 && run->state == MEASURING && shown->has_time && shown->has_key &&
	    kg_session_picture(run->session, &picture) && picture.width == run->options->width &&
	    picture.height == run->options->height)
		r = kg_settle_shown(&run->results->settle, &picture, &shown->time, &shown->key, shown->at_us);
	return r;
}

static void on_shown(void *data, struct kg_session *session, const struct kg_shown *shown)
{
	struct run *run = data;
	int r = note(run, shown);

	if (r < 0) {
		say(r, "cannot note a frame");
		stop(run, FAILED);
	} else if (run->state == WAITING) {
		run->state = WARMING;
		run->state_us = shown->at_us;
	}
}

static void on_ended(void *data, struct kg_session *session, const char *why)
{
	fprintf(stderr, "kagami-bench: the connection ended: %s\n", why);
	stop(data, FAILED);
}

static void on_interrupt(void *data, int signal)
{
	stop(data, FAILED);
}

/* ---- all of it ---- */

/* This program as "play". */
static int start_player(struct run *run)
{
	const struct kg_run_options *o = run->options;
	char seed[16];
	const char *const arguments[] = { "/proc/self/exe", "play", o->workload, "--seed", seed,
					 o->fps[0] ? "--fps" : NULL, o->fps,
					  NULL };
	int r;

	snprintf(seed, sizeof(seed), "%u", o->seed);
	r = kg_child_start(&run->player, arguments, NULL, NULL);
	if (r < 0)
		return say(r, "cannot start the player");
	snprintf(run->drawing, sizeof(run->drawing), "%d%s%s", (int)run->player, o->drawing_processes ? "," : "",
		 o->drawing_processes ? o->drawing_processes : "");
	return 0;
}

static int start_server(struct run *run)
{
	const struct kg_run_options *o = run->options;
	char desktop[PATH_MAX + 64];
	int r;

	run->how = (struct kg_session_how){
		.server = o->target,
		.user = o->user,
		.password = o->password,
		.size = o->size,
		.legacy = o->legacy,
		.decode = o->decode,
		.threads = o->threads,
		.ack_delay_ms = o->ack_delay_ms,
	};
	if (o->target)
		return 0;
	snprintf(desktop, sizeof(desktop), "replay:%s,seed=%u%s%s", o->workload, o->seed, o->fps[0] ? ",fps=" : "",
		 o->fps);
	r = move_to(run, KG_LINK_SERVER);
	if (r >= 0)
		r = kg_ours_start(&run->ours, o->kagamid, o->desktop ? o->desktop : desktop,
				  run->link ? kg_link_net_address(KG_LINK_SERVER) : "127.0.0.1", o->server_log, NULL);
	if (r >= 0)
		r = move_to(run, KG_LINK_CLIENT);
	if (r < 0)
		return r;
	run->how.server = kg_ours_address(run->ours);
	run->how.user = kg_ours_user(run->ours);
	run->how.password = kg_ours_password(run->ours);
	snprintf(run->group, sizeof(run->group), "%d", (int)kg_ours_pid(run->ours));
	return 0;
}

static int learn_congestion(struct run *run)
{
	struct kg_run_results *results = run->results;
	socklen_t size = sizeof(results->congestion) - 1;
	int fd = run->session->connection.fd, r;

	(void)getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, results->congestion, &size);
	r = move_to(run, KG_LINK_SERVER);
	if (r < 0)
		return r;
	if (kg_congestion_far(fd, results->server_congestion) < 0)
		results->server_congestion[0] = 0;	// on another machine
	return move_to(run, KG_LINK_CLIENT);
}

static int join(struct run *run)
{
	static const struct kg_session_events events = { on_shown, on_ended };
	uint32_t code;
	int r = kg_session_new(&run->session, run->loop, &run->how, &events, run);

	if (r < 0)
		return say(r, "cannot make a client");
	run->state_us = kg_now_us();
	r = kg_session_open(run->session);
	if (r < 0) {
		fprintf(stderr, "kagami-bench: cannot connect to %s: %s\n", run->how.server,
			kg_connection_error(&run->session->connection, &code));
		return r;
	}
	return learn_congestion(run);
}

static int prepare(struct run *run)
{
	const struct kg_run_options *o = run->options;
	int r = kg_loop_new(&run->loop);

	if (r >= 0)
		r = kg_loop_timer(run->loop, &run->tick, TICK_US, on_tick, run);
	if (r >= 0)
		r = kg_loop_signal(run->loop, &run->interrupt, SIGINT, on_interrupt, run);
	if (r < 0)
		return say(r, "cannot make a loop");
	/* Without it there is no quality: a desktop of another kind, or a recording. */
	if (o->decode && o->workload &&
	    kg_reference_new(&run->reference, o->workload, o->seed, o->width, o->height) >= 0) {
		run->results->settle.reference = run->reference;
		run->results->settle.sample_every_us = (uint64_t)(o->seconds * 1e6 / KG_SETTLE_SAMPLES);
	}
	run->results->keys.seed = o->seed;
	return 0;
}

/* When the server is gone and does not mind. */
static int analyse(struct run *run)
{
	struct kg_run_results *results = run->results;
	const struct kg_settle *settle = &results->settle;
	int r = kg_record_figures(&results->figures, &results->record, run->begin_us, run->end_us);

	if (r >= 0 && run->reference) {
		r = kg_settle_quality(&results->moving, run->reference, settle->moving, settle->moving_count);
		if (r >= 0)
			r = kg_settle_quality(&results->still, run->reference, settle->still, settle->still_count);
		if (settle->has)
			results->draw_ms = kg_reference_draw_ms(run->reference, settle->time.number, DRAWN_FRAMES);
	}
	results->connect_ms = (double)(run->session->connected_us - run->session->connection.start_us) / 1000;
	results->first_ms = (double)(run->session->first_us - run->session->connection.start_us) / 1000;
	return r < 0 ? say(r, "cannot work out the figures") : 0;
}

int kg_run(struct kg_run_results *ret, const struct kg_run_options *options)
{
	struct run run = { .options = options, .results = ret };
	int r;

	*ret = (struct kg_run_results){ .options = options, .draw_ms = NAN };
	if (options->drawing_processes)
		snprintf(run.drawing, sizeof(run.drawing), "%s", options->drawing_processes);
	r = make_link(&run);
	if (r >= 0)
		r = prepare(&run);
	if (r >= 0)
		r = start_server(&run);
	if (r >= 0 && options->x11_player)
		r = start_player(&run);
	if (r >= 0)
		r = join(&run);
	if (r >= 0)
		r = kg_loop_run(run.loop);
	if (!options->quiet && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	if (r >= 0 && run.state != DONE)
		r = -ECANCELED;
	if (run.session)
		kg_session_close(run.session);
	kg_ours_stop(run.ours);
	if (run.player)
		kg_child_stop(run.player);
	kg_link_net_free(run.link);
	if (r >= 0)
		r = analyse(&run);
	kg_session_free(run.session);
	kg_reference_free(run.reference);
	ret->settle.reference = NULL;
	kg_watch_free(run.tick);
	kg_watch_free(run.interrupt);
	kg_loop_free(run.loop);
	return r;
}

void kg_run_done(struct kg_run_results *results)
{
	kg_record_done(&results->record);
	kg_record_figures_done(&results->figures);
	kg_keys_done(&results->keys);
	kg_settle_done(&results->settle);
	kg_settle_quality_done(&results->moving);
	kg_settle_quality_done(&results->still);
}
