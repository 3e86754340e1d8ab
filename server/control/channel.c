/* Channels between our processes: checked against a table on both sides, never blocking, bounded. */
#define KG_TOPIC "channel"

#include "server/control/channel.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/loop.h"
#include "server/control/packet.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#define KEPT_MAX 64	// messages that kg_channel_ask() puts aside
#define BATCH 32	// messages handled before other events of the loop get their turn

/* A message that waits: to be sent (out) or to be handled (kept). */
struct waiting {
	struct waiting *next;
	int fd;			// -1 or owned
	size_t size;		// with the head
	uint8_t bytes[];
};

struct queue {
	struct waiting *first, **last;
	size_t bytes, count;
};

struct kg_channel {
	const struct kg_message_set *set;
	enum kg_side side;
	unsigned phase;
	int fd;
	const char *what;
	size_t quota;

	struct kg_loop *loop;
	struct kg_watch *watch;		// NULL before attach and after the end
	struct kg_watch *later;		// kept messages, or an end that was found while sending
	const struct kg_channel_events *events;
	void *data;
	int error;			// why the channel has to end, 0: it has not
	bool *gone;			// set when the channel is freed by a callback

	struct queue out, kept;
	size_t buffer_size;
	uint8_t buffer[];		// the message being handled
};

static void queue_init(struct queue *queue)
{
	*queue = (struct queue){ .last = &queue->first };
}

static int queue_add(struct queue *queue, const void *bytes, size_t size, int fd)
{
	struct waiting *entry = malloc(sizeof(*entry) + size);

	if (!entry)
		return -ENOMEM;
	entry->next = NULL;
	entry->fd = fd;
	entry->size = size;
	memcpy(entry->bytes, bytes, size);
	*queue->last = entry;
	queue->last = &entry->next;
	queue->bytes += size;
	queue->count++;
	return 0;
}

/* Takes the first entry off; the caller frees it. NULL when there is none. */
static struct waiting *queue_take(struct queue *queue)
{
	struct waiting *entry = queue->first;

	if (!entry)
		return NULL;
	queue->first = entry->next;
	if (!queue->first)
		queue->last = &queue->first;
	queue->bytes -= entry->size;
	queue->count--;
	return entry;
}

/* Passwords and keys may have waited. */
static void waiting_free(struct waiting *entry)
{
	explicit_bzero(entry->bytes, entry->size);
	free(entry);
}

static void queue_done(struct queue *queue)
{
	struct waiting *entry;

	while ((entry = queue_take(queue))) {
		kg_close(entry->fd);
		waiting_free(entry);
	}
}

int kg_channel_new(struct kg_channel **ret, const struct kg_message_set *set, enum kg_side side, int fd, const char *what,
		   size_t quota)
{
	size_t size = kg_message_set_size_max(set);
	struct kg_channel *channel = NULL;
	int r;

	r = KG_SYS(fcntl(fd, F_GETFL));
	if (r < 0)
		goto fail;
	if (!(r & O_NONBLOCK) && (r = KG_SYS(fcntl(fd, F_SETFL, r | O_NONBLOCK))) < 0)
		goto fail;
	r = -ENOMEM;
	channel = calloc(1, sizeof(*channel) + size);
	if (!channel)
		goto fail;
	channel->set = set;
	channel->side = side;
	channel->phase = UINT32_MAX;
	channel->fd = fd;
	channel->what = what;
	channel->quota = quota ? quota : KG_CHANNEL_QUEUE_MAX;
	channel->buffer_size = size;
	queue_init(&channel->out);
	queue_init(&channel->kept);
	*ret = channel;
	return 0;

fail:
	kg_close(fd);
	return r;
}

void kg_channel_free(struct kg_channel *channel)
{
	if (!channel)
		return;
	if (channel->gone)
		*channel->gone = true;
	kg_watch_free(channel->watch);
	kg_watch_free(channel->later);
	queue_done(&channel->out);
	queue_done(&channel->kept);
	kg_close(channel->fd);
	explicit_bzero(channel->buffer, channel->buffer_size);	// passwords and keys pass through here
	free(channel);
}

void kg_channel_set_phase(struct kg_channel *channel, unsigned phase)
{
	channel->phase = phase;
}

