#!/bin/sh
# ./start and ./check without root and without a network: their set-up on a made-up tree, with made-up tools in PATH.
source=$(cd "${top_srcdir:-.}" && pwd) || exit 1
n=0
bad=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
unset DISPLAY MAKEFLAGS MFLAGS MAKELEVEL

is() { # what is; what it has to be; a sentence
	n=$((n + 1))
	if [ "$1" = "$2" ]; then
		echo "ok $n - $3"
	else
		echo "not ok $n - $3"
		printf '%s\n' "is:" "$1" "has to be:" "$2" | sed 's/^/# /'
		bad=1
	fi
}

like() { # what is; a pattern of the shell that it has to fit; a sentence
	case $1 in
	$2) is "" "" "$3" ;;
	*) is "$1" "$2" "$3" ;;
	esac
}

# ---- a tree whose configure and make do what the real ones do, as far as the scripts can see, and tools that are harmless
mkdir "$dir/tree" "$dir/tree/scripts" "$dir/tree/debian" "$dir/tools" "$dir/state" "$dir/elsewhere"
cp "$source/start" "$source/check" "$dir/tree/"
cp "$source/scripts/setup.sh" "$dir/tree/scripts/"
cat >"$dir/tree/debian/control" <<'END'
# A comment: libnever
Source: made-up
Build-Depends:
 first (>= 1.0),
# libnot (>= 2),
 second | other,
 third [amd64 arm64], fourth [s390x],
 tool <!nocheck>,
 image [amd64 arm64] <!nocheck>,
Standards-Version: 4.6.2

Package: made-up
Depends: fifth, sixth,
 ${misc:Depends},
Description: names that are none
 seventh,
END
cat >"$dir/tree/configure" <<'END'
#!/bin/sh
echo "configured with $*" >>"$STATE/log"
printf 'all: kagamid\nkagamid: ../source\n\t@cat ../source >$@; chmod +x $@; echo built >>$(STATE)/log; ! grep -q broken $@\n' >Makefile
printf 'check:\n\t@cat $(STATE)/summary; exit $(CODE)\n' >>Makefile
mkdir -p tests
END
cat >"$dir/tree/source" <<'END'
#!/bin/sh
echo "in $(basename "$(pwd)"):"
printf '<%s>\n' "$@"
END
chmod +x "$dir/tree/configure" "$dir/tree/source"
for tool in awk basename cat chmod cp date dirname env find grep head make mkdir mv nproc paste rm sed sh sort stat tail touch tr uname; do
	ln -s "$(command -v $tool)" "$dir/tools/$tool" || exit 1
done
tool() { # name; its script on standard input
	{
		echo '#!/bin/sh'
		cat
	} >"$dir/tools/$1"
	chmod +x "$dir/tools/$1"
}
tool dpkg <<'END'
[ "$1" = --print-architecture ] && echo amd64
END
tool dpkg-query <<'END'
shift 3
for package in "$@"; do grep -qxF "$package" "$STATE/installed" && echo "installed $package"; done
exit 1
END
tool id <<'END'
cat "$STATE/id"
END
tool apt-cache <<'END'
printf '%s:\n  Installed: (none)\n  Candidate: %s\n' "$2" "$(cat "$STATE/candidate")"
END
tool apt-get <<'END'
echo "apt-get $*" >>"$STATE/log"
case $* in
*indextargets*REPO_URI*) echo http://mirror.invalid/debian/ ;;
*indextargets*) echo bookworm ;;
*" update") [ -e "$STATE/network" ] ;;
*install*) [ -e "$STATE/network" ] && for package in "$@"; do echo "$package"; done >>"$STATE/installed" ;;
esac
END
tool tee <<'END'
echo "tee $*" >>"$STATE/log"
cat >"$STATE/$(basename "$1")"
END
STATE=$dir/state
export STATE

run() { # command: its output in $out, its errors in $err, its status in $status; $log is what the tools were asked
	: >"$STATE/log"
	out=$(PATH=$dir/tools "$@" 2>"$dir/err" </dev/null)
	status=$?
	err=$(cat "$dir/err")
	log=$(cat "$STATE/log")
}
fresh() { # nothing is installed; user id $1; a network if $2 is given
	rm -rf "$dir/tree/build" "$STATE"
	mkdir "$STATE"
	echo "$1" >"$STATE/id"
	: >"$STATE/installed"
	echo 3.10 >"$STATE/candidate"
	[ -z "$2" ] || : >"$STATE/network"
}
lines() {
	printf '%s' "$1" | grep -c ''
}
cd "$dir/tree" || exit 1

# ---- debian/control
names() {
	PATH=$dir/tools sh -c 'program=test; . scripts/setup.sh; packages "$@"' test "$@" | tr '\n' ' '
}
is "$(names Build-Depends)" "first second third " "debian/control: what a build needs on this processor"
is "$(names Build-Depends check)" "first second third tool image " "debian/control: and what its tests need"
is "$(names Depends)" "fifth sixth " "debian/control: what it runs with, without what dpkg fills in"
real=$(cd "$source" && program=test && . scripts/setup.sh && packages Build-Depends check && packages Depends)
for package in freerdp3-dev libsystemd-dev xvfb libegl1; do
	like " $(echo "$real" | tr '\n' ' ')" "* $package *" "the real one names $package"
done
is "$(echo "$real" | grep -vE '^[a-z0-9][a-z0-9+.-]+$')" "" "and nothing that is no name of a package"

