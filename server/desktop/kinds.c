/* The kinds of desktop that were built in. A new kind is a folder beside still/ and a line here and in kind.h. */
#include "server/desktop/kind.h"

const struct kg_desktop_kind *const kg_desktop_kinds[] = {
	&kg_desktop_kind_still,
#if HAVE_DEMO
	&kg_desktop_kind_demo,
#endif
	&kg_desktop_kind_qemu,
	&kg_desktop_kind_replay,
#if HAVE_X11
	&kg_desktop_kind_x11,
#endif
	NULL,
};

const struct kg_desktop_kind *kg_desktop_kind_find(const char *name)
{
	for (size_t i = 0; kg_desktop_kinds[i]; i++) {
		if (!strcmp(kg_desktop_kinds[i]->name, name))
			return kg_desktop_kinds[i];
	}
	return NULL;
}