int kg_channel_pair(int ret[2])
{
	return KG_SYS(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret));
}

/* ---- receiving ---- */

static int violation(struct kg_channel *channel, const char *name, const char *why)
{
	return kg_warn(-EPROTO, "%s sent %s on the %s channel: %s", channel->what, name, channel->set->name, why);
}

/* Gives the type of a message that the table allows here; otherwise logs the violation and returns -EPROTO. */
static int judge(struct kg_channel *channel, const struct kg_packet *packet, const void *bytes,
		 const struct kg_message_type **ret)
{
	const char *why = "its size is out of all limits";

	*ret = NULL;
	if (!packet->truncated)
		why = kg_message_refusal(channel->set, channel->side, channel->phase, bytes, (size_t)packet->size,
					 packet->fd_count, ret);
	return why ? violation(channel, *ret ? (*ret)->name : "a message", why) : 0;
}

/* The next message of the socket into to: 1, 0 at the end, -EAGAIN, or a negative errno after a violation. */
static int receive(struct kg_channel *channel, void *to, size_t to_size, struct kg_message *ret)
{
	struct kg_packet packet;
	const struct kg_message_type *type;
	int r = kg_packet_receive(&packet, channel->fd, to, to_size);

	if (r == -ECONNRESET)	// it ended with messages of ours unread
		return 0;
	if (r < 0)
		return r;
	if (packet.size == 0) {
		kg_packet_close(&packet);
		return 0;
	}
	r = judge(channel, &packet, to, &type);
	if (r < 0) {
		kg_packet_close(&packet);
		return r;
	}
	*ret = (struct kg_message){
		.type = type,
		.id = type->id,
		.body = (const uint8_t *)to + sizeof(struct kg_message_head),
		.size = (size_t)packet.size - sizeof(struct kg_message_head),
		.fd = packet.fd_count ? packet.fds[0] : -1,
	};
	return 1;
}

/* Stops all watching and tells the owner, who may free the channel. */
static void end(struct kg_channel *channel, int error)
{
	kg_watch_free(channel->watch);
	kg_watch_free(channel->later);
	channel->watch = channel->later = NULL;
	channel->error = error ? error : -EPIPE;
	channel->events->ended(channel->data, error);
}

/* Hands one message to the owner. False when the channel is gone or has ended. */
static bool deliver(struct kg_channel *channel, struct kg_message *message)
{
	bool gone = false;
	int r;

	channel->gone = &gone;
	r = channel->events->message(channel->data, message);
	kg_close(message->fd);
	if (gone)
		return false;
	channel->gone = NULL;
	if (r < 0) {
		end(channel, violation(channel, message->type->name, "its values are wrong"));
		return false;
	}
	return channel->watch != NULL;
}

/* Delivers what kg_channel_ask() put aside. False when the channel is gone or has ended. */
static bool deliver_kept(struct kg_channel *channel)
{
	struct waiting *entry;

	while ((entry = queue_take(&channel->kept))) {
		struct kg_message_head head;
		struct kg_message message;
		bool more;

		memcpy(&head, entry->bytes, sizeof(head));
		message = (struct kg_message){
			.type = kg_message_type_find(channel->set, head.id),
			.id = head.id,
			.body = entry->bytes + sizeof(head),
			.size = entry->size - sizeof(head),
			.fd = entry->fd,
		};
		more = deliver(channel, &message);
		waiting_free(entry);
		if (!more)
			return false;
	}
	return true;
}

static void on_later(void *data)
{
	struct kg_channel *channel = data;

	kg_watch_free(channel->later);
	channel->later = NULL;
	if (channel->error)
		return end(channel, channel->error);
	(void)deliver_kept(channel);
}

/* Goes on in the next turn of the loop. */
static void defer(struct kg_channel *channel)
{
	if (channel->watch && !channel->later)
		(void)kg_loop_defer(channel->loop, &channel->later, on_later, channel);
}

/* Writes what waits. Returns 0 also when some of it goes on waiting. */
static int flush(struct kg_channel *channel);

