/* Asks a kagamid over its control socket. */
#include "server/broker/control-client.h"

#include "server/broker/status.h"

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ANSWER_MS 5000

static int open_connection(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, r;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = KG_SYS(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
	if (fd < 0)
		return fd;
	r = KG_SYS(connect(fd, (struct sockaddr *)&address, sizeof(address)));
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

int kg_control_ask(const char *path, const char *request, char **ret)
{
	struct pollfd wait = { .events = POLLIN };
	char *text = malloc(KG_STATUS_ANSWER_MAX + 1);
	ssize_t size = -1;
	int fd, r;

	if (!text)
		return -ENOMEM;
	r = fd = wait.fd = open_connection(path);
	if (r >= 0)
		r = send(fd, request, strlen(request), MSG_NOSIGNAL) < 0 ? -errno : 0;
	if (r == 0 && poll(&wait, 1, ANSWER_MS) <= 0)
		r = -ETIMEDOUT;
	if (r == 0) {
		size = recv(fd, text, KG_STATUS_ANSWER_MAX, 0);
		/* Somebody else's socket, or somebody else than root and its user asked: it closes without a word. */
		r = size < 0 ? -errno : size == 0 ? -EACCES : 0;
	}
	kg_close(fd);
	if (r < 0) {
		free(text);
		return r;
	}
	text[size] = 0;
	if (!strncmp(text, "ok\n", 3)) {
		memmove(text, text + 3, (size_t)size - 2);
	} else {
		char *start = strncmp(text, "error: ", 7) ? text : text + 7;

		start[strcspn(start, "\n")] = 0;
		memmove(text, start, strlen(start) + 1);
		r = -EBADMSG;
	}
	*ret = text;
	return r;
}

char *kg_control_value(const char *from, const char *key, const char **next)
{
	size_t length = strlen(key);

	while (from && *from) {
		const char *end = strchrnul(from, '\n');

		if (!strncmp(from, key, length) && from[length] == ' ') {
			if (next)
				*next = *end ? end + 1 : end;
			return strndup(from + length + 1, (size_t)(end - from) - length - 1);
		}
		from = *end ? end + 1 : end;
	}
	return NULL;
}
