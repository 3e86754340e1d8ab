/* Standard error of our programs, as lines of kagamid's log. */
#include "server/broker/relay.h"

#include "base/loop.h"

#include <fcntl.h>
#include <stdio.h>

#define LINE_MAX_BYTES 1000
#define WINDOW_US 100000	// in which at most WINDOW_BYTES are read
#define WINDOW_BYTES (256u << 10)

struct kg_relay {
	struct kg_watch *watch;
	struct kg_watch *pause;		// after too many bytes
	int fd;
	pid_t pid;
	char *label;
	char line[LINE_MAX_BYTES + 1];
	size_t length;
	uint64_t budget_at_us;	// lines are allowed again from here, KG_RELAY_BURST of them at once
	uint64_t dropped;
	uint64_t window_us;		// when this window began
	size_t window_bytes;		// read in it
};

const char *kg_relay_line(const char *line, enum kg_log_level *level)
{
	static const struct {
		const char *start;
		enum kg_log_level level;
	} claims[] = {
		{ "<3>", KG_LOG_ERR }, { "<4>", KG_LOG_WARN }, { "<6>", KG_LOG_INFO }, { "<7>", KG_LOG_DEBUG },
	};

	*level = KG_LOG_WARN;	// libraries write without a level, and only when something is wrong
	for (size_t i = 0; i < KG_ARRAY_SIZE(claims); i++) {
		if (!strncmp(line, claims[i].start, strlen(claims[i].start))) {
			*level = claims[i].level;
			return line + strlen(claims[i].start);
		}
	}
	return line;
}

/* A token bucket kept as one time: each line moves it on by 1/rate; it may run ahead of now by a burst. Whoever asks for
 * debugging wants more of it. */
static bool within_budget(struct kg_relay *relay)
{
	const uint64_t step = 1000000 / (KG_RELAY_PER_SECOND * (kg_log_level == KG_LOG_DEBUG ? 50 : 1));
	uint64_t now = kg_now_us();

	if (relay->budget_at_us < now)
		relay->budget_at_us = now;
	if (relay->budget_at_us - now > step * (KG_RELAY_BURST - 1))
		return false;
	relay->budget_at_us += step;
	return true;
}

static void tell_dropped(struct kg_relay *relay)
{
	if (relay->dropped) {
		(void)kg_warn(0, "%s[%d]: %llu lines left out", relay->label, (int)relay->pid,
			      (unsigned long long)relay->dropped);
		relay->dropped = 0;
	}
}

static void write_line(struct kg_relay *relay)
{
	enum kg_log_level level;
	const char *text;

	relay->line[relay->length] = 0;
	relay->length = 0;
	text = kg_relay_line(relay->line, &level);
	if (!*text)
		return;
	if (!within_budget(relay)) {
		relay->dropped++;
		return;
	}
	tell_dropped(relay);
	(void)kg_log(level, 0, "%s[%d]: %s", relay->label, (int)relay->pid, text);
}

/* Reads what there is, at most limit bytes; true when the other end is closed. */
static bool read_lines(struct kg_relay *relay, size_t limit)
{
	char buffer[4096];

	while (limit) {
		ssize_t size = read(relay->fd, buffer, KG_MIN(sizeof(buffer), limit));

		if (size <= 0)
			return size == 0 || (errno != EAGAIN && errno != EINTR);
		limit -= (size_t)size;
		relay->window_bytes += (size_t)size;
		for (ssize_t i = 0; i < size; i++) {
			if (buffer[i] == '\n') {
				write_line(relay);
				continue;
			}
			/* A zero would hide the rest of the line. */
			relay->line[relay->length++] = buffer[i] ? buffer[i] : '?';
			if (relay->length == LINE_MAX_BYTES)
				write_line(relay);
		}
	}
	return false;
}

/* A program that writes without end would keep kagamid reading: it has to wait until its pipe is read again. One that has
 * ended is read to its end. */
static void on_output(void *data, int fd, uint32_t events)
{
	struct kg_relay *relay = data;
	uint64_t now = kg_now_us();

	if (now - relay->window_us > WINDOW_US) {
		relay->window_us = now;
		relay->window_bytes = 0;
	}
	if (read_lines(relay, 65536)) {
		kg_watch_free(relay->watch);
		relay->watch = NULL;
	} else if (relay->window_bytes > WINDOW_BYTES && !(events & EPOLLHUP) &&
		   kg_watch_arm(relay->pause, WINDOW_US) == 0) {
		kg_watch_set_events(relay->watch, 0);
	}
}

static void on_pause(void *data)
{
	struct kg_relay *relay = data;

	if (relay->watch)
		kg_watch_set_events(relay->watch, EPOLLIN);
}

int kg_relay_new(struct kg_relay **ret, struct kg_loop *loop, int fd, const char *label, pid_t pid)
{
	struct kg_relay *relay = calloc(1, sizeof(*relay));
	int r;

	if (!relay) {
		kg_close(fd);
		return -ENOMEM;
	}
	relay->fd = fd;
	relay->pid = pid;
	relay->label = strdup(label);
	r = relay->label ? 0 : -ENOMEM;
	if (r == 0)
		r = KG_SYS(fcntl(fd, F_SETFL, O_NONBLOCK));
	if (r >= 0)
		r = kg_loop_timer(loop, &relay->pause, UINT64_MAX, on_pause, relay);
	if (r >= 0)
		r = kg_loop_fd(loop, &relay->watch, fd, EPOLLIN, on_output, relay);
	if (r < 0) {
		kg_relay_free(relay);
		return r;
	}
	*ret = relay;
	return 0;
}

void kg_relay_free(struct kg_relay *relay)
{
	if (!relay)
		return;
	if (relay->watch)
		(void)read_lines(relay, 65536);
	if (relay->length)
		write_line(relay);
	tell_dropped(relay);
	kg_watch_free(relay->watch);
	kg_watch_free(relay->pause);
	kg_close(relay->fd);
	free(relay->label);
	free(relay);
}
