/*
 * The real kagami-session with a kagamid of our own: how it starts, what it is then, and how it ends. What it does with a
 * client is tested with clients (tests/stock, tests/client).
 */
#include "base/base.h"
#include "base/sandbox.h"
#include "server/control/channel.h"
#include "server/control/login-messages.h"
#include "server/control/session-messages.h"
#include "tests/tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define DEADLINE_MS 20000	// a sanitizer on a busy machine

struct child {
	pid_t pid;
	struct kg_channel *control;
	int login;
	int status;
	int errors;		// its standard error
	char text[8192];	// read from there
};

static char *certificate_pem;

static char *make_certificate(void)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	X509 *certificate = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char *bytes, *text;
	long size;

	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_pubkey(certificate, key);
	X509_sign(certificate, key, EVP_sha256());
	PEM_write_bio_X509(bio, certificate);
	size = BIO_get_mem_data(bio, &bytes);
	text = strndup(bytes, (size_t)size);
	BIO_free(bio);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return text;
}

static void start(struct child *child)
{
	int control[2], login[2], errors[2];
	char path[4096];

	*child = (struct child){ 0 };
	snprintf(path, sizeof(path), "%s/kagami-session", getenv("top_builddir") ?: ".");
	if (kg_channel_pair(control) < 0 || kg_channel_pair(login) < 0 || pipe2(errors, O_CLOEXEC | O_NONBLOCK) < 0)
		abort();
	child->pid = fork();
	if (child->pid == 0) {
		int copy[3] = { fcntl(control[1], F_DUPFD, 20), fcntl(login[1], F_DUPFD, 20), fcntl(errors[1], F_DUPFD, 20) };

		dup2(copy[0], KG_SESSION_CONTROL_FD);
		dup2(copy[1], KG_SESSION_LOGIN_FD);
		dup2(copy[2], STDERR_FILENO);
		for (int fd = KG_SESSION_LOGIN_FD + 1; fd < 64; fd++)
			close(fd);
		execl(path, path, (char *)NULL);
		_exit(127);
	}
	close(control[1]);
	close(login[1]);
	close(errors[1]);
	child->login = login[0];
	child->errors = errors[0];
	kg_channel_new(&child->control, &kg_session_messages, KG_SIDE_A, control[0], "session", 0);
}

static bool has_ended(struct child *child)
{
	return child->pid < 0 || waitpid(child->pid, &child->status, WNOHANG) == child->pid;
}

/* Ends it where it has not ended, and reads what it said. True when it ended by itself with this exit status. */
static bool ends(struct child *child, int status)
{
	bool right = wait_until(has_ended(child), DEADLINE_MS) && WIFEXITED(child->status) &&
		     WEXITSTATUS(child->status) == status;
	ssize_t size = read(child->errors, child->text, sizeof(child->text) - 1);

	child->text[KG_MAX(size, 0)] = 0;
	if (!right)
		note("status %#x, it said: %s", (unsigned)child->status, child->text);
	return right;
}

static void stop(struct child *child)
{
	if (!has_ended(child)) {
		kill(child->pid, SIGKILL);
		waitpid(child->pid, NULL, 0);
	}
	kg_channel_free(child->control);
	close(child->login);
	close(child->errors);
}

static int set_up(struct child *child, uint32_t security, const char *certificate)
{
	struct kg_session_setup setup = {
		.security = security,
		.sandbox = KG_SANDBOX_BEST,
		.uid = geteuid() == 0 ? 65534 : UINT32_MAX,
		.gid = geteuid() == 0 ? 65534 : UINT32_MAX,
		.log_level = 1,
	};
	struct kg_session_ready ready;
	size_t size = sizeof(ready);
	int r;

	kg_channel_send_tail(child->control, KG_SESSION_SETUP, &setup, sizeof(setup), certificate, strlen(certificate));
	r = kg_channel_wait(child->control, &ready, &size, NULL, DEADLINE_MS);
	if (r == KG_SESSION_READY) {
		char text[64];

		note("layers: %s, FreeRDP %u.%u.%u", kg_sandbox_layers_text((int)ready.layers, text), ready.freerdp >> 16,
		     ready.freerdp >> 8 & 0xff, ready.freerdp & 0xff);
	}
	return r == KG_SESSION_READY ? (int)ready.layers : -1;
}

