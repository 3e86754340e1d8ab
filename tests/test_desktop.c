/* The program kagami-desktop, started and spoken to as kagamid and a session do. It is locked: what it may not would kill it. */
#include "base/id.h"
#include "base/ring.h"
#include "base/sandbox.h"
#include "server/control/channel.h"
#include "server/control/host-messages.h"
#include "server/control/reasons.h"
#include "server/control/view-messages.h"
#include "tests/tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/input-event-codes.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define ANSWER_MS (TAP_SLOW * 10000)

struct host {
	pid_t pid;
	struct kg_channel *channel;
	int status;
};

static const char *program(void)
{
	static char path[4096];
	const char *dir = getenv("top_builddir");

	snprintf(path, sizeof(path), "%s/kagami-desktop", dir ? dir : ".");
	return path;
}

static void start(struct host *host)
{
	int pair[2], extra;

	if (kg_channel_pair(pair) < 0)
		abort();
	host->pid = fork();
	if (host->pid == 0) {
		extra = open("/", O_RDONLY);	// what a careless parent leaves open
		if (dup2(extra, 20) != 20 || dup2(pair[1], KG_HOST_CONTROL_FD) != KG_HOST_CONTROL_FD)
			_exit(126);
		if (pair[1] == KG_HOST_CONTROL_FD)
			fcntl(pair[1], F_SETFD, 0);
		execl(program(), "kagami-desktop", NULL);
		_exit(127);
	}
	close(pair[1]);
	if (kg_channel_new(&host->channel, &kg_host_messages, KG_SIDE_A, pair[0], "desktop", 0) < 0)
		abort();
}

static bool ended(struct host *host)
{
	return waitpid(host->pid, &host->status, WNOHANG) == host->pid;
}

/* Waits for the end; kills it when that does not come. */
static bool ends(struct host *host, int code)
{
	bool right = wait_until(ended(host), ANSWER_MS);

	if (!right) {
		kill(host->pid, SIGKILL);
		waitpid(host->pid, &host->status, 0);
		note("had to be killed");
	} else if (WIFSIGNALED(host->status)) {
		note("ended by signal %d", WTERMSIG(host->status));
	}
	kg_channel_free(host->channel);
	host->channel = NULL;
	return right && WIFEXITED(host->status) && WEXITSTATUS(host->status) == code;
}

static bool send_set_up(struct host *host, const char *kind, const char *where, enum kg_sandbox_mode sandbox, uint32_t uid)
{
	struct kg_host_setup setup = {
		.sandbox = sandbox,
		.uid = uid,
		.gid = uid,
		.log_level = 0,
		.threads = 2,
		.width = 640,
		.height = 480,
		.kind = (uint16_t)strlen(kind),
		.where = (uint16_t)strlen(where),
	};
	char tail[256];
	int n = snprintf(tail, sizeof(tail), "%s%s", kind, where);

	return kg_channel_send_tail(host->channel, KG_HOST_SETUP, &setup, sizeof(setup), tail, (size_t)n) == 0;
}

/* Sends SETUP; returns the answer's id. */
static int set_up(struct host *host, const char *kind, const char *where, enum kg_sandbox_mode sandbox, uint32_t uid,
		  void *answer, size_t size)
{
	if (!send_set_up(host, kind, where, sandbox, uid))
		return -1;
	return kg_channel_wait(host->channel, answer, &size, NULL, ANSWER_MS);
}

static bool beats(struct host *host, uint64_t number)
{
	struct kg_host_beat beat = { number }, back = { 0 };
	size_t size = sizeof(back);

	return kg_channel_ask(host->channel, KG_HOST_PING, &beat, sizeof(beat), NULL, 0, KG_HOST_PONG, &back, &size, NULL,
			      ANSWER_MS) == 0 &&
	       back.number == number;
}

/* ---- a session ---- */

struct session {
	struct kg_channel *channel;
	struct kg_ring ring;
	uint32_t frames;
	int end;
};

static void join(struct host *host, struct session *session)
{
	struct kg_host_view view = { .session = { { 1 } } };
	int pair[2];

	*session = (struct session){ .end = -1 };
	if (kg_channel_pair(pair) < 0 ||
	    kg_channel_new(&session->channel, &kg_view_messages, KG_SIDE_A, pair[0], "desktop", 0) < 0)
		abort();
	kg_channel_send_fd(host->channel, KG_HOST_VIEW, &view, sizeof(view), pair[1]);
	close(pair[1]);
}

