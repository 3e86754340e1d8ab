/* The command line of kagamid: flags are settings of [server], and the one desktop. */
#include "server/broker/flags.h"

#include "server/broker/config.h"

#include <getopt.h>
#include <stdio.h>

static const char help[] =
	"kagamid: remote desktops over RDP\n"
	"\n"
	"  kagamid --desktop KIND[:WHERE] [--listen ADDRESS:PORT]... [--user NAME --password-file FILE]\n"
	"  kagamid --config FILE\n"
	"\n"
	"  --desktop KIND[:WHERE]  the one desktop: demo, x11:DISPLAY, qemu:QMP-SOCKET, still\n"
	"  --size WIDTHxHEIGHT     of the desktop until a client brings its own (default: the kind's own)\n"
	"  --run-as USER           whom the desktop's process becomes (root only; default nobody)\n"
	"  --listen ADDRESS:PORT   where to listen, may be given several times; port 0 picks a free one\n"
	"                          (default 127.0.0.1:3389; *:3389 is every address)\n"
	"  --user NAME             whose password the next is (default kagami)\n"
	"  --password-file FILE    whose first line is the password; without it and without accounts made by\n"
	"                          kagamictl passwd a password for this run is made and shown\n"
	"  --security nla|tls      nla: the client proves the password first (default); tls: PAM checks it (root only)\n"
	"  --certificate FILE      PEM; with --key. Without them a self-signed one is made in the state directory\n"
	"  --key FILE              its RSA key, PEM\n"
	"  --state DIR             certificate, key and accounts (default /var/lib/kagami as root,\n"
	"                          ~/.local/state/kagami otherwise)\n"
	"  --control PATH          socket for kagamictl (default /run/kagami/control as root,\n"
	"                          $XDG_RUNTIME_DIR/kagami/control otherwise)\n"
	"  --sandbox MODE          require: every layer or no start; best: what the kernel offers (default); off\n"
	"  --config FILE           settings and desktops, see kagami.conf(5); flags go before it\n"
	"  --log-level LEVEL       error, warning, info (default) or debug\n"
	"  --programs DIR          of kagami-session and its siblings (default: kagamid's, else where they are installed)\n"
	"  --help, --version\n"
	"\n"
	"kagamid(8) explains them.\n";

enum {
	FLAG_HELP = 1, FLAG_VERSION, FLAG_CONFIG, FLAG_DESKTOP, FLAG_SIZE, FLAG_RUN_AS, FLAG_USER, FLAG_PASSWORD_FILE,
	FLAG_PROGRAMS, FLAG_SETTING,
};

static const struct option options[] = {
	{ "help", no_argument, NULL, FLAG_HELP },
	{ "version", no_argument, NULL, FLAG_VERSION },
	{ "config", required_argument, NULL, FLAG_CONFIG },
	{ "desktop", required_argument, NULL, FLAG_DESKTOP },
	{ "size", required_argument, NULL, FLAG_SIZE },
	{ "run-as", required_argument, NULL, FLAG_RUN_AS },
	{ "user", required_argument, NULL, FLAG_USER },
	{ "password-file", required_argument, NULL, FLAG_PASSWORD_FILE },
	{ "programs", required_argument, NULL, FLAG_PROGRAMS },
	{ "listen", required_argument, NULL, FLAG_SETTING },
	{ "security", required_argument, NULL, FLAG_SETTING },
	{ "certificate", required_argument, NULL, FLAG_SETTING },
	{ "key", required_argument, NULL, FLAG_SETTING },
	{ "state", required_argument, NULL, FLAG_SETTING },
	{ "control", required_argument, NULL, FLAG_SETTING },
	{ "sandbox", required_argument, NULL, FLAG_SETTING },
	{ "log-level", required_argument, NULL, FLAG_SETTING },
	{ NULL },
};

/* What is about the one desktop and is applied when all flags are read. */
struct desktop_flags {
	const char *desktop, *size, *run_as;
};

static int complain(const char *flag, const struct kg_config_error *error)
{
	fprintf(stderr, "kagamid: %s%s%s\n", flag, *flag ? ": " : "", error->text);
	return -EINVAL;
}

