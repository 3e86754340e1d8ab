/* kagamictl: looks at a running kagamid, ends sessions, keeps the accounts. */
#include "base/base.h"
#include "base/log.h"
#include "server/broker/config.h"
#include "server/broker/control-client.h"
#include "server/broker/doctor.h"
#include "server/broker/hashes.h"
#include "server/broker/state.h"
#include "server/broker/status.h"

#include <getopt.h>
#include <stdio.h>
#include <termios.h>

#define PASSWORD_MAX 256

static const char help[] =
	"kagamictl: looks after kagamid\n"
	"\n"
	"  kagamictl [--control PATH] status      what it does, listens on and is locked by\n"
	"  kagamictl [--control PATH] sessions    who is connected\n"
	"  kagamictl [--control PATH] kick ID     ends a session\n"
	"  kagamictl [--hashes FILE] passwd USER  makes an account for NLA or changes its password, which is asked\n"
	"                                         for, or read from standard input when that is no terminal\n"
	"  kagamictl [--hashes FILE] passwd --delete USER\n"
	"  kagamictl [--control PATH] doctor      looks for what is wrong and says a cure for each\n"
	"\n"
	"  --control PATH  kagamid's control socket (default /run/kagami/control as root,\n"
	"                  $XDG_RUNTIME_DIR/kagami/control otherwise)\n"
	"  --hashes FILE   accounts (default: those of the kagamid that runs, else of its state directory)\n"
	"  --help, --version\n";

enum { FLAG_HELP = 1, FLAG_VERSION, FLAG_CONTROL, FLAG_HASHES, FLAG_DELETE };

static const struct option options[] = {
	{ "help", no_argument, NULL, FLAG_HELP },
	{ "version", no_argument, NULL, FLAG_VERSION },
	{ "control", required_argument, NULL, FLAG_CONTROL },
	{ "hashes", required_argument, NULL, FLAG_HASHES },
	{ "delete", no_argument, NULL, FLAG_DELETE },
	{ NULL },
};

static int complain(const char *path, int r, const char *text)
{
	if (r == -EBADMSG)
		fprintf(stderr, "kagamictl: %s\n", text);
	else
		fprintf(stderr, "kagamictl: no answer from kagamid at %s: %s\n", path, strerror(-r));
	return 1;
}

static int ask(const char *control, const char *request)
{
	char *text = NULL;
	int r = kg_control_ask(control, request, &text), code = 0;

	if (r < 0)
		code = complain(control, r, text);
	else
		fputs(text, stdout);
	free(text);
	return code;
}

static int show_sessions(const char *control)
{
	static const char *const titles = "ID\tSTATE\tUSER\tADDRESS\tDESKTOP\tSECONDS\tSIZE\tCLIENT\n";
	char *text = NULL;
	int r = kg_control_ask(control, "sessions", &text);

	if (r < 0) {
		r = complain(control, r, text);
	} else {
		fputs(titles, stdout);
		fputs(text, stdout);
	}
	free(text);
	return r;
}

/* ---- passwd ---- */

/* A line without its end. False at the end of input, or when it is too long. */
static bool read_line(char line[PASSWORD_MAX + 2])
{
	bool whole = fgets(line, PASSWORD_MAX + 2, stdin) != NULL;

	line[strcspn(line, "\r\n")] = 0;
	return whole && strlen(line) <= PASSWORD_MAX;
}

static bool prompt(const char *text, char line[PASSWORD_MAX + 2])
{
	struct termios old, quiet;
	bool whole;

	if (tcgetattr(STDIN_FILENO, &old) < 0)
		return read_line(line);
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	fputs(text, stderr);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	whole = read_line(line);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
	fputc('\n', stderr);
	return whole;
}

static int ask_password(char password[PASSWORD_MAX + 2])
{
	char again[PASSWORD_MAX + 2] = "";
	bool terminal = isatty(STDIN_FILENO);
	int r = 0;

	setvbuf(stdin, NULL, _IONBF, 0);	// no copy of it in a buffer
	if (!(terminal ? prompt("Password: ", password) : read_line(password)) || !*password) {
		fprintf(stderr, "kagamictl: a password has 1 to %d bytes\n", PASSWORD_MAX);
		r = -EINVAL;
	} else if (terminal && (!prompt("Once more: ", again) || strcmp(password, again))) {
		fprintf(stderr, "kagamictl: these are two passwords\n");
		r = -EINVAL;
	}
	explicit_bzero(again, sizeof(again));
	return r;
}

/* The file of the kagamid that runs, else where the next one will look. To be freed. */
static char *find_hashes(const char *control)
{
	struct kg_config config;
	struct kg_config_error error;
	char *status = NULL, *path = NULL;

	if (kg_control_ask(control, "status", &status) == 0)
		path = kg_control_value(status, "hashes", NULL);
	free(status);
	if (path)
		return path;
	kg_config_init(&config);
	if (kg_config_add_desktop(&config, "none", &error) == 0 && kg_config_check(&config, &error) == 0 &&
	    kg_state_make(config.state) == 0)
		path = strdup(config.hashes);
	kg_config_done(&config);
	return path;
}

static int set_password(const char *control, const char *hashes, const char *user, bool delete)
{
	char password[PASSWORD_MAX + 2] = "", *found = hashes ? NULL : find_hashes(control);
	const char *path = hashes ? hashes : found;
	int r = path ? 0 : -ENOENT;

	if (r == 0 && !kg_user_name_valid(user)) {
		fprintf(stderr, "kagamictl: a user's name has 1 to %d bytes of UTF-8, without ':'\n", KG_NAME_MAX);
		r = -EINVAL;
	}
	if (r == 0 && !delete)
		r = ask_password(password);
	if (r == 0)
		r = kg_hashes_write(path, user, delete ? NULL : password);
	explicit_bzero(password, sizeof(password));
	if (r == 0)
		printf("%s: %s is %s\n", path, user, delete ? "gone" : "set");
	free(found);
	return r < 0;
}

int main(int argc, char **argv)
{
	char found[256], request[KG_STATUS_REQUEST_MAX];
	const char *control = NULL, *hashes = NULL, *command, *argument;
	bool delete = false;
	int option;

	kg_log_init("kagamictl", KG_LOG_WARN);
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case FLAG_HELP:
			fputs(help, stdout);
			return 0;
		case FLAG_VERSION:
			puts("kagamictl " PACKAGE_VERSION);
			return 0;
		case FLAG_CONTROL:
			control = optarg;
			break;
		case FLAG_HASHES:
			hashes = optarg;
			break;
		case FLAG_DELETE:
			delete = true;
			break;
		default:
			return 2;
		}
	}
	if (!control)
		control = kg_control_path(found, sizeof(found));
	command = optind < argc ? argv[optind] : "";
	argument = optind + 1 < argc ? argv[optind + 1] : NULL;

	if (!strcmp(command, "status") && optind + 1 == argc)
		return ask(control, "status");
	if (!strcmp(command, "sessions") && optind + 1 == argc)
		return show_sessions(control);
	if (!strcmp(command, "doctor") && optind + 1 == argc)
		return kg_doctor(control) > 0;
	if (!strcmp(command, "kick") && argument && optind + 2 == argc) {
		snprintf(request, sizeof(request), "kick %s", argument);
		return ask(control, request);
	}
	if (!strcmp(command, "passwd") && argument && optind + 2 == argc)
		return set_password(control, hashes, argument, delete);
	fputs(help, stderr);
	return 2;
}
