# Sourced by ./start and ./check from the root of the tree: installs what debian/control names, and builds.
# Only functions. $program names the caller in messages; $yes is 1 when nobody is to be asked.

die() {
	echo "$program: $*" >&2
	exit 1
}

architecture() {
	dpkg --print-architecture 2>/dev/null || case $(uname -m) in
	x86_64) echo amd64 ;;
	aarch64) echo arm64 ;;
	*) uname -m ;;
	esac
}

# The packages that a field of debian/control names for this machine, one a line: FIELD [check]. Without "check" not those
# that only tests need. Of alternatives the first counts.
packages() {
	awk -v field="$1:" -v with_check="$2" -v machine="$(architecture)" '
		/^#/ { next }
		/^[^ \t]/ { in_field = $1 == field; sub(/^[^:]*:/, "") }
		in_field {
			count = split($0, items, ",")
			for (i = 1; i <= count; i++) {
				item = items[i]
				if (item ~ /<!nocheck>/ && with_check == "") continue
				if (match(item, /\[[^]]*\]/) &&
				    index(" " substr(item, RSTART + 1, RLENGTH - 2) " ", " " machine " ") == 0) continue
				sub(/^[ \t]*/, "", item)
				sub(/[ \t(|[<].*/, "", item)
				if (item != "" && item !~ /^\$/) print item
			}
		}' debian/control
}

# Those of the packages on standard input that are not installed.
missing() {
	wanted=$(cat)
	# Word by word: dpkg-query takes the names as its arguments.
	# shellcheck disable=SC2086
	installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^installed //p')
	for package in $wanted; do
		echo "$installed" | grep -qxF -e "$package" || echo "$package"
	done
}

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

on_a_terminal() {
	[ -t 0 ] && [ -t 1 ]
}

# Whether packages can be installed at all; says why not, and what would help.
may_install() { # the packages
	command -v apt-get >/dev/null ||
		die "there is no apt-get here; install what these Debian packages hold, then autoreconf -i && ./configure && make:" "$@"
	[ "$(id -u)" = 0 ] && return
	if ! command -v sudo >/dev/null || { ! on_a_terminal && ! sudo -n true 2>/dev/null; }; then
		die "packages are missing and only root can install them; as root: apt-get install --no-install-recommends" "$@"
	fi
}

# Debian 12 has FreeRDP 3 only in its backports suite: adds the suite, found through the machine's own package source, and
# pins to it the few sources that come from there. Never by apt-get -t: that replaces half of the system.
add_backports() {
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	[ "$codename" = bookworm ] || return 0
	apt-cache policy libwinpr3-dev 2>/dev/null | grep -q 'Candidate: [1-9]' && return 0
	uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Release: $codename" 2>/dev/null | head -n 1)
	[ -n "$uri" ] || die "this machine's package sources do not name Debian $codename, so FreeRDP 3 cannot be found"
	if ! apt-get indextargets --format '$(RELEASE)' 'Created-By: Packages' | grep -qx "$codename-backports"; then
		printf 'Types: deb\nURIs: %s\nSuites: %s-backports\nComponents: main\nSigned-By: %s\n' "$uri" "$codename" \
			/usr/share/keyrings/debian-archive-keyring.gpg |
			as_root tee /etc/apt/sources.list.d/kagami-backports.sources >/dev/null || die "cannot write to /etc/apt"
	fi
	printf 'Package: %s\nPin: release n=%s-backports\nPin-Priority: 500\n' \
		'src:freerdp3 src:mesa src:libdrm src:qemu src:seabios src:libvirt' "$codename" |
		as_root tee /etc/apt/preferences.d/kagami-backports >/dev/null || die "cannot write to /etc/apt"
}

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 "$@" >>build-install.log 2>&1
}

# Installs what is missing; asks once where somebody is there to answer. With "check" what the tests need too.
install_packages() {
	lacking=$({ packages Build-Depends "$1"; packages Depends; } | missing | tr '\n' ' ')
	lacking=${lacking% }
	[ -n "$lacking" ] || return 0
	may_install "$lacking"
	echo "$program: to be installed (FreeRDP, Mesa and QEMU from the backports suite on Debian 12): $lacking"
	if [ -z "$yes" ] && on_a_terminal; then
		printf 'Do you want to continue? [Y/n] '
		read -r answer || answer=n
		case $answer in "" | [yY]*) ;; *) die "nothing was installed" ;; esac
	fi
	: 2>/dev/null >build-install.log || die "cannot write to $(pwd)"
	add_backports
	reached=1
	apt -o APT::Update::Error-Mode=any update || reached= # one of many sources may be down without harm
	# shellcheck disable=SC2086
	if ! apt install -y --no-install-recommends $lacking; then
		[ -n "$reached" ] || die "the package source cannot be reached; is there a network? (see build-install.log)"
		tail -n 20 build-install.log >&2
		die "apt-get could not install the packages (see build-install.log)"
	fi
	rm -f build-install.log
}

# Whether a file of the tree is newer than FILE, or FILE is not there: FILE [find's tests]. What builds write does not count.
changed_since() {
	[ -e "$1" ] || return 0
	file=$1
	shift
	[ -n "$(find . \( -name .git -o -name 'build*' -o -name autom4te.cache \) -prune -o -type f "$@" -newer "$file" -print)" ]
}

# Makes configure where it is missing or older than what it is made from.
make_configure() {
	changed_since configure \( -name configure.ac -o -name Makefile.am -o -name Makefile.inc -o -path './m4/*' \) || return 0
	if ! autoreconf -i >build-autoreconf.log 2>&1; then
		cat build-autoreconf.log >&2
		echo "$program: autoreconf failed" >&2
		return 1
	fi
	rm -f build-autoreconf.log
	touch configure
}

# build DIR [configure's options]: configures and makes. Quiet, but for what is wrong; does nothing where nothing changed.
# Without options what is configured stays so. A new configure is make's affair.
build() {
	dir=$1
	shift
	make_configure || return 1
	if ! mkdir -p "$dir"; then
		echo "$program: cannot write to $(pwd)" >&2
		return 1
	fi
	if [ ! -e "$dir/Makefile" ] || { [ $# -gt 0 ] && [ "$(cat "$dir/.options" 2>/dev/null)" != "$*" ]; }; then
		echo "$program: configuring $dir"
		rm -f "$dir/.built"
		if ! (cd "$dir" && ../configure -q "$@" >configure.log 2>&1); then
			tail -n 20 "$dir/configure.log" >&2
			echo "$program: configure failed (see $dir/config.log)" >&2
			return 1
		fi
		echo "$*" >"$dir/.options"
	fi
	# Make itself takes a third of a second to find that nothing is to be done. Packages may have brought other headers.
	if [ -x "$dir/kagamid" ] && ! changed_since "$dir/.built" && [ ! /var/lib/dpkg/status -nt "$dir/.built" ]; then
		return 0
	fi
	echo "$program: building $dir"
	: >"$dir/.building"
	if ! make -s -j"$(nproc)" -C "$dir" all >"$dir/make.log" 2>&1; then
		tail -n 40 "$dir/make.log" >&2
		echo "$program: the build failed (see $dir/make.log)" >&2
		return 1
	fi
	mv "$dir/.building" "$dir/.built"
}
