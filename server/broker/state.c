/* Makes the state directory. */
#include "server/broker/state.h"

#include "base/log.h"

#include <sys/stat.h>

/* What lies there decides who may log in. Root's own kagamictl works for the user that kagamid runs as. */
static int check(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return kg_err(-errno, "cannot use %s", path);
	if (!S_ISDIR(st.st_mode))
		return kg_err(-ENOTDIR, "cannot use %s", path);
	if (st.st_mode & S_IWOTH)
		return kg_err(-EPERM, "everybody may write in %s, where the key and the accounts lie: chmod 700 it", path);
	if (geteuid() != 0 && st.st_uid != geteuid() && st.st_uid != 0)
		return kg_err(-EPERM, "%s, where the key and the accounts lie, belongs to somebody else", path);
	return 0;
}

int kg_state_make(const char *path)
{
	char *copy = strdup(path), *slash = copy;
	bool last = false;
	int r = 0;

	if (!copy)
		return -ENOMEM;
	while (r == 0 && !last && *slash) {
		slash = strchrnul(slash + 1, '/');
		last = !*slash;
		*slash = 0;
		r = KG_SYS(mkdir(copy, last ? 0700 : 0755));
		if (r == -EEXIST)
			r = 0;
		if (!last)
			*slash = '/';
	}
	free(copy);
	return r < 0 ? kg_err(r, "cannot make %s", path) : check(path);
}
