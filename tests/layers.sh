#!/bin/sh
# Who may include whom. The only place to change it; nothing points up.
cd "${top_srcdir:-.}" || exit 1
allowed='
base
codec base
input base
bench/workload base
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
server/desktop/replay base bench/workload input server/desktop
bench base bench/workload codec input server/broker server/control server/display server/desktop tests
bench/client base bench/workload codec
'
# Foreign libraries: a pattern of headers, and the only places that may include them.
foreign='
<freerdp/ ^(server/session|bench/client|tests)/|^bench/oracle\.c:
<winpr/ ^(server/session|server/auth|bench/client|tests)/|^bench/oracle\.c:
<systemd/sd-event ^base/loop\.c:|^tests/
<systemd/sd-daemon ^server/broker/|^tests/
<systemd/sd-bus ^server/desktop/qemu/|^tests/
<(xcb|X11)/ ^(server/desktop/x11|tests)/|^bench/x11-player\.c:
<(EGL|GLES) ^server/desktop/demo/
<seccomp ^base/sandbox\.c:
<linux/(landlock|seccomp) ^base/sandbox\.c:
<zstd ^bench/workload/kgw-|^tests/
<openssl/ ^server/(broker|auth|session)/|^tests/
<ini\.h ^server/broker/|^tests/
<jansson ^bench/results\.c:
<security/ ^server/auth/
<(pthread|threads)\.h ^base/pool\.c:|^server/desktop/x11/connect\.c:|^tests/
'
include='^[[:space:]]*#[[:space:]]*include[[:space:]]*'
. tests/tap.sh

includes() { # folder: its includes of ours as FILE:LINE:#include "PATH", whichever way they are written
	for file in "$1"/*.[ch] "$1"/x86/*.[ch] "$1"/arm/*.[ch]; do
		[ -f "$file" ] && grep -nHE "$include\"" "$file"
	done
}

while read -r folder below; do
	[ -n "$folder" ] || continue
	pattern=$(echo "$folder $below" | tr ' ' '|')
	result "$(includes "$folder" | grep -vE "${include#^}\"($pattern)/[^/\"]+(/[^/\"]+)?\"")" \
		"$folder includes only: $folder $below"
	# Of a kind of desktop only itself and the list of kinds know.
	result "$(includes "$folder" | grep -E '"server/desktop/[^"/]+/' | grep -vE "\"$folder/[^/\"]+\"" |
		grep -vE '^server/desktop/kinds\.c:')" "$folder includes no other kind of desktop"
done <<END
$allowed
END

while read -r header places; do
	[ -n "$header" ] || continue
	result "$(grep -rnE --include='*.[ch]' "$include$header" base codec input server bench tests | grep -vE "$places")" \
		"$header only in $places"
done <<END
$foreign
END

result "$(grep -rnE --include='*.[ch]' "$include<(base|codec|input|server|tests)/" base codec input server bench tests)" \
	"our own headers are not included like foreign ones"
result "$(grep -rnE --include='*.[ch]' 'pthread_(mutex|cond|rwlock|spin|barrier)_|\<mtx_|\<sem_wait' base codec input server bench |
	grep -v '^base/pool\.c:')" "the pool has the only mutex"
result "$(find base codec input server bench -name '*.[ch]' | sed 's#/[^/]*$##; s#/x86$##; s#/arm$##' | sort -u |
	while read -r folder; do
		echo "$allowed" | grep -qE "^$folder( |\$)" || echo "$folder"
	done)" "every folder has its line here"

done_testing
