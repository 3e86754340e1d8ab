#!/bin/sh
# Each header compiles alone, and twice.
src=${top_srcdir:-.}
config=${top_builddir:-.}/config.h
n=0
bad=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cflags=
for module in freerdp3 freerdp-server3 freerdp-client3 winpr3 xcb egl glesv2 libcrypto libsystemd inih; do
	# One by one: what is absent must not take the rest along. As a system's headers: only ours are looked at.
	cflags="$cflags $(pkg-config --cflags "$module" 2>/dev/null | sed 's,-I,-isystem ,g')"
done

lacks() { # header: the optional feature that it needs and this build lacks
	case $1 in
	server/desktop/x11/*) feature=X11 ;;
	server/desktop/demo/*) feature=DEMO ;;
	*) return 1 ;;
	esac
	! grep -q "^#define HAVE_$feature 1" "$config"
}

for header in $(cd "$src" && find base codec input server bench tests -name '*.h' | sort); do
	n=$((n + 1))
	if lacks "$header"; then
		echo "ok $n # SKIP $header: built without $feature"
		continue
	fi
	printf '#include "%s"\n#include "%s"\n' "$header" "$header" >"$dir/t.c"
	if ${CC:-cc} -std=gnu17 -Wall -Wextra -Wno-unused-parameter -Werror -fsyntax-only -include "$config" -I"$src" \
		$cflags "$dir/t.c" 2>"$dir/e"; then
		echo "ok $n - $header stands alone"
	else
		echo "not ok $n - $header stands alone"
		sed 's/^/# /' "$dir/e"
		bad=1
	fi
done
[ "$n" -gt 0 ] || bad=1
echo "1..$n"
exit $bad