/* Takes the next message, as a session does. Its id, or a negative errno. */
static int take(struct session *session, int timeout_ms)
{
	uint8_t body[1024];
	size_t size = sizeof(body);
	struct kg_view_slice slice;
	struct kg_view_credit credit;
	struct kg_view_acknowledged acknowledged = { 0 };
	struct kg_view_end end;
	int fd = -1;
	int r = kg_channel_wait(session->channel, body, &size, &fd, timeout_ms);

	switch (r) {
	case KG_VIEW_RING:
		if (kg_ring_init_reader(&session->ring, fd) < 0)
			return -EPROTO;
		break;
	case KG_VIEW_SLICE:
		memcpy(&slice, body, sizeof(slice));
		credit.position = slice.position + slice.length;
		acknowledged.frame = slice.frame;
		kg_channel_send(session->channel, KG_VIEW_CREDIT, &credit, sizeof(credit));
		if (slice.last) {
			session->frames++;
			kg_channel_send(session->channel, KG_VIEW_ACKNOWLEDGED, &acknowledged, sizeof(acknowledged));
		}
		break;
	case KG_VIEW_END:
		memcpy(&end, body, sizeof(end));
		session->end = (int)end.reason;
		break;
	}
	return r;
}

/* Takes messages until the condition holds, or none comes for long. */
#define take_until(session, condition)                                                                                 \
	({                                                                                                             \
		while (!(condition) && take(session, ANSWER_MS) >= 0)                                                  \
			;                                                                                              \
		(condition);                                                                                           \
	})

static void open_view_of_size(struct session *session, enum kg_view_path path, uint32_t width, uint32_t height)
{
	struct kg_view_open open = {
		.width = (uint16_t)width,
		.height = (uint16_t)height,
		.path = (uint8_t)path,
		.keyboard = 4,
		.cursor_size = 384,
		.cursor_slots = 16,
		.bitmap_size_max = 65535,
	};
	struct kg_view_graphics graphics = { .version = 0x000a0701 };

	kg_channel_send(session->channel, KG_VIEW_OPEN, &open, sizeof(open));
	if (path == KG_PATH_GRAPHICS)
		kg_channel_send(session->channel, KG_VIEW_GRAPHICS, &graphics, sizeof(graphics));
}

static void open_view(struct session *session, enum kg_view_path path)
{
	open_view_of_size(session, path, 800, 600);
}

static void click(struct session *session, int32_t x)
{
	struct kg_view_motion motion = { .x = x, .y = 5 };
	struct kg_view_button button = { .evdev = BTN_RIGHT, .down = 1 };

	kg_channel_send(session->channel, KG_VIEW_MOTION, &motion, sizeof(motion));
	kg_channel_send(session->channel, KG_VIEW_BUTTON, &button, sizeof(button));
}

static void session_done(struct session *session)
{
	kg_ring_done(&session->ring);
	kg_channel_free(session->channel);
}

/* ---- what /proc says ---- */

/* Times that any thread of the process went to sleep, or -1. */
static long switches(pid_t pid)
{
	char path[64], line[256];
	struct dirent *entry;
	long sum = 0, n;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return -1;
	while ((entry = readdir(dir))) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/task/%.20s/status", pid, entry->d_name);
		file = fopen(path, "re");
		while (file && fgets(line, sizeof(line), file)) {
			if (sscanf(line, "voluntary_ctxt_switches: %ld", &n) == 1)
				sum += n;
		}
		if (file)
			fclose(file);
	}
	closedir(dir);
	return sum;
}

