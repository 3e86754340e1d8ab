#!/bin/sh
# What was built: names, instructions, and who links what.
build=${top_builddir:-.}
. "${top_srcdir:-.}/tests/tap.sh"

objects() {
	for folder in base codec input server bench; do
		[ -d "$build/$folder" ] && find "$build/$folder" -name '*.o'
	done
}

# ---- names: each global starts with kg_. FreeRDP finds the other three in a program by name; a sanitizer adds its own.
count=$(objects | wc -l)
if [ "$count" -eq 0 ]; then
	echo "not ok 1 - there are objects in $build"
	echo "1..1"
	exit 1
fi
result "$(objects | xargs nm -A -g --defined-only | awk '$3 !~ /^(kg_|main$|InitSecurityInterface[AW]$|CreateThread$)/ &&
	$3 !~ /^__(odr_)?(asan|lsan_default_suppressions$|ubsan|tsan|sancov|start___sanc|stop___sanc)/ { print $1, $3 }')" \
	"every global of $count objects starts with kg_"

# ---- instructions: wide registers only in the libraries of that instruction set (objects in x86/), for only their functions
# are called after a look at the processor.
using() { # pattern of registers; objects on stdin: those that use them
	while read -r object; do
		objdump -d --no-show-raw-insn "$object" | grep -qE "$1" && echo "$object"
	done
}
wide='%[yz]mm'
wider='%(zmm|k[0-7]|[xy]mm(1[6-9]|2[0-9]|3[01]))'
cflags=$(sed -n 's/^CFLAGS = //p' "$build/Makefile" 2>/dev/null)
if [ "$(uname -m)" != x86_64 ]; then
	skip "wide registers: this is no x86-64"
elif ${CC:-cc} $cflags -dM -E -x c /dev/null | grep -q __AVX__; then
	skip "wide registers: CFLAGS ($cflags) ask for them everywhere"
else
	result "$(objects | grep -v '/x86/' | using "$wide")" "no wide register outside of the x86/ folders"
	for set in avx2 avx512; do
		variants=$(objects | grep "/x86/.*$set")
		[ $set = avx512 ] && wide=$wider
		if [ -n "$variants" ]; then
			result "$([ -n "$(echo "$variants" | using "$wide")" ] || echo "none in: $variants")" "and some in those of $set"
		else
			skip "there is no object of $set"
		fi
	done
	result "$(objects | grep '/x86/' | grep -v avx512 | using "$wider")" "registers of AVX-512 only in its own objects"
fi

# ---- links
program() { # name: its path
	find "$build" -maxdepth 3 -type f -perm -100 \( -path "$build/$1" -o -path "$build/server/*/$1" \) | head -1
}
needed() { # path: the libraries that it asks for itself
	readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p'
}
loaded() { # path: all that it loads, those of its libraries too
	ldd "$1" | awk '{ print $1 }'
}
links_no() { # needed or loaded, program, pattern, what
	path=$(program "$2")
	if [ -z "$path" ]; then
		skip "$2 links no $4: it is not built"
	else
		result "$($1 "$path" | grep -E "$3")" "$2 links no $4"
	fi
}
graphics='^lib(vulkan|va|va-.*|EGL|GLES.*|GL|gbm|drm|X11.*|xcb.*)\.so'
links_no loaded kagamid '^lib(freerdp|winpr)' 'FreeRDP'
links_no loaded kagamid "$graphics" 'Vulkan, VA, EGL, GLES or X11'
links_no loaded kagamid '^lib(virt|dbus)' 'libvirt or D-Bus'
links_no loaded kagami-desktop '^lib(freerdp|winpr)' 'FreeRDP'
links_no loaded kagami-desktop '^lib(ssl|pam)\.so' 'TLS or PAM'
links_no needed kagami-session "$graphics" 'Vulkan, VA, EGL, GLES or X11 of ours' # libfreerdp3 brings some along
links_no needed kagami-session '^libpam\.so' 'PAM'
links_no loaded kagami-auth '^libfreerdp' 'FreeRDP'
links_no loaded kagami-auth "$graphics" 'Vulkan, VA, EGL, GLES or X11'
path=$(program kagami-auth)
if [ -z "$path" ]; then
	skip "kagami-auth links winpr: it is not built"
else
	result "$(needed "$path" | grep -q '^libwinpr' || echo "not among: $(needed "$path" | tr '\n' ' ')")" \
		"kagami-auth links winpr"
fi

# What is encoded is encoded in kagami-desktop.
path=$(program kagami-session)
encoders='^(rfx|nsc|progressive|h264|avc|clear|planar|zgfx|freerdp_bitmap_(planar|compress)|interleaved)_'
if [ -z "$path" ]; then
	skip "kagami-session imports no encoder: it is not built"
else
	result "$(nm -D -u "$path" | awk '{ print $NF }' | grep -E "$encoders")" "kagami-session imports no encoder of FreeRDP's"
fi

done_testing
