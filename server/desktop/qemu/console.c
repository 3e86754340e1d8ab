/*
 * The listener: the object that QEMU calls with what the console shows. Every call is answered from within its handler,
 * since QEMU, and with it the whole machine, may stand still until then; pixels are copied later, when they are wanted.
 */
#include "base/limits.h"
#include "server/desktop/qemu/qemu.h"

#include <sys/socket.h>

#define LISTENER_PATH "/org/qemu/Display1/Listener"
#define LISTENER "org.qemu.Display1.Listener"
#define LISTENER_MAP "org.qemu.Display1.Listener.Unix.Map"

static void damage(struct kg_qemu *qemu, struct kg_rect rect)
{
	rect = kg_rect_intersect(rect, kg_rect_of_size(qemu->source.width, qemu->source.height));
	if (kg_rect_empty(rect))
		return;
	kg_region_add(&qemu->damage, rect);
	kg_qemu_soon(qemu);
}

static void damage_all(struct kg_qemu *qemu)
{
	kg_region_clear(&qemu->damage);
	damage(qemu, kg_rect_of_size(qemu->source.width, qemu->source.height));
}

/* Nothing to show: black, of the last size. */
static void blank(struct kg_qemu *qemu)
{
	kg_qemu_surface_done(&qemu->surface);
	if (!qemu->source.width) {
		qemu->source.width = 640;
		qemu->source.height = 480;
	}
	damage_all(qemu);
}

/* A scan-out came, or did not: r says. Its result is the handler's. */
static int scanned_out(struct kg_qemu *qemu, sd_bus_message *call, int r)
{
	if (r < 0) {
		kg_qemu_complain(qemu, r, "picture cannot be shown");
		blank(qemu);
		return r;
	}
	qemu->source.width = qemu->surface.width;
	qemu->source.height = qemu->surface.height;
	damage_all(qemu);
	return sd_bus_reply_method_return(call, NULL);
}

static int on_scanout(sd_bus_message *call, void *data, sd_bus_error *error)
{
	struct kg_qemu *qemu = data;
	uint32_t width, height, stride, format;
	const void *pixels;
	size_t size;
	int r = sd_bus_message_read(call, "uuuu", &width, &height, &stride, &format);

	if (r >= 0)
		r = sd_bus_message_read_array(call, 'y', &pixels, &size);
	if (r >= 0)
		r = kg_qemu_surface_fill(&qemu->surface, width, height, stride, format, pixels, size);
	return scanned_out(qemu, call, r);
}

static int on_update(sd_bus_message *call, void *data, sd_bus_error *error)
{
	struct kg_qemu *qemu = data;
	struct kg_rect changed;
	uint32_t stride, format;
	int32_t x, y, width, height;
	const void *pixels;
	size_t size;
	int r = sd_bus_message_read(call, "iiiiuu", &x, &y, &width, &height, &stride, &format);

	if (r >= 0)
		r = sd_bus_message_read_array(call, 'y', &pixels, &size);
	if (r >= 0)
		r = kg_qemu_surface_update(&qemu->surface, &changed, x, y, width, height, stride, format, pixels, size);
	if (r < 0) {
		kg_qemu_complain(qemu, r, "update does not fit its picture");
		return r;
	}
	damage(qemu, changed);
	return sd_bus_reply_method_return(call, NULL);
}

static int on_scanout_map(sd_bus_message *call, void *data, sd_bus_error *error)
{
	struct kg_qemu *qemu = data;
	uint32_t offset, width, height, stride, format;
	int fd;
	int r = sd_bus_message_read(call, "huuuuu", &fd, &offset, &width, &height, &stride, &format);

	if (r >= 0)
		r = kg_qemu_surface_map(&qemu->surface, fd, offset, width, height, stride, format);
	return scanned_out(qemu, call, r);
}

/* Updates can lie outside of the scan-out, by what the guest did since. */
static int on_update_map(sd_bus_message *call, void *data, sd_bus_error *error)
{
	struct kg_qemu *qemu = data;
	int32_t x, y, width, height;
	int r = sd_bus_message_read(call, "iiii", &x, &y, &width, &height);

	if (r < 0)
		return r;
	damage(qemu, kg_rect_from(x, y, KG_MAX(width, 0), KG_MAX(height, 0)));
	return sd_bus_reply_method_return(call, NULL);
}

static int on_scanout_dmabuf(sd_bus_message *call, void *data, sd_bus_error *error)
{
	kg_qemu_complain(data, -ENOTSUP, "picture lies in a GPU's memory (start QEMU without gl=on)");
	blank(data);
	return -ENOTSUP;
}

static int on_update_dmabuf(sd_bus_message *call, void *data, sd_bus_error *error)
{
	return sd_bus_reply_method_return(call, NULL);		// QEMU waits for it before it lets the guest draw on
}

static int on_disable(sd_bus_message *call, void *data, sd_bus_error *error)
{
	blank(data);
	return sd_bus_reply_method_return(call, NULL);
}

/* Where the pointer is does not interest: it follows what was sent. Whether it is shown does. */
static int on_mouse_set(sd_bus_message *call, void *data, sd_bus_error *error)
{
	struct kg_qemu *qemu = data;
	struct kg_qemu_cursor *cursor = &qemu->cursor;
	int32_t x, y, on;
	int r = sd_bus_message_read(call, "iii", &x, &y, &on);

	if (r < 0)
		return r;
	if (cursor->pixels && cursor->hidden != !on) {
		cursor->hidden = !on;
		cursor->changed = true;
		kg_qemu_soon(qemu);
	}
	return sd_bus_reply_method_return(call, NULL);
}

