/* Desktop processes: states, heartbeat, replacement, views. */
#include "server/broker/desktops.h"

#include "base/limits.h"
#include "base/loop.h"
#include "server/broker/config.h"
#include "server/broker/qmp.h"
#include "server/broker/spawn.h"
#include "server/control/channel.h"
#include "server/control/host-messages.h"
#include "server/control/reasons.h"

#include <stdio.h>
#include <sys/queue.h>

#define READY_US 15000000
#define GONE_US 300000			// from a closed channel to SIGKILL
#define STEADY_US 10000000		// a run of this length was no failure of the start
#define PAUSE_FIRST_US 250000
#define PAUSE_MAX_US 10000000
#define PAUSE_RAN_US 500000		// at most, for one that was ready before it died
#define PAUSE_LOST_US 1000000		// at least, when X server or VM are gone
#define KIND_WITH_QMP "qemu"		// kagamid makes its connection: the desktop process could not reach the socket
#define MISSED_MAX 2			// heartbeats in a row without an answer

enum state { IDLE, STARTING, RUNNING, WAITING };

struct kg_desktop_want {
	TAILQ_ENTRY(kg_desktop_want) link;
	struct kg_desktop *desktop;
	struct kg_watch *defer;
	struct kg_id session;
	kg_desktop_view_fn fn;
	void *data;
};

TAILQ_HEAD(want_list, kg_desktop_want);

struct kg_desktop {
	TAILQ_ENTRY(kg_desktop) link;
	struct kg_desktops *desktops;
	const struct kg_config_desktop *config;
	struct kg_id id;
	uint32_t uid, gid;
	enum state state;
	struct kg_qmp *qmp;		// STARTING: QEMU is being asked for its display
	struct kg_process *process;
	struct kg_channel *channel;
	struct kg_watch *timer;		// STARTING: deadline; RUNNING: heartbeat; WAITING: pause
	struct want_list wants;
	char label[KG_NAME_MAX];	// "desktop NAME"
	uint64_t started_us, beat, answered;	// beat: the last PING; answered: the last PONG
	uint32_t missed, failures;
	uint32_t unready;		// processes in a row that ended before they were ready
	uint64_t starts;
	int layers;
};

TAILQ_HEAD(desktop_list, kg_desktop);

struct kg_desktops {
	struct kg_loop *loop;
	const struct kg_config *config;
	struct kg_spawner *spawner;
	const struct kg_desktops_events *events;
	void *data;
	struct desktop_list list;
	bool ending;
};

static void start(struct kg_desktop *desktop);
static void failed(struct kg_desktop *desktop, bool lost);

/* ---- wants ---- */

static void want_done(struct kg_desktop_want *want, int fd, int error)
{
	kg_desktop_view_fn fn = want->fn;
	void *data = want->data;
	struct kg_id id = want->desktop->id;

	kg_desktop_want_free(want);
	fn(data, fd, &id, error);
}

/* Only those that wait now: who asks again from the callback stands behind them. */
static void refuse_wants(struct kg_desktop *desktop, int error)
{
	struct kg_desktop_want *want;
	size_t count = 0;

	TAILQ_FOREACH(want, &desktop->wants, link)
		count++;
	while (count-- && (want = TAILQ_FIRST(&desktop->wants)))
		want_done(want, -1, error);
}

/* Makes a view channel: one end to the desktop, the other to whoever wants it. False when the want has to wait. */
static bool give_view(struct kg_desktop_want *want)
{
	struct kg_desktop *desktop = want->desktop;
	struct kg_host_view view = { .session = want->session };
	int pair[2], r = kg_channel_pair(pair);

	if (r < 0) {
		want_done(want, -1, r);
		return true;
	}
	r = kg_channel_send_fd(desktop->channel, KG_HOST_VIEW, &view, sizeof(view), pair[1]);
	close(pair[1]);
	/* A desktop that is just dying will be replaced: its session has seen that before us. */
	if (r == 0)
		want_done(want, pair[0], 0);
	close(pair[0]);
	return r == 0;
}

