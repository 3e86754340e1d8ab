/* Small files, read and replaced as a whole. */
#include "server/broker/files.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

int kg_file_read(const char *path, size_t max, char **ret, size_t *ret_size, struct stat *ret_st)
{
	char *text = NULL;
	size_t size = 0, room = 0;
	ssize_t got = 0;
	int fd, r;

	r = fd = KG_SYS(open(path, O_RDONLY | O_CLOEXEC));
	if (r < 0)
		return r;
	r = KG_SYS(fstat(fd, ret_st));
	if (r == 0 && (!S_ISREG(ret_st->st_mode) || (uint64_t)ret_st->st_size > max))
		r = S_ISREG(ret_st->st_mode) ? -EFBIG : -EINVAL;
	if (r == 0) {
		room = (size_t)ret_st->st_size;
		text = calloc(1, room + 1);
		r = text ? 0 : -ENOMEM;
	}
	while (r == 0 && size < room && (got = read(fd, text + size, room - size)) != 0) {
		if (got < 0)
			r = errno == EINTR ? 0 : -errno;
		else
			size += (size_t)got;
	}
	close(fd);
	if (r < 0) {
		if (text)
			explicit_bzero(text, room);
		free(text);
		return r;
	}
	*ret = text;
	*ret_size = size;
	return 0;
}

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t written = write(fd, bytes, size);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			bytes += written;
			size -= (size_t)written;
		}
	}
	return 0;
}

/* Root writes for the user that kagamid runs as: who owns the file, or else its directory, goes on owning it. */
static int keep_owner(int fd, const char *path)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	struct stat st;

	if (geteuid() != 0)
		return 0;
	snprintf(directory, sizeof(directory), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	if (stat(path, &st) < 0 && stat(directory, &st) < 0)
		return -errno;
	return KG_SYS(fchown(fd, st.st_uid, st.st_gid));
}

int kg_file_replace(const char *path, mode_t mode, const void *bytes, size_t size)
{
	char temporary[PATH_MAX];
	int fd, r;

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= sizeof(temporary))
		return -ENAMETOOLONG;
	r = fd = KG_SYS(mkostemp(temporary, O_CLOEXEC));
	if (r < 0)
		return r;
	r = KG_SYS(fchmod(fd, mode));
	if (r == 0)
		r = keep_owner(fd, path);
	if (r == 0)
		r = write_all(fd, bytes, size);
	if (r == 0)
		r = KG_SYS(fsync(fd));
	close(fd);
	if (r == 0)
		r = KG_SYS(rename(temporary, path));
	if (r < 0)
		unlink(temporary);
	return r;
}
