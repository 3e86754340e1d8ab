# Sourced by ./start and ./check: installs what debian/control names, and builds. No program of its own.
# Sets nothing but functions; $program names the caller in messages, $yes is 1 when nobody is to be asked.

die() {
	echo "$program: $*" >&2
	exit 1
}

# The names in a field of debian/control, one a line. $2: "check" with, "" without those that only tests need.
packages() {
	awk -v field="$1:" -v with_check="$2" '
		/^[^ ]/ { in_field = $1 == field }
		in_field && /^ / {
			line = $0
			if (line ~ /<!nocheck>/ && with_check == "") next
			if (line ~ /\[amd64\]/ && arch != "x86_64") next
			sub(/^ */, "", line); sub(/[ ,(\[<].*/, "", line)
			if (line != "" && line !~ /^\$/) print line
		}' arch="$(uname -m)" debian/control
}

# Those of the packages on standard input that are not installed.
missing() {
	wanted=$(cat)
	# shellcheck disable=SC2086
	installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' $wanted 2>/dev/null | awk '$1 == "ii" { print $2 }')
	for p in $wanted; do
		case "
$installed
" in *"
$p
"*) ;; *) echo "$p" ;; esac
	done
}

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Debian 12 has FreeRDP 3 only in its backports suite: adds the suite, found through the machine's own package source, and
# pins it to the few sources that come from there.
add_backports() {
	. /etc/os-release
	[ "$VERSION_CODENAME" = bookworm ] || return 0
	apt-cache policy libwinpr3-dev 2>/dev/null | grep -q 'Candidate: [1-9]' && [ -e /etc/apt/preferences.d/kagami-backports ] && return 0
	uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Release: $VERSION_CODENAME" | head -n 1)
	[ -n "$uri" ] || die "this machine's package sources do not name Debian $VERSION_CODENAME"
	if ! apt-get indextargets --format '$(RELEASE)' 'Created-By: Packages' | grep -qx "$VERSION_CODENAME-backports"; then
		printf 'Types: deb\nURIs: %s\nSuites: %s-backports\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
			"$uri" "$VERSION_CODENAME" | as_root tee /etc/apt/sources.list.d/kagami-backports.sources >/dev/null
	fi
	printf 'Package: src:freerdp3 src:mesa src:libdrm src:qemu src:seabios src:libvirt\nPin: release n=%s-backports\nPin-Priority: 500\n' \
		"$VERSION_CODENAME" | as_root tee /etc/apt/preferences.d/kagami-backports >/dev/null
}

# Installs what is missing; asks once where somebody is there to answer. $1: "check" or "".
install_packages() {
	lacking=$({ packages Build-Depends "$1"; packages Depends; } | missing)
	[ -n "$lacking" ] || return 0
	command -v apt-get >/dev/null || die "these packages are missing, and this is not Debian:" $lacking
	if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
		die "packages are missing and only root can install them; as root: apt-get install" $lacking
	fi
	echo "$program: to be installed (on Debian 12 FreeRDP, Mesa and QEMU come from its backports suite):" $lacking
	if [ -z "$yes" ] && [ -t 0 ] && [ -t 1 ]; then
		printf 'Go on? [Y/n] '
		read -r answer || answer=n
		case "$answer" in "" | y | Y | yes) ;; *) die "nothing was installed" ;; esac
	fi
	add_backports
	apt="apt-get -o DPkg::Lock::Timeout=600 -qq"
	as_root $apt update || die "cannot reach the package source; is there a network?"
	as_root env DEBIAN_FRONTEND=noninteractive $apt -o Dpkg::Use-Pty=0 install -y --no-install-recommends $lacking >build-install.log 2>&1 ||
		{ tail -n 20 build-install.log >&2; die "apt-get could not install the packages (see build-install.log)"; }
	rm -f build-install.log
}

# Makes configure where it is missing or older than what it is made from.
make_configure() {
	if [ ! -e configure ] || [ -n "$(find configure.ac Makefile.am m4 -newer configure 2>/dev/null)" ] ||
		[ -n "$(find base codec input server tests doc -name Makefile.inc -newer configure 2>/dev/null)" ]; then
		autoreconf -i >autoreconf.log 2>&1 || { cat autoreconf.log >&2; die "autoreconf failed"; }
		rm -f autoreconf.log
		touch configure
	fi
}

# build DIR [configure's options]: configures and makes. Quiet unless it fails.
build() {
	dir=$1
	shift
	make_configure
	mkdir -p "$dir" || die "cannot write here"
	if [ ! -e "$dir/config.status" ] || [ configure -nt "$dir/config.status" ] || [ "$(cat "$dir/.options" 2>/dev/null)" != "$*" ]; then
		echo "$program: configuring $dir"
		(cd "$dir" && ../configure -q "$@" >configure.log 2>&1) || { tail -n 20 "$dir/configure.log" >&2; die "configure failed (see $dir/config.log)"; }
		echo "$*" >"$dir/.options"
	fi
	if ! make -q -C "$dir" all >/dev/null 2>&1; then
		echo "$program: building $dir"
		make -s -j"$(nproc)" -C "$dir" all >"$dir/make.log" 2>&1 || { tail -n 40 "$dir/make.log" >&2; die "the build failed (see $dir/make.log)"; }
	fi
}