static void give_views(struct kg_desktop *desktop)
{
	struct kg_desktop_want *want;

	while (desktop->state == RUNNING && desktop->channel && (want = TAILQ_FIRST(&desktop->wants))) {
		if (!give_view(want))
			break;
	}
}

static void on_want(void *data)
{
	struct kg_desktop_want *want = data;
	struct kg_desktop *desktop = want->desktop;

	kg_watch_free(want->defer);
	want->defer = NULL;
	if (desktop->desktops->ending)
		want_done(want, -1, -ESHUTDOWN);
	else if (desktop->state == RUNNING && desktop->channel)
		(void)give_view(want);
	else if (desktop->state == IDLE)
		start(desktop);
	/* else it waits for READY, or for the end of the pause */
}

int kg_desktop_want_new(struct kg_desktop_want **ret, struct kg_desktop *desktop, const struct kg_id *session,
			kg_desktop_view_fn fn, void *data)
{
	struct kg_desktop_want *want = calloc(1, sizeof(*want));
	int r;

	if (!want)
		return -ENOMEM;
	*want = (struct kg_desktop_want){ .desktop = desktop, .session = *session, .fn = fn, .data = data };
	r = kg_loop_defer(desktop->desktops->loop, &want->defer, on_want, want);
	if (r < 0) {
		free(want);
		return r;
	}
	TAILQ_INSERT_TAIL(&desktop->wants, want, link);
	*ret = want;
	return 0;
}

void kg_desktop_want_free(struct kg_desktop_want *want)
{
	if (!want)
		return;
	TAILQ_REMOVE(&want->desktop->wants, want, link);
	kg_watch_free(want->defer);
	free(want);
}

/* ---- the process ---- */

static void stop_process(struct kg_desktop *desktop)
{
	kg_qmp_free(desktop->qmp);
	desktop->qmp = NULL;
	kg_channel_free(desktop->channel);
	desktop->channel = NULL;
	kg_process_free(desktop->process);
	desktop->process = NULL;
	kg_watch_arm(desktop->timer, UINT64_MAX);
}

static void beat(struct kg_desktop *desktop)
{
	struct kg_host_beat ping = { .number = ++desktop->beat };
	int r = kg_channel_send(desktop->channel, KG_HOST_PING, &ping, sizeof(ping));

	if (r < 0)
		return failed(desktop, false);
	desktop->missed++;
	kg_watch_arm(desktop->timer, desktop->desktops->config->heartbeat_ms * 1000ull / MISSED_MAX);
}

static void on_timer(void *data)
{
	struct kg_desktop *desktop = data;

	if (desktop->process && !desktop->channel)	// on_channel_ended(): it did not end by itself
		return kg_process_kill(desktop->process);
	switch (desktop->state) {
	case STARTING:
		(void)kg_err(-ETIMEDOUT, "desktop %s: no picture", desktop->config->name);
		failed(desktop, false);
		break;
	case RUNNING:
		/* Heartbeats are counted, not timed: a kagamid that was stopped itself must not blame the desktop. */
		if (desktop->missed < MISSED_MAX) {
			beat(desktop);
			break;
		}
		(void)kg_err(0, "desktop %s: no heartbeat for %u ms: it is replaced", desktop->config->name,
			     desktop->desktops->config->heartbeat_ms);
		failed(desktop, false);
		break;
	case WAITING:
		start(desktop);
		break;
	case IDLE:
		break;
	}
}

static int on_ready(struct kg_desktop *desktop, const struct kg_host_ready *ready)
{
	char layers[64];

	if (desktop->state != STARTING)
		return -EPROTO;
	desktop->state = RUNNING;
	desktop->unready = 0;
	desktop->layers = (int)ready->layers;
	desktop->missed = 0;
	kg_channel_set_phase(desktop->channel, KG_HOST_RUN);
	kg_debug("desktop %s: %ux%u, pid %d, sandbox: %s", desktop->config->name, ready->width, ready->height,
		 (int)kg_process_pid(desktop->process), kg_sandbox_layers_text(desktop->layers, layers));
	beat(desktop);
	give_views(desktop);
	return 0;
}