static bool has_descriptor(pid_t pid, int fd)
{
	char path[64], target[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	return readlink(path, target, sizeof(target)) >= 0;
}

/* ---- tests ---- */

static void shows(enum kg_sandbox_mode sandbox, uint32_t uid, const char *what)
{
	struct host host;
	struct session graphics, bitmaps, late;
	struct kg_host_ready ready = { 0 };
	struct kg_host_end end = { KG_END_SHUTDOWN };
	char text[64];
	long before;
	int answer;

	start(&host);
	answer = set_up(&host, "still", "#405060", sandbox, uid, &ready, sizeof(ready));
	ok(answer == KG_HOST_READY && ready.width == 640 && ready.height == 480, "%s: a desktop becomes ready, locked by: %s",
	   what, kg_sandbox_layers_text((int)ready.layers, text));
#ifndef KG_SANITIZED
	if (sandbox == KG_SANDBOX_REQUIRE)
		ok((ready.layers & (KG_LAYER_LANDLOCK | KG_LAYER_SECCOMP)) == (KG_LAYER_LANDLOCK | KG_LAYER_SECCOMP),
		   "%s: Landlock and the filter are in force", what);
#endif
	ok(!has_descriptor(host.pid, 20), "what the parent left open is closed");
	join(&host, &graphics);
	open_view(&graphics, KG_PATH_GRAPHICS);
	ok(take_until(&graphics, graphics.frames == 1), "a client with the graphics pipeline sees it");
	join(&host, &bitmaps);
	open_view(&bitmaps, KG_PATH_BITMAP);
	ok(take_until(&bitmaps, bitmaps.frames == 1), "one without sees it too");
	click(&bitmaps, 100);
	ok(take_until(&graphics, graphics.frames == 2) && take_until(&bitmaps, bitmaps.frames == 2), "both see a click");
	ok(beats(&host, 1), "it answers the heartbeat");

	/* Until it sleeps; then it must go on sleeping. (A sanitizer's own thread does not.) */
	while (take(&graphics, 50) >= 0 || take(&bitmaps, 50) >= 0)
		;
	before = switches(host.pid);
	poll(NULL, 0, 500);
#ifdef KG_SANITIZED
	before = -1;
#endif
	ok(before < 0 || switches(host.pid) == before, "an idle desktop does not wake up");
	ok(beats(&host, 2), "and still answers");

	session_done(&bitmaps);
	click(&graphics, 300);
	ok(take_until(&graphics, graphics.frames == 3), "a session that goes does not disturb the other");
	for (int i = 0; i < 20; i++) {
		join(&host, &late);
		open_view(&late, KG_PATH_GRAPHICS);
		if (!take_until(&late, late.frames == 1))
			break;
		session_done(&late);
	}
	ok(late.frames == 1, "twenty more come and go");
	kg_channel_send(host.channel, KG_HOST_END, &end, sizeof(end));
	ok(take_until(&graphics, graphics.end == KG_END_SHUTDOWN), "END is passed on");
	session_done(&graphics);
	ok(ends(&host, EXIT_SUCCESS), "and the process ends");
}

#ifdef HAVE_DEMO
/* A kind with drivers, whose lock is looser: it goes on drawing for clients of several sizes, one after the other. */
static void draws(const char *kind, uint32_t uid, const char *what)
{
	struct host host;
	struct session session;
	struct kg_host_ready ready = { 0 };
	struct kg_host_end end = { KG_END_SHUTDOWN };
	char text[64];
	bool drawn = true;
	int answer;

	start(&host);
	answer = set_up(&host, kind, "", KG_SANDBOX_REQUIRE, uid, &ready, sizeof(ready));
	ok(answer == KG_HOST_READY, "%s, %s: becomes ready, locked by: %s", kind, what,
	   kg_sandbox_layers_text((int)ready.layers, text));
	for (uint16_t i = 0; i < 4 && answer == KG_HOST_READY; i++) {
		join(&host, &session);
		open_view_of_size(&session, i % 2 ? KG_PATH_BITMAP : KG_PATH_GRAPHICS, 320 + i * 61, 200 + i * 31);
		drawn = take_until(&session, session.frames == 10) && drawn;
		session_done(&session);
	}
	ok(drawn && beats(&host, 1), "%s, %s: draws for one client after the other", kind, what);
	kg_channel_send(host.channel, KG_HOST_END, &end, sizeof(end));
	ok(ends(&host, EXIT_SUCCESS), "and ends");
}
#endif

static void refuses(const char *kind, const char *where)
{
	struct host host;
	struct {
		struct kg_host_lost lost;
		char text[KG_HOST_TEXT_MAX];
	} answer = { 0 };
	int r;

	start(&host);
	r = set_up(&host, kind, where, KG_SANDBOX_BEST, UINT32_MAX, &answer, sizeof(answer));
	ok(r == KG_HOST_LOST && answer.lost.error < 0, "%s:%s is refused: %.100s", kind, where, answer.text);
	ok(ends(&host, EXIT_FAILURE), "and the process ends");
}

/* The value of a number in /proc/PID/status, or -1. */
static long status_of(pid_t pid, const char *name)
{
	char path[64], line[256];
	long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			value = strtol(line + strlen(name) + 1, NULL, 10);
	}
	if (file)
		fclose(file);
	return value;
}

