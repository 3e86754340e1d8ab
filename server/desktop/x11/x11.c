/*
 * The kind x11: an X display of this machine, with what its user may do there. WHERE is the display, such as ":0".
 * Where the pointer is put by the desktop itself is not told: XFIXES does not say it, and a moved pointer looks the same
 * whether the desktop or our own motion moved it.
 */
#define KG_TOPIC "x11"
#include "base/log.h"
#include "base/sandbox.h"
#include "server/desktop/kind.h"
#include "server/desktop/x11/input.h"
#include "server/desktop/x11/screen.h"

static int x11_open(struct kg_desktop_bundle *ret, const struct kg_desktop_open *how)
{
	struct kg_x11_screen *screen;
	struct kg_x11_input *input = NULL;
	struct kg_x11 *x;
	int r;

	kg_close(how->fd);
	r = kg_x11_new(&x, how->loop, how->where);
	if (r < 0)
		return r;
	r = kg_x11_screen_new(&screen, x);
	if (r < 0)
		return r;
	r = kg_x11_input_new(&input, x, &screen->source);
	if (r >= 0)
		r = kg_x11_opened(x);
	if (r < 0)
		goto fail;
	if (how->width && how->height)
		(void)kg_source_resize(&screen->source, how->width, how->height);
	*ret = (struct kg_desktop_bundle){ .source = &screen->source, .input = &input->sink };
	return 0;

fail:
	if (input)
		kg_input_free(&input->sink);
	kg_source_free(&screen->source);
	return r;
}

/* libxcb's writing, and its reading of long answers; the lists of all kinds have the rest: poll, recvmsg, sendmsg, and
 * memfds for a screen of a new size. */
static const struct kg_rule x11_rules[] = {
	KG_ALLOW("writev"),
	KG_ALLOW_IF("recvfrom", KG_ARG(4, 0), KG_ARG(5, 0)),
	{ .action = KG_RULE_END },
};

const struct kg_desktop_kind kg_desktop_kind_x11 = {
	.name = "x11",
	.help = "an X display of this machine, shown as it is",
	.check = "a display, such as :0",
	.open = x11_open,
	.rules = x11_rules,
};