static void on_socket(void *data, int fd, uint32_t events)
{
	struct kg_channel *channel = data;
	struct kg_message message;
	int r;

	(void)fd;
	if (events & EPOLLOUT) {
		r = flush(channel);
		if (r < 0)
			return end(channel, r);
	}
	if (!(events & ~(uint32_t)EPOLLOUT) || !deliver_kept(channel))
		return;
	for (int i = 0; i < BATCH; i++) {
		r = receive(channel, channel->buffer, channel->buffer_size, &message);
		if (r == -EAGAIN)
			return;
		if (r <= 0)
			return end(channel, r);
		if (!deliver(channel, &message))
			return;
	}
}

int kg_channel_attach(struct kg_channel *channel, struct kg_loop *loop, const struct kg_channel_events *events, void *data)
{
	uint32_t wanted = EPOLLIN | (channel->out.first ? EPOLLOUT : 0);
	int r;

	channel->loop = loop;
	channel->events = events;
	channel->data = data;
	r = kg_loop_fd(loop, &channel->watch, channel->fd, wanted, on_socket, channel);
	if (r < 0)
		return r;
	if (channel->kept.first || channel->error)
		defer(channel);
	return 0;
}

/* ---- sending ---- */

static int flush(struct kg_channel *channel)
{
	struct waiting *entry;
	int r = 0;

	while ((entry = channel->out.first)) {
		r = kg_packet_send(channel->fd, entry->bytes, entry->size, entry->fd);
		if (r < 0)
			break;
		entry = queue_take(&channel->out);
		kg_close(entry->fd);
		waiting_free(entry);
	}
	if (r == -EAGAIN)
		r = 0;
	if (channel->watch)
		(void)kg_watch_set_events(channel->watch, EPOLLIN | (channel->out.first ? EPOLLOUT : 0));
	return KG_MIN(r, 0);
}

static int fail(struct kg_channel *channel, int error)
{
	if (!channel->error)
		channel->error = error;
	defer(channel);
	return error;
}

/* Puts a message behind those that wait, with a descriptor of its own. */
static int enqueue(struct kg_channel *channel, const void *bytes, size_t size, int fd)
{
	int copy = -1;
	int r;

	if (channel->out.bytes + size > channel->quota)
		return fail(channel, kg_warn(-ENOBUFS, "%s does not read its %s channel", channel->what, channel->set->name));
	if (fd >= 0) {
		copy = KG_SYS(fcntl(fd, F_DUPFD_CLOEXEC, 3));
		if (copy < 0)
			return fail(channel, copy);
	}
	r = queue_add(&channel->out, bytes, size, copy);
	if (r < 0) {
		kg_close(copy);
		return fail(channel, r);
	}
	if (channel->watch)
		(void)kg_watch_set_events(channel->watch, EPOLLIN | EPOLLOUT);
	return 0;
}

static int send_parts(struct kg_channel *channel, uint16_t id, const void *body, size_t size, const void *tail,
		      size_t tail_size, int fd)
{
	const struct kg_message_type *type = kg_message_type_find(channel->set, id);
	struct kg_message_head head = { .id = id };
	uint8_t bytes[sizeof(head) + KG_MESSAGE_SIZE_MAX];
	size_t total, whole;
	int r;

	if (!type || type->from != channel->side || type->fd != (fd >= 0) || kg_add_overflows(size, tail_size, &total) ||
	    total < type->min || total > type->max || total > KG_MESSAGE_SIZE_MAX)
		return kg_err(-EINVAL, "message %u of the %s channel must not be sent like that", id, channel->set->name);
	if (channel->error)
		return channel->error;
	memcpy(bytes, &head, sizeof(head));
	if (size)
		memcpy(bytes + sizeof(head), body, size);
	if (tail_size)
		memcpy(bytes + sizeof(head) + size, tail, tail_size);
	whole = sizeof(head) + total;
	r = channel->out.first ? -EAGAIN : kg_packet_send(channel->fd, bytes, whole, fd);
	if (r == -EAGAIN)
		r = enqueue(channel, bytes, whole, fd);
	explicit_bzero(bytes, whole);
	return KG_MIN(r, 0);
}

int kg_channel_send(struct kg_channel *channel, uint16_t id, const void *body, size_t size)
{
	return send_parts(channel, id, body, size, NULL, 0, -1);
}

int kg_channel_send_tail(struct kg_channel *channel, uint16_t id, const void *body, size_t size, const void *tail,
			 size_t tail_size)
{
	return send_parts(channel, id, body, size, tail, tail_size, -1);
}

