/* sd-bus driven by base/loop. */
#include "server/desktop/qemu/bus.h"

#include "base/loop.h"

#define CONSOLE_PATH "/org/qemu/Display1/Console_0"
#define MESSAGES_PER_TURN 64		// then the loop's other watches get their turn

static void set_timer(struct kg_qemu_bus *bus, uint64_t at)
{
	uint64_t now = kg_now_us();

	if (at == bus->timer_at)
		return;
	bus->timer_at = at;
	(void)kg_watch_arm(bus->timer, at == UINT64_MAX ? UINT64_MAX : at > now ? at - now : 0);
}

/* What sd-bus waits for, after anything that may have changed it. */
static int update(struct kg_qemu_bus *bus)
{
	uint64_t at = UINT64_MAX;
	int r;

	r = sd_bus_get_events(bus->bus);
	if (r < 0)
		return r;
	r = kg_watch_set_events(bus->watch, (uint32_t)r);
	if (r < 0)
		return r;
	r = sd_bus_get_timeout(bus->bus, &at);
	if (r < 0)
		return r;
	set_timer(bus, bus->more ? 0 : r > 0 ? at : UINT64_MAX);
	return 0;
}

/*
 * sd-bus is asked until it has nothing left, not once per event: QEMU's first call comes in the same read as the end of the
 * authentication, and stays in sd-bus's buffer where no poll sees it. QEMU's whole machine then stands still until it is
 * answered.
 */
void kg_qemu_bus_turn(struct kg_qemu_bus *bus)
{
	int r = 1;

	if (!bus->bus)
		return;
	for (unsigned i = 0; i < MESSAGES_PER_TURN && r > 0; i++)
		r = sd_bus_process(bus->bus, NULL);
	if (r >= 0 && sd_bus_is_open(bus->bus) <= 0)
		r = -ECONNRESET;
	bus->more = r > 0;
	if (r >= 0)
		r = update(bus);
	if (r >= 0)
		return;
	kg_watch_free(bus->watch);
	kg_watch_free(bus->timer);
	bus->watch = bus->timer = NULL;
	bus->closed(bus->data, r);
}

static void on_event(void *data, int fd, uint32_t events)
{
	kg_qemu_bus_turn(data);
}

static void on_timer(void *data)
{
	struct kg_qemu_bus *bus = data;

	bus->timer_at = UINT64_MAX;
	kg_qemu_bus_turn(bus);
}

int kg_qemu_bus_init(struct kg_qemu_bus *bus, struct kg_loop *loop, int fd, void (*closed)(void *data, int error),
		     void *data)
{
	int r;

	*bus = (struct kg_qemu_bus){ .loop = loop, .timer_at = UINT64_MAX, .closed = closed, .data = data };
	r = sd_bus_new(&bus->bus);
	if (r < 0)
		goto fail;
	r = sd_bus_set_fd(bus->bus, fd, fd);
	if (r < 0)
		goto fail;
	fd = -1;		// closed with the bus
	r = sd_bus_negotiate_fds(bus->bus, true);
	if (r < 0)
		goto fail;
	return 0;

fail:
	kg_close(fd);
	kg_qemu_bus_done(bus);
	return r;
}

int kg_qemu_bus_start(struct kg_qemu_bus *bus)
{
	int r = sd_bus_start(bus->bus);

	if (r < 0)
		return r;
	r = kg_loop_timer(bus->loop, &bus->timer, UINT64_MAX, on_timer, bus);
	if (r < 0)
		return r;
	r = kg_loop_fd(bus->loop, &bus->watch, sd_bus_get_fd(bus->bus), EPOLLIN, on_event, bus);
	if (r < 0)
		return r;
	bus->more = true;
	return update(bus);
}

void kg_qemu_bus_done(struct kg_qemu_bus *bus)
{
	kg_watch_free(bus->watch);
	kg_watch_free(bus->timer);
	bus->watch = bus->timer = NULL;
	/* Not flushed: that waits for a peer that may be the reason. */
	bus->bus = sd_bus_close_unref(bus->bus);
}

int kg_qemu_bus_call(struct kg_qemu_bus *bus, sd_bus_message_handler_t fn, void *data, const char *interface,
		     const char *member, const char *types, ...)
{
	sd_bus_message *message = NULL;
	va_list ap;
	int r;

	if (!bus->watch)
		return -ENOTCONN;
	r = sd_bus_message_new_method_call(bus->bus, &message, NULL, CONSOLE_PATH, interface, member);
	if (r < 0)
		return r;
	va_start(ap, types);
	r = sd_bus_message_appendv(message, types, ap);
	va_end(ap);
	if (r >= 0)
		r = sd_bus_call_async(bus->bus, NULL, message, fn, data, KG_QEMU_DEADLINE_US);
	sd_bus_message_unref(message);
	return r < 0 ? r : update(bus);
}
