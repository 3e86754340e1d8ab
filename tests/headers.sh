#!/bin/sh
# Each header compiles alone, and twice.
src=${top_srcdir:-.}
n=0
bad=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cflags=$(pkg-config --cflags freerdp3 freerdp-server3 winpr3 xcb libcrypto libsystemd 2>/dev/null)
for header in $(cd "$src" && find base codec input server -name '*.h' | sort); do
	n=$((n + 1))
	printf '#include "%s"\n#include "%s"\n' "$header" "$header" >"$dir/t.c"
	if ${CC:-cc} -std=gnu17 -Wall -Wextra -Wno-unused-parameter -Werror -fsyntax-only -include "${top_builddir:-.}/config.h" \
		-I"$src" $cflags "$dir/t.c" 2>"$dir/e"; then
		echo "ok $n - $header stands alone"
	else
		echo "not ok $n - $header stands alone"
		sed 's/^/# /' "$dir/e"
		bad=1
	fi
done
echo "1..$n"
exit $bad
