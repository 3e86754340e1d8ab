/* An X server of a test's own: Xvfb, or Xorg with the dummy driver, on a display that the server chooses. */
#pragma once

#include "tests/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct x_server {
	pid_t pid;
	char directory[64];
	char display[16];	// ":7"
	char authority[96];	// file, to be set as XAUTHORITY
};

/* One cookie for every display of every host: the number is not known before the server runs. */
static inline bool x_server_cookie(const char *path)
{
	static const char name[] = "MIT-MAGIC-COOKIE-1";
	uint8_t entry[64] = { 0xff, 0xff, 0, 0, 0, 0, 0, sizeof(name) - 1 };
	size_t at = 8;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good;

	memcpy(entry + at, name, sizeof(name) - 1);
	at += sizeof(name) - 1;
	entry[at++] = 0;
	entry[at++] = 16;
	for (int i = 0; i < 16; i++)
		entry[at++] = (uint8_t)(rnd() % 256);
	good = fd >= 0 && write(fd, entry, at) == (ssize_t)at;
	if (fd >= 0)
		close(fd);
	return good;
}

static inline void x_server_stop(struct x_server *server)
{
	char command[128];

	if (server->pid > 0) {
		kill(server->pid, SIGTERM);
		kill(server->pid, SIGCONT);
		if (!wait_until(waitpid(server->pid, NULL, WNOHANG) == server->pid, 5000)) {
			kill(server->pid, SIGKILL);
			waitpid(server->pid, NULL, 0);
		}
	}
	server->pid = 0;
	if (server->directory[0]) {
		snprintf(command, sizeof(command), "rm -rf '%s'", server->directory);
		if (system(command))
			note("cannot remove %s", server->directory);
	}
	server->directory[0] = '\0';
}

/* arguments: the program and its options; "-displayfd N", the cookie and what else every server gets are added. */
static inline bool x_server_start(struct x_server *server, const char *const *arguments)
{
	const char *argv[32];
	char number[16] = "", log[96], fd_text[16];
	int ends[2], count = 0;
	size_t got = 0;

	*server = (struct x_server){ .directory = "/tmp/kagami-x-XXXXXX" };
	if (!mkdtemp(server->directory) || pipe(ends))
		return false;
	snprintf(server->authority, sizeof(server->authority), "%s/Xauthority", server->directory);
	snprintf(log, sizeof(log), "%s/log", server->directory);
	if (!x_server_cookie(server->authority))
		return false;
	snprintf(fd_text, sizeof(fd_text), "%d", ends[1]);
	while (arguments[count] && count < 20) {
		argv[count] = arguments[count];
		count++;
	}
	argv[count++] = "-displayfd";
	argv[count++] = fd_text;
	argv[count++] = "-auth";
	argv[count++] = server->authority;
	argv[count++] = "-nolisten";
	argv[count++] = "tcp";
	argv[count++] = "-noreset";
	argv[count] = NULL;
	server->pid = fork();
	if (server->pid == 0) {
		int fd = open(log, O_WRONLY | O_CREAT, 0600);
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fd, 1);
		dup2(fd, 2);
		close(ends[0]);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(ends[1]);
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	while (server->pid > 0 && got < sizeof(number) - 1 && !strchr(number, '\n')) {
		struct pollfd p = { .fd = ends[0], .events = POLLIN };
		ssize_t n = poll(&p, 1, 20000) == 1 ? read(ends[0], number + got, sizeof(number) - 1 - got) : 0;

		if (n <= 0)
			break;
		got += (size_t)n;
	}
	close(ends[0]);
	number[strcspn(number, "\n")] = '\0';
	if (!number[0]) {
		note("%s did not start", arguments[0]);
		return false;
	}
	snprintf(server->display, sizeof(server->display), ":%s", number);
	return true;
}

static inline bool x_server_xvfb(struct x_server *server, int width, int height)
{
	char screen[32];

	snprintf(screen, sizeof(screen), "%dx%dx24", width, height);
	return x_server_start(server, (const char *const[]){ "Xvfb", "-screen", "0", screen, NULL });
}

static inline bool x_server_xorg(struct x_server *server)
{
	static const char config[] =
		"Section \"ServerFlags\"\n Option \"AutoAddDevices\" \"false\"\n Option \"AutoEnableDevices\" \"false\"\n"
		"EndSection\nSection \"Device\"\n Identifier \"card\"\n Driver \"dummy\"\n VideoRam 256000\nEndSection\n"
		"Section \"Screen\"\n Identifier \"screen\"\n Device \"card\"\n DefaultDepth 24\n"
		" SubSection \"Display\"\n  Depth 24\n  Virtual 4096 4096\n EndSubSection\nEndSection\n";
	char directory[] = "/tmp/kagami-xorg-XXXXXX", path[64], log[64];
	bool good = false;
	int fd;

	if (!mkdtemp(directory))
		return false;
	snprintf(path, sizeof(path), "%s/xorg.conf", directory);
	snprintf(log, sizeof(log), "%s/xorg.log", directory);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	if (fd >= 0 && write(fd, config, sizeof(config) - 1) == (ssize_t)sizeof(config) - 1)
		good = x_server_start(server, (const char *const[]){ "Xorg", "-config", path, "-logfile", log,
								     "-sharevts", "-novtswitch", NULL });
	if (fd >= 0)
		close(fd);
	unlink(path);
	unlink(log);
	rmdir(directory);
	return good;
}