static int on_message(void *data, struct kg_message *message)
{
	struct kg_desktop *desktop = data;
	const struct kg_host_beat *pong = message->body;
	const struct kg_host_lost *lost = message->body;
	char text[KG_HOST_TEXT_MAX + 1];

	switch (message->id) {
	case KG_HOST_READY:
		return on_ready(desktop, message->body);
	case KG_HOST_PONG:
		/* One answer to each, so that nobody keeps us busy with them. */
		if (pong->number <= desktop->answered || pong->number > desktop->beat)
			return -EPROTO;
		desktop->answered = pong->number;
		desktop->missed = (uint32_t)(desktop->beat - pong->number);
		return 0;
	case KG_HOST_LOST:
		snprintf(text, sizeof(text), "%.*s", (int)(message->size - sizeof(*lost)),
			 (const char *)message->body + sizeof(*lost));
		(void)kg_err(lost->error > -4096 && lost->error < 0 ? lost->error : 0, "desktop %s: %s",
			     desktop->config->name, text);
		failed(desktop, true);
		return 0;
	default:
		return -EPROTO;
	}
}

static void on_channel_ended(void *data, int error)
{
	struct kg_desktop *desktop = data;

	kg_channel_free(desktop->channel);
	desktop->channel = NULL;
	/* A process that dies closes its end first; how it died says on_process_ended(), unless it only closed it. */
	if (error == -EPROTO || error == -ENOBUFS)
		kg_process_kill(desktop->process);
	else
		kg_watch_arm(desktop->timer, GONE_US);
}

static void on_process_ended(void *data, int status)
{
	struct kg_desktop *desktop = data;
	char text[64];

	desktop->process = NULL;
	if (!desktop->desktops->ending)
		(void)kg_err(0, "desktop %s: the process has ended: %s", desktop->config->name,
			     kg_status_text(status, text));
	failed(desktop, false);
}

static const struct kg_channel_events channel_events = { on_message, on_channel_ended };

/* Sends SETUP, after the connection where the kind needs one. */
static int set_up(struct kg_desktop *desktop)
{
	const struct kg_config_desktop *config = desktop->config;
	const char *where = config->where ? config->where : "";
	struct kg_host_setup setup = {
		.desktop = desktop->id,
		.sandbox = desktop->desktops->config->sandbox,
		.uid = desktop->uid,
		.gid = desktop->gid,
		.log_level = kg_log_level,
		.threads = config->threads,
		.width = config->width,
		.height = config->height,
		.kind = (uint16_t)strlen(config->kind),
		.where = (uint16_t)strlen(where),
	};
	char tail[64 + KG_NAME_MAX];
	int size = snprintf(tail, sizeof(tail), "%s%s", config->kind, where);

	return kg_channel_send_tail(desktop->channel, KG_HOST_SETUP, &setup, sizeof(setup), tail, (size_t)size);
}

/* source: a connection for the desktop, or -1; it stays the caller's. */
static int start_process(struct kg_desktop *desktop, int source)
{
	struct kg_desktops *desktops = desktop->desktops;
	int pair[2], r = kg_channel_pair(pair);
	struct kg_process_how how = {
		.program = "kagami-desktop", .label = desktop->label, .fds = &pair[1], .fd_count = 1, .graphics = true,
	};

	if (r < 0)
		return r;
	r = kg_channel_new(&desktop->channel, &kg_host_messages, KG_SIDE_A, pair[0], desktop->label, 0);
	if (r == 0)
		r = kg_process_start(&desktop->process, desktops->spawner, &how, on_process_ended, desktop);
	close(pair[1]);
	if (r == 0) {
		kg_channel_set_phase(desktop->channel, KG_HOST_START);
		r = kg_channel_attach(desktop->channel, desktops->loop, &channel_events, desktop);
	}
	if (r == 0 && source >= 0)
		r = kg_channel_send_fd(desktop->channel, KG_HOST_SOURCE, NULL, 0, source);
	if (r == 0)
		r = set_up(desktop);
	return r;
}

static void start_with(struct kg_desktop *desktop, int source)
{
	int r = start_process(desktop, source);

	kg_close(source);
	if (r < 0) {
		(void)kg_err(r, "desktop %s cannot be started", desktop->config->name);
		failed(desktop, false);
	}
}

