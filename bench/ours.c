/* Starts and stops a kagamid to be measured. */
#include "bench/ours.h"

#include "base/loop.h"
#include "bench/child.h"

#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>

#define READY_MS 30000
#define ARGUMENTS_MAX 64

struct kg_ours {
	pid_t pid;			// 0: none
	int out;			// its standard output
	char directory[64];		// of its state, "": none
	char text[4096];		// what it has printed
	size_t length;
	char address[256], password[128];
};

pid_t kg_ours_pid(const struct kg_ours *ours)
{
	return ours->pid;
}

const char *kg_ours_address(const struct kg_ours *ours)
{
	return ours->address;
}

const char *kg_ours_user(const struct kg_ours *ours)
{
	return "kagami";
}

const char *kg_ours_password(const struct kg_ours *ours)
{
	return ours->password;
}

/* ---- start ---- */

/* The program of the same build or installation; false: there is none. */
static bool find_own(char path[PATH_MAX])
{
	static const char *const places[] = { "kagamid", "../kagamid", "../sbin/kagamid" };
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (length < 0)
		return false;
	self[length] = 0;
	slash = strrchr(self, '/');
	*slash = 0;
	for (size_t i = 0; i < KG_ARRAY_SIZE(places); i++)
		if (snprintf(path, PATH_MAX, "%s/%s", self, places[i]) < PATH_MAX && !access(path, X_OK))
			return true;
	return false;
}

static int make_arguments(const struct kg_ours *ours, const char *kagamid, const char *desktop, const char *listen,
			  const char *control, const char *const *more, const char *arguments[ARGUMENTS_MAX])
{
	const char *const fixed[] = { kagamid, "--desktop", desktop, "--listen", listen, "--state", ours->directory,
				      "--control", control };
	size_t count = KG_ARRAY_SIZE(fixed);

	memcpy(arguments, fixed, sizeof(fixed));
	for (; more && *more; more++) {
		if (count == ARGUMENTS_MAX - 1)
			return -E2BIG;
		arguments[count++] = *more;
	}
	arguments[count] = NULL;
	return 0;
}

/* A line's word after its key. */
static bool find_word(const char *text, const char *key, char *ret, size_t size)
{
	const char *at = text;
	size_t length;

	while ((at = strstr(at, key)) && at != text && at[-1] != '\n')
		at++;
	if (!at)
		return false;
	at += strlen(key);
	at += strspn(at, " ");
	length = strcspn(at, " \n");
	if (!length || length >= size || at[length] == 0)
		return false;
	memcpy(ret, at, length);
	ret[length] = 0;
	return true;
}

static int wait_until_ready(struct kg_ours *ours)
{
	uint64_t end = kg_now_us() + READY_MS * UINT64_C(1000), now;

	while ((now = kg_now_us()) < end) {
		struct pollfd fd = { .fd = ours->out, .events = POLLIN };
		ssize_t n;

		if (poll(&fd, 1, (int)((end - now) / 1000)) <= 0)
			continue;
		n = read(ours->out, ours->text + ours->length, sizeof(ours->text) - 1 - ours->length);
		if (n <= 0)
			return -ECHILD;
		ours->length += (size_t)n;
		ours->text[ours->length] = 0;
		if (find_word(ours->text, "ready ", ours->address, sizeof(ours->address)))
			return find_word(ours->text, "password ", ours->password, sizeof(ours->password)) ? 0 : -EPROTO;
	}
	return -ETIMEDOUT;
}

int kg_ours_start(struct kg_ours **ret, const char *kagamid, const char *desktop, const char *host,
		  const char *log_path, const char *const *more)
{
	struct kg_ours *ours = calloc(1, sizeof(*ours));
	const char *arguments[ARGUMENTS_MAX];
	char own[PATH_MAX], control[128], listen[128];
	int r = -ENOMEM;

	if (!ours)
		goto fail;
	ours->out = -1;
	strcpy(ours->directory, "/tmp/kagami-bench-XXXXXX");
	if (!mkdtemp(ours->directory)) {
		r = -errno;
		ours->directory[0] = 0;
		goto fail;
	}
	if (!kagamid)
		kagamid = find_own(own) ? own : "kagamid";
	snprintf(control, sizeof(control), "%s/control", ours->directory);
	snprintf(listen, sizeof(listen), "%s:0", host);
	r = make_arguments(ours, kagamid, desktop, listen, control, more, arguments);
	if (r >= 0)
		r = kg_child_start(&ours->pid, arguments, &ours->out, log_path ? log_path : "/dev/null");
	if (r >= 0)
		r = wait_until_ready(ours);
	if (r >= 0) {
		*ret = ours;
		return 0;
	}
fail:
	fprintf(stderr, "kagami-bench: cannot start %s: %s\n", kagamid ? kagamid : "kagamid",
		r == -ECHILD ? "it ended (--server-log FILE keeps its reasons)" : strerror(-r));
	kg_ours_stop(ours);
	return r;
}

/* ---- stop ---- */

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
	return remove(path);
}

void kg_ours_stop(struct kg_ours *ours)
{
	if (!ours)
		return;
	if (ours->pid > 0)
		kg_child_stop(ours->pid);
	kg_close(ours->out);
	if (ours->directory[0])
		nftw(ours->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	explicit_bzero(ours, sizeof(*ours));
	free(ours);
}