static int count_threads(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	int count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return count;
}

/* A line of /proc/PID/status as a number, -1 when it cannot be read. */
static long status_of(pid_t pid, const char *name)
{
	char path[64], line[256];
	long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			value = strtol(line + strlen(name) + 1, NULL, 0);
	}
	if (file)
		fclose(file);
	return value;
}

static void test_ready(void)
{
	struct child child;
	int layers;

	start(&child);
	layers = set_up(&child, KG_SECURITY_NLA, certificate_pem);
	ok(layers >= 0, "a session that has its set-up gets ready");
	ok((layers & KG_LAYER_LIMITS) && (layers & KG_LAYER_PRIVILEGES), "it is locked by limits and without privileges");
#ifndef KG_SANITIZED
	ok(layers & KG_LAYER_SECCOMP, "it has a filter of system calls");
	ok(status_of(child.pid, "Seccomp") == 2, "and the kernel says so");
#endif
	ok(status_of(child.pid, "NoNewPrivs") == 1, "it cannot gain privileges");
	if (geteuid() == 0)
		ok(status_of(child.pid, "Uid") == 65534, "it runs as nobody");
	else
		skip("it runs as nobody: only root can change the user");
	ok(count_threads(child.pid) == 1, "it has one thread");
	kg_channel_free(child.control);
	child.control = NULL;
	ok(ends(&child, 0) && !child.text[0], "a spare ends without a word when kagamid does");
	stop(&child);
}

static void test_wrong_setup(void)
{
	struct child child;

	start(&child);
	ok(set_up(&child, 7, certificate_pem) < 0 && ends(&child, 1) && strstr(child.text, "set-up"),
	   "an unknown security is refused with a line");
	stop(&child);
	start(&child);
	ok(set_up(&child, KG_SECURITY_NLA, "no certificate") < 0 && ends(&child, 1) && strstr(child.text, "certificate"),
	   "what is no certificate is refused with a line");
	stop(&child);
	start(&child);
	kg_channel_send(child.control, KG_SESSION_END, &(struct kg_session_end){ 0 }, sizeof(struct kg_session_end));
	ok(ends(&child, 1), "a message before the set-up is refused");
	stop(&child);
}

/* A connected TCP pair; [1] is what kagamid passes on. */
static bool tcp_pair(int ret[2])
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool right = listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		     listen(listener, 1) == 0 && getsockname(listener, (struct sockaddr *)&address, &size) == 0;

	ret[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	right = right && connect(ret[0], (struct sockaddr *)&address, sizeof(address)) == 0;
	ret[1] = right ? accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;
	close(listener);
	return right && ret[1] >= 0;
}

/* Gives it a client that sends bytes. Returns our end. */
static int connect_client(struct child *child, const void *bytes, size_t size)
{
	struct kg_session_connect connect = { 0 };
	int tcp[2];

	if (!tcp_pair(tcp) || (size && write(tcp[0], bytes, size) != (ssize_t)size))
		abort();
	kg_channel_send_fd(child->control, KG_SESSION_CONNECT, &connect, sizeof(connect), tcp[1]);
	close(tcp[1]);
	return tcp[0];
}

static void test_foreign_client(const void *bytes, size_t size, const char *what)
{
	struct child child;
	char answer[256];
	int fd;

	start(&child);
	if (set_up(&child, KG_SECURITY_NLA, certificate_pem) < 0)
		return (void)ok(false, "%s", what);
	fd = connect_client(&child, bytes, size);
	ok(ends(&child, 0) && (!WIFSIGNALED(child.status)), "%s", what);
	while (read(fd, answer, sizeof(answer)) > 0)
		;
	close(fd);
	stop(&child);
}

