/*
 * kagami-session: one connection of one client. It starts before there is a client: kagamid keeps a spare or two.
 *
 *	SETUP ── warm up with the whole peer ── lock ── READY ── CONNECT ── the loop ── goodbye
 *
 * What it may do is in sandbox.c; it has no key, no password that it could keep, no file, no network but its client.
 */
#define KG_TOPIC "session"
#include "server/session/session.h"

#include "base/log.h"
#include "base/loop.h"
#include "server/control/channel.h"
#include "server/control/login-messages.h"
#include "server/session/cleanse.h"
#include "server/session/compat.h"
#include "server/session/peer.h"
#include "server/session/remote-key.h"
#include "server/session/sandbox.h"
#include "server/session/security.h"
#include "server/session/wlog.h"

#include <fcntl.h>
#include <freerdp/channels/channels.h>
#include <freerdp/channels/wtsvc.h>
#include <locale.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <winpr/ssl.h>
#include <winpr/synch.h>
#include <winpr/wtsapi.h>

#define SETUP_MS 10000
#define SIGN_MS 10000

struct setup {
	struct kg_session_setup fixed;
	char certificate[KG_SESSION_CERTIFICATE_MAX + 1];	// PEM; the last byte stays 0
} KG_WIRE;

/* The watches of the loop only wake it up; what is to be done is looked for once after each turn. */
struct wake {
	struct kg_watch *tcp, *reread, *queue;
	bool peer;		// the client may have sent something
};

void kg_session_end(struct kg_session *session, enum kg_end_reason reason)
{
	if (session->ending)
		return;
	session->ending = true;
	session->reason = reason;
}

/* ---- warm-up ---- */

/* Descriptors that the sandbox knows by number exist from now on, and are never anything else. */
static int make_placeholders(void)
{
	int pair[2], r;

	for (int fd = 0; fd <= KG_SESSION_TCP_FD; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && (fd <= KG_SESSION_CONTROL_FD || dup2(KG_SESSION_CONTROL_FD, fd) < 0))
			return -EBADF;
	}
	r = KG_SYS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	if (r < 0)
		return r;
	if (dup2(pair[0], KG_SESSION_TCP_FD) < 0 || dup2(pair[1], KG_SESSION_VIEW_FD) < 0)
		r = -errno;
	close(pair[0]);
	close(pair[1]);
	return r;
}

/* kagamid signs: see remote-key.h. */
static int sign(void *data, int padding, const char *digest, const uint8_t *bytes, size_t size, uint8_t *signature, size_t room)
{
	struct kg_session *session = data;
	struct kg_session_sign question = { .padding = (uint32_t)padding };
	struct {
		struct kg_session_signed fixed;
		uint8_t signature[KG_SESSION_SIGNATURE_MAX];
	} KG_WIRE answer;
	size_t answer_size = sizeof(answer);
	int r;

	if (strlen(digest) >= sizeof(question.digest) || size > KG_SESSION_SIGN_MAX)
		return -EMSGSIZE;
	strcpy(question.digest, digest);
	r = kg_channel_ask(session->control, KG_SESSION_SIGN, &question, sizeof(question), bytes, size, KG_SESSION_SIGNED,
			   &answer, &answer_size, NULL, SIGN_MS);
	if (r < 0)
		return kg_err(r, "kagamid does not sign");
	if (answer_size < sizeof(answer.fixed) || !answer.fixed.ok || answer_size - sizeof(answer.fixed) > room)
		return kg_err(-EACCES, "kagamid refuses to sign");
	memcpy(signature, answer.signature, answer_size - sizeof(answer.fixed));
	return (int)(answer_size - sizeof(answer.fixed));
}

/* The key that FreeRDP gets. A key that does not fit the certificate would be dropped without a word when the client comes. */
static char *make_key(const char *certificate_pem)
{
	BIO *bio = BIO_new_mem_buf(certificate_pem, -1);
	X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	char *pem = certificate ? kg_remote_key_pem(certificate) : NULL;
	BIO *key_bio = pem ? BIO_new_mem_buf(pem, -1) : NULL;
	EVP_PKEY *key = key_bio ? PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL) : NULL;

	if (!key || !X509_check_private_key(certificate, key)) {
		free(pem);
		pem = NULL;
	}
	EVP_PKEY_free(key);
	BIO_free(key_bio);
	X509_free(certificate);
	BIO_free(bio);
	return pem;
}

/*
 * The order matters: winpr loads OpenSSL's default and legacy providers, our own comes after them. What libraries allocate or
 * read once is done here, by making the whole peer.
 */