/*
 * QEMU passes on what the guest gave it and does not say how alpha is meant. Linux guests multiply it in; then no colour is
 * above its alpha, and it is divided out again. Others have fully opaque or transparent pixels, which are the same in both.
 */
static void divide_alpha(uint8_t *pixels, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const uint8_t *at = pixels + 4 * i;

		if (at[0] > at[3] || at[1] > at[3] || at[2] > at[3])
			return;
	}
	for (uint8_t *at = pixels; count > 0; count--, at += 4) {
		for (int i = 0; i < 3 && at[3]; i++)
			at[i] = (uint8_t)((at[i] * 255 + at[3] / 2) / at[3]);
	}
}

static int set_cursor(struct kg_qemu_cursor *cursor, int32_t width, int32_t height, int32_t hot_x, int32_t hot_y,
		      const uint8_t *pixels, size_t size)
{
	uint8_t *copy;

	if (width < 1 || height < 1)
		return -EINVAL;
	if (width > KG_CURSOR_SIZE_MAX || height > KG_CURSOR_SIZE_MAX)
		return -EMSGSIZE;
	if (size < (size_t)width * (size_t)height * 4)
		return -EINVAL;
	size = (size_t)width * (size_t)height * 4;
	copy = malloc(size);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, pixels, size);
	divide_alpha(copy, size / 4);
	free(cursor->pixels);
	*cursor = (struct kg_qemu_cursor){
		.width = (uint16_t)width,
		.height = (uint16_t)height,
		.hot_x = (uint16_t)KG_MAX(0, KG_MIN(hot_x, width - 1)),
		.hot_y = (uint16_t)KG_MAX(0, KG_MIN(hot_y, height - 1)),
		.pixels = copy,
		.hidden = cursor->hidden,
		.changed = true,
	};
	return 0;
}

static int on_cursor_define(sd_bus_message *call, void *data, sd_bus_error *error)
{
	struct kg_qemu *qemu = data;
	int32_t width, height, hot_x, hot_y;
	const void *pixels;
	size_t size;
	int r = sd_bus_message_read(call, "iiii", &width, &height, &hot_x, &hot_y);

	if (r >= 0)
		r = sd_bus_message_read_array(call, 'y', &pixels, &size);
	if (r >= 0)
		r = set_cursor(&qemu->cursor, width, height, hot_x, hot_y, pixels, size);
	if (r < 0) {
		kg_qemu_complain(qemu, r, "pointer cannot be shown");
		return r;
	}
	kg_qemu_soon(qemu);
	return sd_bus_reply_method_return(call, NULL);
}

/* QEMU asks for it when the listener is registered, and takes the interfaces in it besides LISTENER itself. */
static int get_interfaces(sd_bus *bus, const char *path, const char *interface, const char *property,
			  sd_bus_message *reply, void *data, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "as", 1, LISTENER_MAP);
}

#define METHOD(name, types, fn) SD_BUS_METHOD(name, types, "", fn, SD_BUS_VTABLE_UNPRIVILEGED)

static const sd_bus_vtable listener_vtable[] = {
	SD_BUS_VTABLE_START(0),
	METHOD("Scanout", "uuuuay", on_scanout),
	METHOD("Update", "iiiiuuay", on_update),
	METHOD("ScanoutDMABUF", "huuuutb", on_scanout_dmabuf),
	METHOD("UpdateDMABUF", "iiii", on_update_dmabuf),
	METHOD("Disable", "", on_disable),
	METHOD("MouseSet", "iii", on_mouse_set),
	METHOD("CursorDefine", "iiiiay", on_cursor_define),
	SD_BUS_PROPERTY("Interfaces", "as", get_interfaces, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_VTABLE_END,
};

static const sd_bus_vtable map_vtable[] = {
	SD_BUS_VTABLE_START(0),
	METHOD("ScanoutMap", "huuuuu", on_scanout_map),
	METHOD("UpdateMap", "iiii", on_update_map),
	SD_BUS_VTABLE_END,
};

static int on_registered(sd_bus_message *answer, void *data, sd_bus_error *error)
{
	int r = kg_qemu_answered(data, answer);

	if (r < 0)
		kg_qemu_lose(data, r, "the virtual machine has no graphic console");
	return 0;
}

int kg_qemu_console_open(struct kg_qemu *qemu, void (*closed)(void *data, int error))
{
	int pair[2];
	int r = KG_SYS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));

	if (r < 0)
		return r;
	r = kg_qemu_bus_init(&qemu->listener, qemu->loop, pair[0], closed, qemu);
	if (r < 0)
		goto out;
	r = sd_bus_add_object_vtable(qemu->listener.bus, NULL, LISTENER_PATH, LISTENER, listener_vtable, qemu);
	if (r < 0)
		goto out;
	r = sd_bus_add_object_vtable(qemu->listener.bus, NULL, LISTENER_PATH, LISTENER_MAP, map_vtable, qemu);
	if (r < 0)
		goto out;
	r = kg_qemu_bus_start(&qemu->listener);
	if (r < 0)
		goto out;
	/* Not waited for: QEMU calls the listener before it answers this. The message has a copy of the descriptor. */
	r = kg_qemu_bus_call(&qemu->display, on_registered, qemu, "org.qemu.Display1.Console", "RegisterListener", "h",
			     pair[1]);
out:
	kg_close(pair[1]);
	return r;
}