/* A client that knows only RDP's own security (RC4) is told that TLS and NLA are wanted ([MS-RDPBCGR] 2.2.1.2.2). */
static void test_rdp_security(void)
{
	static const uint8_t request[] = { 3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 0, 0, 0, 0 };
	uint8_t answer[19] = { 0 };
	struct child child;
	int fd;

	start(&child);
	set_up(&child, KG_SECURITY_NLA, certificate_pem);
	fd = connect_client(&child, request, sizeof(request));
	ok(recv(fd, answer, sizeof(answer), MSG_WAITALL) == sizeof(answer) && answer[11] == 3 && answer[15] == 5,
	   "RDP's own security is refused: NLA is required");
	close(fd);
	ok(ends(&child, 0), "and the session ends with such a client");
	stop(&child);
}

static void test_client_goes(void)
{
	struct child child;
	int fd;

	start(&child);
	set_up(&child, KG_SECURITY_NLA, certificate_pem);
	fd = connect_client(&child, NULL, 0);
	close(fd);
	ok(ends(&child, 0), "a session ends with its client");
	stop(&child);
}

static void test_kagamid_goes(void)
{
	struct child child;
	int fd;

	start(&child);
	set_up(&child, KG_SECURITY_NLA, certificate_pem);
	fd = connect_client(&child, NULL, 0);
	kg_channel_free(child.control);
	child.control = NULL;
	ok(ends(&child, 0), "a session with a client ends when kagamid does");
	close(fd);
	stop(&child);
}

static void test_unasked(uint16_t id, const void *body, size_t size, const char *what)
{
	struct child child;
	int fd;

	start(&child);
	set_up(&child, KG_SECURITY_NLA, certificate_pem);
	fd = connect_client(&child, NULL, 0);
	kg_channel_send(child.control, id, body, size);
	ok(ends(&child, 0) && strstr(child.text, "session channel"), "%s", what);
	close(fd);
	stop(&child);
}

/* The client asks for TLS and gets as far as the signature, which kagamid refuses. */
static void test_signature(void)
{
	static const uint8_t request[] = { 3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 3, 0, 0, 0 };
	uint8_t answer[19];
	struct {
		struct kg_session_sign sign;
		uint8_t bytes[KG_SESSION_SIGN_MAX];
	} KG_WIRE question;
	size_t size = sizeof(question);
	struct kg_session_signed no = { .ok = 0 };
	struct child child;
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *tls = SSL_new(context);
	int fd, r;

	start(&child);
	set_up(&child, KG_SECURITY_NLA, certificate_pem);
	fd = connect_client(&child, request, sizeof(request));
	ok(recv(fd, answer, sizeof(answer), MSG_WAITALL) == sizeof(answer) && answer[11] == 2 && answer[15] == 2,
	   "a client that knows NLA gets NLA");
	SSL_set_fd(tls, fd);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	SSL_connect(tls);
	r = kg_channel_wait(child.control, &question, &size, NULL, DEADLINE_MS);
	ok(r == KG_SESSION_SIGN && size == sizeof(question.sign) + 146 &&
		   !memcmp(question.bytes + 64, "TLS 1.3, server CertificateVerify", 34),
	   "kagamid is asked for the signature of a TLS 1.3 server");
	kg_channel_send_tail(child.control, KG_SESSION_SIGNED, &no, sizeof(no), "", 0);
	fcntl(fd, F_SETFL, 0);
	ok(SSL_connect(tls) <= 0 && ends(&child, 0), "without it there is no connection");
	SSL_free(tls);
	SSL_CTX_free(context);
	close(fd);
	stop(&child);
}

int main(void)
{
	static const char http[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct kg_session_welcome welcome = { .ok = 1 };
	uint8_t noise[4096];

	signal(SIGPIPE, SIG_IGN);
	tap_seed_init();
	certificate_pem = make_certificate();
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)rnd();
	noise[0] = 0xff;	// no TPKT, whose rest would be waited for
	test_ready();
	test_wrong_setup();
	test_client_goes();
	test_kagamid_goes();
	test_foreign_client(http, sizeof(http) - 1, "plain HTTP is refused cleanly");
	test_rdp_security();
	test_foreign_client(noise, sizeof(noise), "noise is refused cleanly");
	test_unasked(KG_SESSION_WELCOME, &welcome, sizeof(welcome), "a welcome that nobody asked for ends the session");
	test_signature();
	free(certificate_pem);
	return tap_end();
}