static int warm_up(struct kg_session *session, const char *certificate)
{
	struct tm tm;
	time_t now = time(NULL);
	char *key;
	int r;

	tzset();
	localtime_r(&now, &tm);
	r = kg_wlog_init();
	if (r < 0)
		return kg_err(r, "cannot take FreeRDP's log");
	if (!winpr_InitializeSSL(WINPR_SSL_INIT_DEFAULT))
		return kg_err(-ENOTSUP, "cannot initialize OpenSSL");
	r = kg_cleanse_init();
	if (r >= 0)
		r = kg_remote_key_init(sign, session);
	if (r >= 0)
		r = kg_security_init();
	if (r < 0)
		return kg_err(r, "cannot make the key provider and the security package");
	if (!WTSRegisterWtsApiFunctionTable(FreeRDP_InitWtsApi()))
		return kg_err(-ENOTSUP, "cannot initialize FreeRDP's virtual channels");
	key = make_key(certificate);
	if (!key)
		return kg_err(-EINVAL, "the certificate is not one of an RSA key");
	kg_wlog_mute(true);	// the placeholder is no TCP socket
	r = kg_peer_init(session, certificate, key);
	kg_wlog_mute(false);
	free(key);
	if (r < 0)
		return r;
	r = kg_loop_new(&session->loop);
	if (r >= 0)
		r = kg_view_init(&session->view, session);
	if (r >= 0)
		r = kg_gfx_init(&session->gfx, session);
	if (r >= 0)
		r = kg_pointer_init(&session->pointer, session);
	kg_legacy_init(&session->legacy, session);
	return r < 0 ? kg_err(r, "cannot start") : 0;
}

/* ---- before the client ---- */

static int receive_setup(struct kg_session *session, struct setup *setup)
{
	size_t size = sizeof(*setup) - 1;
	int r = kg_channel_wait(session->control, setup, &size, NULL, SETUP_MS);

	if (r < 0)
		return r;
	if (r != KG_SESSION_SETUP || size < sizeof(setup->fixed))
		return -EPROTO;
	((char *)setup)[size] = 0;
	if ((setup->fixed.security != KG_SECURITY_NLA && setup->fixed.security != KG_SECURITY_TLS) ||
	    setup->fixed.sandbox > KG_SANDBOX_OFF || setup->fixed.log_level > KG_LOG_DEBUG)
		return -EPROTO;
	session->security = (enum kg_security)setup->fixed.security;
	kg_log_level = (enum kg_log_level)setup->fixed.log_level;
	return 0;
}