static int keep(char **text, const char *value)
{
	free(*text);
	*text = strdup(value);
	return *text ? 0 : -ENOMEM;
}

static int take(struct kg_config *config, struct desktop_flags *desktop, int option, const char *name, const char *value,
		bool *listened)
{
	struct kg_config_error error = { 0 };

	switch (option) {
	case FLAG_DESKTOP:
		if (desktop->desktop) {
			fprintf(stderr, "kagamid: --desktop is for one desktop; several are for a configuration file\n");
			return -EINVAL;
		}
		desktop->desktop = value;
		return 0;
	case FLAG_SIZE:
		desktop->size = value;
		return 0;
	case FLAG_RUN_AS:
		desktop->run_as = value;
		return 0;
	case FLAG_USER:
		return keep(&config->user, value);
	case FLAG_PASSWORD_FILE:
		return keep(&config->password_file, value);
	case FLAG_PROGRAMS:
		return keep(&config->programs, value);
	default:
		/* The first --listen replaces those of the file. */
		if (!strcmp(name, "listen") && !*listened) {
			config->listen_count = 0;
			*listened = true;
		}
		config->from_file = false;
		return kg_config_set(config, name, value, &error) < 0 ? complain("--", &error) : 0;
	}
}

static int add_desktop(struct kg_config *config, const struct desktop_flags *flags)
{
	struct kg_config_error error = { 0 };

	if (!flags->desktop) {
		if (!flags->size && !flags->run_as)
			return 0;
		fprintf(stderr, "kagamid: --size and --run-as belong to --desktop\n");
		return -EINVAL;
	}
	if (config->desktops) {
		fprintf(stderr, "kagamid: --desktop and the desktops of a configuration file exclude each other\n");
		return -EINVAL;
	}
	if (kg_config_add_desktop(config, flags->desktop, &error) < 0)
		return complain("--desktop", &error);
	if (flags->size && kg_config_set_desktop(config->desktops, "size", flags->size, &error) < 0)
		return complain("--size", &error);
	if (flags->run_as && kg_config_set_desktop(config->desktops, "run-as", flags->run_as, &error) < 0)
		return complain("--run-as", &error);
	return 0;
}

/* The file is read before the flags, wherever --config stands. */
static int load_file(struct kg_config *config, int argc, char **argv)
{
	int option, r = 0;

	opterr = 1;
	while (r == 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == '?')
			r = -EINVAL;
		else if (option == FLAG_CONFIG && config->from_file)
			r = -EINVAL, fprintf(stderr, "kagamid: --config is given twice\n");
		else if (option == FLAG_CONFIG)
			r = kg_config_load(config, optarg);
	}
	if (r == 0 && optind < argc) {
		fprintf(stderr, "kagamid: %s is no flag\n", argv[optind]);
		r = -EINVAL;
	}
	return r;
}

static int answer(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help")) {
			fputs(help, stdout);
			return 1;
		}
		if (!strcmp(argv[i], "--version")) {
			puts("kagamid " PACKAGE_VERSION);
			return 1;
		}
	}
	return 0;
}

int kg_flags_parse(struct kg_config *config, int argc, char **argv)
{
	struct desktop_flags desktop = { 0 };
	struct kg_config_error error = { 0 };
	bool listened = false, from_file;
	int option, index, r;

	if (answer(argc, argv))
		return 1;
	r = load_file(config, argc, argv);
	from_file = config->from_file;
	optind = 1;
	while (r == 0 && (option = getopt_long(argc, argv, "", options, &index)) != -1) {
		if (option != FLAG_CONFIG)
			r = take(config, &desktop, option, options[index].name, optarg, &listened);
	}
	config->from_file = from_file;
	if (r == 0)
		r = add_desktop(config, &desktop);
	if (r == 0 && (r = kg_config_check(config, &error)) == -EINVAL)
		(void)complain("", &error);
	if (r == -ENOMEM)
		fprintf(stderr, "kagamid: out of memory\n");
	return r;
}