static void on_qmp(void *data, int fd, const char *why)
{
	struct kg_desktop *desktop = data;

	kg_qmp_free(desktop->qmp);
	desktop->qmp = NULL;
	if (fd >= 0)
		return start_with(desktop, fd);
	(void)kg_err(fd, "desktop %s: %s: %s", desktop->config->name, desktop->config->where, why);
	failed(desktop, true);
}

static void start(struct kg_desktop *desktop)
{
	const char *where = desktop->config->where;
	int r;

	desktop->state = STARTING;
	desktop->started_us = kg_now_us();
	desktop->starts++;
	kg_watch_arm(desktop->timer, READY_US);
	if (strcmp(desktop->config->kind, KIND_WITH_QMP))
		return start_with(desktop, -1);
	r = kg_qmp_open(&desktop->qmp, desktop->desktops->loop, where ? where : "", on_qmp, desktop);
	if (r < 0) {
		(void)kg_err(r, "desktop %s: no QEMU at %s", desktop->config->name, where ? where : "''");
		failed(desktop, true);
	}
}

/* How long to wait before the next start: nothing after a first death, then longer and longer; less where it had run. */
static uint64_t pause_us(struct kg_desktop *desktop, bool ran, bool lost)
{
	uint64_t pause = 0;

	if (desktop->failures > 1)
		pause = PAUSE_FIRST_US << KG_MIN(desktop->failures - 2, 8u);
	pause = KG_MIN(pause, ran ? (uint64_t)PAUSE_RAN_US : (uint64_t)PAUSE_MAX_US);
	return KG_MAX(pause, lost ? (uint64_t)PAUSE_LOST_US : 0);
}

/* The process is gone or has to go. lost: what it shows is gone too. */
static void failed(struct kg_desktop *desktop, bool lost)
{
	struct kg_desktops *desktops = desktop->desktops;
	bool ran = desktop->state == RUNNING;

	stop_process(desktop);
	desktop->layers = 0;
	if (ran && kg_now_us() - desktop->started_us > STEADY_US)
		desktop->failures = 0;
	desktop->failures++;
	desktop->state = IDLE;
	if (desktops->ending)
		return refuse_wants(desktop, -ESHUTDOWN);
	/* Somebody who waits for a desktop that does not start gets an answer; one that was killed may start the next time. */
	if (!ran && (++desktop->unready > 1 || lost))
		refuse_wants(desktop, -EHOSTDOWN);
	/* A refused one may have asked again. */
	if (desktop->state == IDLE && (ran || desktop->config->always || !TAILQ_EMPTY(&desktop->wants))) {
		desktop->state = WAITING;
		kg_watch_arm(desktop->timer, pause_us(desktop, ran, lost));
	}
	if (lost && desktops->events)
		desktops->events->lost(desktops->data, desktop);
}

/* ---- all of them ---- */

static void desktop_free(struct kg_desktop *desktop)
{
	TAILQ_REMOVE(&desktop->desktops->list, desktop, link);
	while (!TAILQ_EMPTY(&desktop->wants))
		kg_desktop_want_free(TAILQ_FIRST(&desktop->wants));
	kg_qmp_free(desktop->qmp);
	kg_channel_free(desktop->channel);
	kg_process_free(desktop->process);
	kg_watch_free(desktop->timer);
	free(desktop);
}

