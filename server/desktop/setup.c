/* What kagamid wants a desktop process to be. */
#include "server/desktop/setup.h"

#include "base/log.h"
#include "base/sandbox.h"

int kg_setup_read(struct kg_setup *ret, const void *body, size_t size)
{
	struct kg_host_setup fixed;
	const char *tail;
	size_t tail_size;

	if (size < sizeof(fixed))
		return -EPROTO;
	memcpy(&fixed, body, sizeof(fixed));
	tail = (const char *)body + sizeof(fixed);
	tail_size = size - sizeof(fixed);
	if (fixed.kind > KG_NAME_MAX || fixed.where > KG_HOST_WHERE_MAX || (size_t)fixed.kind + fixed.where != tail_size ||
	    memchr(tail, 0, tail_size))
		return -EPROTO;
	if (fixed.sandbox > KG_SANDBOX_OFF || fixed.log_level > KG_LOG_DEBUG || fixed.width > KG_DESKTOP_SIZE_MAX ||
	    fixed.height > KG_DESKTOP_SIZE_MAX || !fixed.width != !fixed.height)
		return -EPROTO;
	*ret = (struct kg_setup){ .fixed = fixed };
	memcpy(ret->kind, tail, fixed.kind);
	memcpy(ret->where, tail + fixed.kind, fixed.where);
	return 0;
}