# ---- what is missing cannot be installed
fresh 1000
run ./start --yes
is "$status" 1 "a user without sudo cannot install anything"
like "$err" "./start: *only root can install*apt-get install * first second third fifth sixth" "and is told which packages in one sentence"
is "$(lines "$err$out")" 1 "and nothing else"
is "$log" "" "nothing was tried"
tool sudo <<'END'
echo "sudo $*" >>"$STATE/log"
exit 1
END
run ./check --yes
like "$err" "./check: *only root can install* first second third tool image fifth sixth" "nor one whom sudo does not let, without a terminal"
is "$(lines "$err$out")" 1 "who is told in one sentence too"
rm "$dir/tools/sudo"
fresh 0
run ./start
is "$status $(echo "$err" | tail -n 1)" "1 ./start: the package source cannot be reached; is there a network? (see build-install.log)" \
	"without a network that is what is said"
is "$(lines "$err")" 1 "in one sentence"
mv "$dir/tools/apt-get" "$dir/apt-get"
run ./start
like "$status $err" "1 ./start: there is no apt-get here;*autoreconf -i && ./configure && make: first second*" "without apt-get the way by hand is shown"
mv "$dir/apt-get" "$dir/tools/apt-get"

# ---- what is missing is installed
fresh 0 network
run ./start
is "$status" 0 "root with a network gets it built and started"
like "$log" "*apt-get * update*apt-get * install -y --no-install-recommends first second third fifth sixth*built" "with the packages first"
is "$(echo "$log" | grep -E ' -t |bookworm-backports')" "" "and no other suite where FreeRDP 3 can be had"
is "$(ls build-* 2>/dev/null)" "" "no log is left of what worked"
codename=$(. /etc/os-release 2>/dev/null && echo "$VERSION_CODENAME")
fresh 0 network
echo '(none)' >"$STATE/candidate"
run ./start
if [ "$codename" = bookworm ]; then
	is "$(cat "$STATE/kagami-backports.sources")" "Types: deb
URIs: http://mirror.invalid/debian/
Suites: bookworm-backports
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg" "Debian 12: the backports suite comes from the machine's own mirror"
	is "$(cat "$STATE/kagami-backports")" "Package: src:freerdp3 src:mesa src:libdrm src:qemu src:seabios src:libvirt
Pin: release n=bookworm-backports
Pin-Priority: 500" "for a few sources only"
else
	is "$(echo "$log" | grep '^tee')" "" "other than Debian 12 gets no other suite"
fi
if command -v script >/dev/null; then
	fresh 0 network
	answer=$(echo n | PATH=$dir/tools:$PATH script -qec ./start /dev/null | tr -d '\r' | tail -n 1)
	like "$answer" "*nothing was installed" "on a terminal it asks, and no is no"
	is "$(cat "$STATE/installed")" "" "nothing is installed then"
	answer=$(echo | PATH=$dir/tools:$PATH script -qec ./start /dev/null | tr -d '\r' | tail -n 1)
	is "$answer" "<$dir/tree/build/state>" "a line without a word is yes"
else
	n=$((n + 1))
	echo "ok $n # SKIP there is no script(1), so no terminal to be asked on"
fi

# ---- options
fresh 0 network
run ./start --help
like "$status $out" "0 usage: ./start*" "--help is shown at once"
is "$log" "" "and needs nothing installed or built"
run ./start
is "$(echo "$out" | tail -n 5)" "in tree:
<--desktop>
<demo>
<--state>
<$dir/tree/build/state>" "without options the built-in desktop is shown"
is "$(echo "$log" | grep -E '^(conf|built)')" "configured with -q
built" "after one configuration and one build"
run ./start --listen 0.0.0.0:3389 --yes "--user=a b"
is "$out" "in tree:
<--desktop>
<demo>
<--state>
<$dir/tree/build/state>
<--listen>
<0.0.0.0:3389>
<--user=a b>" "other options are passed on, --yes is not"
is "$log" "" "started again it asks neither apt nor make"
run ./start --desktop x11::0
is "$out" "in tree:
<--desktop>
<x11::0>" "another desktop is the only one"
cd "$dir/elsewhere" || exit 1
run ../tree/start --config "my file"
is "$out" "in elsewhere:
<--config>
<my file>" "paths are those of the directory where it was called"
cd "$dir/tree" || exit 1
touch -d '1 minute' source
run ./start
like "$log" "*built" "a changed source is built again"
echo broken >>source
touch -d '2 minutes' source
run ./start
is "$status $(echo "$err" | tail -n 1)" "1 ./start: the build failed (see build/make.log)" "a build that fails is told, and nothing is started"

# ---- the sum of ./check
summary() { # PASS SKIP FAIL ERROR, status of make
	printf '# TOTAL: 9\n# PASS:  %s\n# SKIP:  %s\n# XFAIL: 0\n# FAIL:  %s\n# XPASS: 0\n# ERROR: %s\n' "$1" "$2" "$3" "$4" >"$STATE/summary"
	export CODE="$5"
	run ./check
	last=$(echo "$out" | tail -n 1)
}
run ./check --wrong
is "$status $err" "2 usage: ./check [--full] [--yes]" "./check knows two options"
fresh 0 network
CODE=0
run ./check --yes
is "$status $(echo "$out" | tail -n 1)" "1 0 passed, 1 failed" "a build that fails counts as a failure"
sed -i '/broken/d' source
touch -d '3 minutes' source
summary 12 0 0 0 0
is "$status $last" "0 12 passed, 0 failed" "the sum is automake's"
summary 7 2 1 1 1
is "$status $last" "1 7 passed, 2 failed, 2 skipped" "failures, errors and what was left out are in it"
summary 7 0 0 0 1
is "$status $last" "1 7 passed, 1 failed" "make's own failure counts"
: >"$STATE/summary"
CODE=1
run ./check
is "$status $(echo "$out" | tail -n 1)" "1 0 passed, 1 failed" "tests that could not be built count as a failure"

echo "1..$n"
exit $bad
