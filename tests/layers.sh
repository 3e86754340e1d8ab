#!/bin/sh
# Who may include whom. The only place to change it; nothing points up.
cd "${top_srcdir:-.}" || exit 1
allowed='
base
codec base
input base
server/control base
server/display base codec server/control
server/broker base server/control
server/auth base server/control
server/session base input server/control
server/desktop base codec input server/control server/display
server/desktop/still base input server/desktop
server/desktop/demo base input server/desktop
server/desktop/x11 base input server/desktop
server/desktop/qemu base input server/desktop
'
# Foreign libraries: a pattern of headers, and the only places that may include them.
foreign='
<(freerdp|winpr)/ ^(server/session|server/auth|tests)/
<systemd/sd-(event|daemon) ^base/loop\.c|^server/broker/|^tests/
<systemd/sd-bus ^server/desktop/qemu/|^tests/
<(xcb|X11)/ ^(server/desktop/x11|tests)/
<(EGL|GLES) ^server/desktop/demo/
<seccomp ^base/sandbox\.c
<(openssl)/ ^server/(broker|auth|session)/|^tests/
<ini\.h ^server/broker/
<security/ ^server/auth/
'
n=0
bad=0
result() { # text on stdin that must be empty, name
	n=$((n + 1))
	text=$(cat)
	if [ -z "$text" ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; echo "$text" | sed 's/^/# /'; bad=1; fi
}
while read -r folder below; do
	[ -n "$folder" ] || continue
	pattern=$(echo "$folder $below" | tr ' ' '|')
	for file in "$folder"/*.[ch] "$folder"/x86/*.[ch]; do
		[ -f "$file" ] && grep -nHE '^#include "' "$file" | grep -vE "#include \"($pattern)/[^/\"]+(/[^/\"]+)?\""
	done | result "$folder includes only: $folder $below"
	for file in "$folder"/*.[ch]; do
		[ -f "$file" ] && grep -nHE '^#include "' "$file"
	done | grep -E '#include "server/desktop/[^"/]+/' | grep -v "#include \"$folder/" | grep -v '^server/desktop/kinds.c:' |
		result "$folder includes no other kind of desktop"
done <<END
$allowed
END
while read -r header places; do
	[ -n "$header" ] || continue
	grep -rnE --include='*.[ch]' "^#include $header" base codec input server tests | grep -vE "$places" |
		result "$header only in $places"
done <<END
$foreign
END
echo "1..$n"
exit $bad