static int add(struct kg_desktops *desktops, const struct kg_config_desktop *config)
{
	struct kg_desktop *desktop = calloc(1, sizeof(*desktop));
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;
	const char *run_as;
	int r;

	if (!desktop)
		return -ENOMEM;
	desktop->desktops = desktops;
	desktop->config = config;
	TAILQ_INIT(&desktop->wants);
	TAILQ_INSERT_TAIL(&desktops->list, desktop, link);
	snprintf(desktop->label, sizeof(desktop->label), "desktop %s", config->name);
	r = kg_id_random(&desktop->id);
	if (r == 0)
		r = kg_loop_timer(desktops->loop, &desktop->timer, UINT64_MAX, on_timer, desktop);
	/* Root opens the source, then becomes somebody who may nothing: no desktop runs as root unless that is asked for. */
	run_as = config->run_as ? config->run_as : geteuid() == 0 ? desktops->config->session_user : NULL;
	if (r == 0 && run_as) {
		r = kg_sandbox_user(run_as, &uid, &gid);
		if (r < 0)
			return kg_err(r, "desktop %s: run-as = %s", config->name, run_as);
		if (geteuid() != 0 && uid != geteuid())
			return kg_err(-EPERM, "desktop %s: only root can run it as %s", config->name, run_as);
	}
	desktop->uid = uid;
	desktop->gid = gid;
	if (r == 0 && uid == 0 && geteuid() == 0)
		(void)kg_warn(0, "desktop %s runs as root", config->name);
	return r;
}

int kg_desktops_new(struct kg_desktops **ret, struct kg_loop *loop, const struct kg_config *config,
		    struct kg_spawner *spawner)
{
	struct kg_desktops *desktops = calloc(1, sizeof(*desktops));
	int r = 0;

	if (!desktops)
		return -ENOMEM;
	desktops->loop = loop;
	desktops->config = config;
	desktops->spawner = spawner;
	TAILQ_INIT(&desktops->list);
	for (const struct kg_config_desktop *d = config->desktops; d && r == 0; d = d->next)
		r = add(desktops, d);
	if (r < 0) {
		kg_desktops_free(desktops);
		return r;
	}
	*ret = desktops;
	return 0;
}

void kg_desktops_free(struct kg_desktops *desktops)
{
	if (!desktops)
		return;
	while (!TAILQ_EMPTY(&desktops->list))
		desktop_free(TAILQ_FIRST(&desktops->list));
	free(desktops);
}

void kg_desktops_listen(struct kg_desktops *desktops, const struct kg_desktops_events *events, void *data)
{
	desktops->events = events;
	desktops->data = data;
}

void kg_desktops_start(struct kg_desktops *desktops)
{
	struct kg_desktop *desktop;

	TAILQ_FOREACH(desktop, &desktops->list, link) {
		if (desktop->config->always && desktop->state == IDLE)
			start(desktop);
	}
}

void kg_desktops_end(struct kg_desktops *desktops)
{
	struct kg_host_end end = { .reason = KG_END_SHUTDOWN };
	struct kg_desktop *desktop;

	desktops->ending = true;
	TAILQ_FOREACH(desktop, &desktops->list, link) {
		kg_watch_arm(desktop->timer, UINT64_MAX);
		if (desktop->channel)
			(void)kg_channel_send(desktop->channel, KG_HOST_END, &end, sizeof(end));
		refuse_wants(desktop, -ESHUTDOWN);
	}
}

struct kg_desktop *kg_desktops_find(struct kg_desktops *desktops, const char *name)
{
	struct kg_desktop *desktop = TAILQ_FIRST(&desktops->list);

	while (desktop && strcmp(desktop->config->name, name))
		desktop = TAILQ_NEXT(desktop, link);
	return desktop;
}

struct kg_desktop *kg_desktops_next(struct kg_desktops *desktops, struct kg_desktop *desktop)
{
	return desktop ? TAILQ_NEXT(desktop, link) : TAILQ_FIRST(&desktops->list);
}

const char *kg_desktop_name(const struct kg_desktop *desktop)
{
	return desktop->config->name;
}

const char *kg_desktop_kind(const struct kg_desktop *desktop)
{
	return desktop->config->kind;
}

const char *kg_desktop_state(const struct kg_desktop *desktop)
{
	static const char *const text[] = { "idle", "starting", "running", "waiting" };

	if (desktop->state == STARTING && desktop->failures)
		return "restarting";
	return text[desktop->state];
}

int kg_desktop_pid(const struct kg_desktop *desktop)
{
	return desktop->process ? (int)kg_process_pid(desktop->process) : 0;
}

int kg_desktop_layers(const struct kg_desktop *desktop)
{
	return desktop->layers;
}

uint64_t kg_desktop_starts(const struct kg_desktop *desktop)
{
	return desktop->starts;
}
