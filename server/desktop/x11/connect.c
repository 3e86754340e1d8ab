/* Reaching an X server: socket, cookie, watchdog. */
#define KG_TOPIC "x11"
#include "server/desktop/x11/connect.h"

#include "base/log.h"

#include <X11/Xauth.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

struct kg_x11_watchdog {
	pthread_t thread;
	int fd;			// the socket once more: libxcb may close its own
	int stop;		// eventfd
	int in_ms;
	bool running;
	bool bitten;		// written by the thread, read after it was joined
};

static void *watch(void *data)
{
	struct kg_x11_watchdog *watchdog = data;
	struct pollfd p = { .fd = watchdog->stop, .events = POLLIN };

	if (poll(&p, 1, watchdog->in_ms) == 0) {
		watchdog->bitten = true;
		shutdown(watchdog->fd, SHUT_RDWR);
	}
	return NULL;
}

int kg_x11_watchdog_new(struct kg_x11_watchdog **ret, int fd, int in_ms)
{
	struct kg_x11_watchdog *watchdog = calloc(1, sizeof(*watchdog));
	sigset_t all, before;
	int r;

	if (!watchdog)
		return -ENOMEM;
	watchdog->stop = -1;
	watchdog->in_ms = in_ms;
	r = watchdog->fd = KG_SYS(fcntl(fd, F_DUPFD_CLOEXEC, 3));
	if (r < 0)
		goto fail;
	r = watchdog->stop = KG_SYS(eventfd(0, EFD_CLOEXEC));
	if (r < 0)
		goto fail;
	/* Signals are for the loop's thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = -pthread_create(&watchdog->thread, NULL, watch, watchdog);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r < 0)
		goto fail;
	watchdog->running = true;
	*ret = watchdog;
	return 0;

fail:
	kg_x11_watchdog_free(watchdog);
	return r;
}

bool kg_x11_watchdog_free(struct kg_x11_watchdog *watchdog)
{
	bool bitten;

	if (!watchdog)
		return false;
	if (watchdog->running) {
		eventfd_write(watchdog->stop, 1);
		pthread_join(watchdog->thread, NULL);
	}
	bitten = watchdog->bitten;
	kg_close(watchdog->fd);
	kg_close(watchdog->stop);
	free(watchdog);
	return bitten;
}

int kg_x11_display_parse(const char *display, unsigned *ret_number, int *ret_screen)
{
	char end;
	unsigned number, screen = 0;
	int fields;

	if (display[0] != ':' || display[1] < '0' || display[1] > '9')
		return -EINVAL;
	fields = sscanf(display, ":%5u%c", &number, &end);
	if (fields == 2 && end == '.') {
		if (sscanf(display, ":%5u.%2u%c", &number, &screen, &end) != 2)
			return -EINVAL;
	} else if (fields != 1) {
		return -EINVAL;
	}
	*ret_number = number;
	*ret_screen = (int)screen;
	return 0;
}

/* The path in the file system before the name without one: anybody may take the latter. */
int kg_x11_socket(unsigned number)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int length = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "/tmp/.X11-unix/X%u", number);
	int fd = KG_SYS(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length + 1);
	int r;

	if (fd < 0)
		return fd;
	memmove(address.sun_path, address.sun_path + 1, (size_t)length + 1);
	r = KG_SYS(connect(fd, (struct sockaddr *)&address, size));
	if (r == -ENOENT || r == -ECONNREFUSED) {
		memmove(address.sun_path + 1, address.sun_path, (size_t)length);
		address.sun_path[0] = '\0';
		if (connect(fd, (struct sockaddr *)&address, size) == 0)
			r = 0;
	}
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

xcb_connection_t *kg_x11_greet(int fd, unsigned number)
{
	static char protocol[] = "MIT-MAGIC-COOKIE-1";
	char *protocols[] = { protocol };
	int lengths[] = { (int)strlen(protocol) };
	char host[256] = "", name[16];
	xcb_auth_info_t info = { 0 };
	xcb_connection_t *c;
	Xauth *auth;

	gethostname(host, sizeof(host) - 1);
	snprintf(name, sizeof(name), "%u", number);
	auth = XauGetBestAuthByAddr(FamilyLocal, (unsigned short)strlen(host), host, (unsigned short)strlen(name),
				    name, 1, protocols, lengths);
	if (auth)
		info = (xcb_auth_info_t){ .namelen = auth->name_length, .name = auth->name,
					  .datalen = auth->data_length, .data = auth->data };
	c = xcb_connect_to_fd(fd, auth ? &info : NULL);
	if (auth) {
		explicit_bzero(auth->data, auth->data_length);
		XauDisposeAuth(auth);
	}
	return c;
}