/* What kagamid connected it to says nothing before the desktop spoke: by then it has to be locked. */
static void is_locked_first(void)
{
	bool root = geteuid() == 0;
	struct pollfd given;
	struct host host;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		abort();
	start(&host);
	kg_channel_send_fd(host.channel, KG_HOST_SOURCE, NULL, 0, pair[1]);
	close(pair[1]);
	given = (struct pollfd){ .fd = pair[0], .events = POLLIN };
	ok(send_set_up(&host, "qemu", "/nonexistent", KG_SANDBOX_BEST, root ? 65534 : UINT32_MAX) &&
		   poll(&given, 1, ANSWER_MS) == 1 && given.revents == POLLIN,
	   "a virtual machine's desktop speaks to the machine");
	ok(status_of(host.pid, "NoNewPrivs") == 1 && (!root || status_of(host.pid, "Uid") == 65534),
	   "and is locked before it hears anything");
	close(pair[0]);
	ok(ends(&host, EXIT_FAILURE), "it ends with the machine");
}

static void goes_with_kagamid(void)
{
	struct host host;
	struct session session;
	struct kg_host_ready ready;
	uint8_t answer[sizeof(struct kg_host_lost) + KG_HOST_TEXT_MAX];

	start(&host);
	set_up(&host, "still", "", KG_SANDBOX_BEST, UINT32_MAX, &ready, sizeof(ready));
	join(&host, &session);
	open_view(&session, KG_PATH_GRAPHICS);
	take_until(&session, session.frames == 1);
	kg_channel_free(host.channel);
	host.channel = NULL;
	ok(take_until(&session, session.end == KG_END_SHUTDOWN), "when kagamid is gone the session is told");
	ok(ends(&host, EXIT_SUCCESS), "and the process ends");
	session_done(&session);

	start(&host);
	set_up(&host, "still", "", KG_SANDBOX_OFF, UINT32_MAX, &ready, sizeof(ready));
	join(&host, &session);
	open_view(&session, KG_PATH_BITMAP);
	take_until(&session, session.frames == 1);
	kill(host.pid, SIGTERM);
	ok(take_until(&session, session.end == KG_END_SHUTDOWN) && ends(&host, EXIT_SUCCESS), "so it is at SIGTERM");
	session_done(&session);

	start(&host);
	ok(set_up(&host, "still", "", (enum kg_sandbox_mode)3, UINT32_MAX, answer, sizeof(answer)) == KG_HOST_LOST &&
		   ends(&host, EXIT_FAILURE),
	   "SETUP with a wrong value is refused");
	start(&host);
	kg_channel_send(host.channel, KG_HOST_PING, &(struct kg_host_beat){ 1 }, sizeof(struct kg_host_beat));
	ok(ends(&host, EXIT_FAILURE), "a heartbeat before SETUP is a violation");
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	setenv("KG_SANDBOX_TRAP", "1", 0);	// a call that is not allowed is named
	shows(KG_SANDBOX_REQUIRE, UINT32_MAX, "as who we are");
	if (geteuid() == 0)
		shows(KG_SANDBOX_REQUIRE, 65534, "as nobody");
	shows(KG_SANDBOX_OFF, UINT32_MAX, "without a sandbox");
#ifdef HAVE_DEMO
	draws("demo", UINT32_MAX, "as who we are");
	if (geteuid() == 0)
		draws("demo", 65534, "as nobody");
#endif
	refuses("nothing", "");
	refuses("still", "red");
	is_locked_first();
	goes_with_kagamid();
	return tap_end();
}