int kg_channel_send_fd(struct kg_channel *channel, uint16_t id, const void *body, size_t size, int fd)
{
	return send_parts(channel, id, body, size, NULL, 0, fd);
}

/* ---- asking ---- */

/* Waits until the socket can be read, or written where something waits. */
static int wait_socket(struct kg_channel *channel, uint64_t deadline_us)
{
	struct pollfd p = { .fd = channel->fd, .events = POLLIN | (channel->out.first ? POLLOUT : 0) };
	uint64_t now = kg_now_us();
	int timeout = deadline_us == UINT64_MAX ? -1 : now >= deadline_us ? 0 : (int)((deadline_us - now + 999) / 1000);
	int r = KG_SYS(poll(&p, 1, timeout));

	if (r == 0)
		return -ETIMEDOUT;
	if (r < 0)
		return r == -EINTR ? 0 : r;
	return p.revents & POLLOUT ? flush(channel) : 0;
}

/* Copies a message to where the caller wants it. Takes its descriptor. */
static int hand_out(struct kg_message *message, void *to, size_t *to_size, int *fd)
{
	int r = 0;

	if (message->size > (to_size ? *to_size : 0)) {
		r = -EMSGSIZE;
	} else if (to_size) {
		if (message->size)
			memcpy(to, message->body, message->size);
		*to_size = message->size;
	}
	if (r == 0 && fd) {
		*fd = message->fd;
		message->fd = -1;
	}
	kg_close(message->fd);
	return r;
}

/* The next message that is the reply wanted (or any: reply 0), others put aside. Returns its id or a negative errno. */
static int wait_for(struct kg_channel *channel, uint16_t reply, void *to, size_t *to_size, int *fd, uint64_t deadline_us)
{
	uint8_t bytes[sizeof(struct kg_message_head) + KG_MESSAGE_SIZE_MAX];
	struct kg_message message;
	int r;

	for (;;) {
		r = receive(channel, bytes, KG_MIN(sizeof(bytes), channel->buffer_size), &message);
		if (r == 0)
			r = -EPIPE;
		if (r < 0 && r != -EAGAIN)
			break;
		if (r < 0) {
			r = wait_socket(channel, deadline_us);
			if (r < 0)
				break;
			continue;
		}
		if (reply && message.id != reply) {
			r = channel->kept.count < KEPT_MAX
				    ? queue_add(&channel->kept, bytes, sizeof(struct kg_message_head) + message.size,
						message.fd)
				    : violation(channel, message.type->name, "too many messages before an answer");
			if (r < 0) {
				kg_close(message.fd);
				break;
			}
			defer(channel);
			continue;
		}
		r = hand_out(&message, to, to_size, fd);
		if (r == 0)
			r = message.id;
		break;
	}
	explicit_bzero(bytes, sizeof(bytes));
	return r;
}

static uint64_t deadline_of(int timeout_ms)
{
	return timeout_ms < 0 ? UINT64_MAX : kg_now_us() + (uint64_t)timeout_ms * 1000;
}

int kg_channel_ask(struct kg_channel *channel, uint16_t id, const void *body, size_t size, const void *tail, size_t tail_size,
		   uint16_t reply, void *to, size_t *to_size, int *fd, int timeout_ms)
{
	int r = send_parts(channel, id, body, size, tail, tail_size, -1);

	if (r == 0)
		r = wait_for(channel, reply, to, to_size, fd, deadline_of(timeout_ms));
	return r < 0 ? r : 0;
}

int kg_channel_wait(struct kg_channel *channel, void *to, size_t *to_size, int *fd, int timeout_ms)
{
	struct waiting *entry = queue_take(&channel->kept);
	struct kg_message_head head;
	struct kg_message message;
	int r;

	if (!entry)
		return wait_for(channel, 0, to, to_size, fd, deadline_of(timeout_ms));
	memcpy(&head, entry->bytes, sizeof(head));
	message = (struct kg_message){
		.body = entry->bytes + sizeof(head),
		.size = entry->size - sizeof(head),
		.fd = entry->fd,
	};
	r = hand_out(&message, to, to_size, fd);
	waiting_free(entry);
	return r < 0 ? r : head.id;
}