/* The client's socket takes the place of the peer's. -EPIPE when kagamid went away first: nothing to say. */
static int receive_client(struct kg_session *session)
{
	struct kg_session_connect connect;
	size_t size = sizeof(connect);
	int fd = -1, one = 1, r = kg_channel_wait(session->control, &connect, &size, &fd, -1);

	if (r == KG_SESSION_END)
		return -EPIPE;
	if (r >= 0 && (r != KG_SESSION_CONNECT || fd < 0))
		r = -EPROTO;
	if (r >= 0)
		r = KG_SYS(dup2(fd, KG_SESSION_TCP_FD));
	kg_close(fd);
	if (r < 0)
		return r;
	/* Not TCP in tests. */
	(void)setsockopt(KG_SESSION_TCP_FD, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	kg_channel_set_phase(session->control, KG_SESSION_HANDSHAKE);
	return KG_SYS(fcntl(KG_SESSION_TCP_FD, F_SETFL, O_NONBLOCK));
}

/* ---- kagamid ---- */

static int on_control(void *data, struct kg_message *message)
{
	struct kg_session *session = data;
	const struct kg_session_end *end;
	int fd;

	switch (message->id) {
	case KG_SESSION_VIEW:
		fd = message->fd;
		message->fd = -1;
		return kg_view_connect(&session->view, fd);
	case KG_SESSION_END:
		end = message->body;
		kg_session_end(session, end->reason < KG_END_REASONS ? (enum kg_end_reason)end->reason : KG_END_SHUTDOWN);
		return 0;
	default:
		return -EPROTO;	// an answer that nobody asked for
	}
}

static void on_control_ended(void *data, int error)
{
	kg_session_end(data, KG_END_SHUTDOWN);
}

/* ---- the loop ---- */

static void on_peer(void *data, int fd, uint32_t events)
{
	((struct wake *)data)->peer = true;
}

static void on_queue(void *data, int fd, uint32_t events)
{
	/* FreeRDP's queue of channel data: emptied after the turn. */
}

static int start_waking(struct kg_session *session, struct wake *wake)
{
	HANDLE handles[8];
	DWORD count = session->peer->GetEventHandles(session->peer, handles, KG_ARRAY_SIZE(handles));
	int queue = GetEventFileDescriptor(WTSVirtualChannelManagerGetEventHandle(session->channels));
	int r = kg_loop_fd(session->loop, &wake->queue, queue, EPOLLIN, on_queue, wake);

	/* The socket itself, and an eventfd that says that TLS holds more than was read. */
	for (DWORD i = 0; r >= 0 && i < count; i++) {
		int fd = GetEventFileDescriptor(handles[i]);

		r = kg_loop_fd(session->loop, fd == KG_SESSION_TCP_FD ? &wake->tcp : &wake->reread, fd, EPOLLIN, on_peer, wake);
	}
	wake->peer = true;
	if (r >= 0 && (!wake->tcp || !wake->reread || count != 2))
		r = -ENOTSUP;
	return r < 0 ? kg_err(r, "cannot watch FreeRDP's descriptors") : 0;
}

static void stop_waking(struct wake *wake)
{
	kg_watch_free(wake->tcp);
	kg_watch_free(wake->reread);
	kg_watch_free(wake->queue);
}

/* Reads what the client sent: one PDU a turn, so that nobody else starves. */
static int turn_peer(struct kg_session *session, struct wake *wake)
{
	freerdp_peer *peer = session->peer;

	if (peer->IsWriteBlocked(peer) && peer->DrainOutputBuffer(peer) < 0)
		return -EPIPE;
	if (!wake->peer)
		return 0;
	wake->peer = false;
	if (!peer->CheckFileDescriptor(peer) || freerdp_shall_disconnect_context(peer->context))
		return -EPIPE;
	return session->transport.refused ? -EPIPE : 0;
}

static int turn_channels(struct kg_session *session)
{
	int r;

	if (session->state < KG_SESSION_IS_ACTIVE || !session->gfx.wanted)
		return 0;
	if (!WTSVirtualChannelManagerCheckFileDescriptor(session->channels))
		return -EPIPE;
	r = kg_gfx_turn(&session->gfx);
	if (r < 0)
		return r;
	return WTSVirtualChannelManagerCheckFileDescriptor(session->channels) ? 0 : -EPIPE;
}

static bool is_open(const struct kg_session *session)
{
	return session->view.state == KG_VIEW_IS_RUNNING && (!session->gfx.wanted || session->gfx.has_capabilities);
}

static int turn(struct kg_session *session, struct wake *wake)
{
	freerdp_peer *peer = session->peer;
	int r = turn_peer(session, wake);

	if (r < 0 || session->ending)
		return r;
	r = turn_channels(session);
	if (r >= 0)
		r = kg_transport_flush(&session->transport);
	if (r >= 0)
		r = kg_view_turn(&session->view, peer->IsWriteBlocked(peer));
	if (r >= 0)
		r = kg_transport_flush(&session->transport);
	if (r >= 0 && !session->narrowed && is_open(session)) {
		session->narrowed = true;
		r = kg_session_lock_more();
	}
	if (r < 0)
		return r;
	return kg_watch_set_events(wake->tcp, peer->IsWriteBlocked(peer) ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static int run(struct kg_session *session)
{
	static const struct kg_channel_events events = { .message = on_control, .ended = on_control_ended };
	struct wake wake = { 0 };
	int r = start_waking(session, &wake);

	if (r >= 0)
		r = kg_channel_attach(session->control, session->loop, &events, session);
	while (r >= 0 && !session->ending) {
		r = kg_loop_turn(session->loop, UINT64_MAX);
		if (r >= 0)
			r = turn(session, &wake);
	}
	if (session->ending)
		kg_peer_say_goodbye(session);
	stop_waking(&wake);
	return r == -EPIPE ? 0 : r;	// that the client went is no error
}

static void session_done(struct kg_session *session)
{
	kg_security_set_login(NULL);
	kg_view_done(&session->view);
	kg_gfx_done(&session->gfx);
	kg_peer_done(session);
	kg_pointer_done(&session->pointer);
	kg_channel_free(session->login);
	kg_channel_free(session->control);
	kg_loop_free(session->loop);
	kg_remote_key_done();
}

static int serve(struct kg_session *session)
{
	struct kg_session_ready ready = { .freerdp = kg_freerdp_version() };
	static struct setup setup;
	int r;

	r = make_placeholders();
	if (r >= 0)
		r = kg_channel_new(&session->control, &kg_session_messages, KG_SIDE_B, KG_SESSION_CONTROL_FD, "kagamid", 0);
	if (r >= 0)
		r = kg_channel_new(&session->login, &kg_login_messages, KG_SIDE_A, KG_SESSION_LOGIN_FD, "kagami-auth", 0);
	if (r < 0)
		return kg_err(r, "is started by kagamid only");
	kg_channel_set_phase(session->control, KG_SESSION_START);
	r = receive_setup(session, &setup);
	if (r < 0)
		return kg_err(r, "no set-up from kagamid");
	kg_channel_set_phase(session->login, session->security == KG_SECURITY_NLA ? KG_LOGIN_NLA : KG_LOGIN_PAM);
	kg_security_set_login(session->login);
	r = warm_up(session, setup.certificate);
	if (r < 0)
		return r;
	r = kg_session_lock(&setup.fixed);
	if (r < 0)
		return r;
	ready.layers = (uint32_t)r;
	r = kg_channel_send(session->control, KG_SESSION_READY, &ready, sizeof(ready));
	if (r >= 0)
		r = receive_client(session);
	if (r < 0)
		return r == -EPIPE ? 0 : kg_err(r, "no client from kagamid");
	return run(session);
}

int main(void)
{
	static struct kg_session session;
	int r;

	kg_log_init("kagami-session", KG_LOG_INFO);
	/* FreeRDP wants a HOME, and with another TZ libraries search the disk for it again and again. */
	if (setenv("HOME", "/nonexistent", 1) < 0 || setenv("TZ", "UTC", 1) < 0)
		return EXIT_FAILURE;
	signal(SIGPIPE, SIG_IGN);
	r = serve(&session);
	session_done(&session);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
