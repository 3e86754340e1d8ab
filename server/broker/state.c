/* Makes the state directory. */
#include "server/broker/state.h"

#include "base/log.h"

#include <sys/stat.h>

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
	return r < 0 ? kg_err(r, "cannot make %s", path) : 0;
}
