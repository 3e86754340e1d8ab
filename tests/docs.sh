#!/bin/sh
# What the documents say is there is there, and what is there they say.
src=${top_srcdir:-.}
build=${top_builddir:-.}
. "${top_srcdir:-.}/tests/tap.sh"

# The lines of the first list that the second lacks. An empty list is a mistake of this test.
lacking() { # first, second, what to say of each
	if [ -z "$1" ] || [ -z "$2" ]; then
		echo "nothing was found to compare"
		return
	fi
	echo "$1" | while read -r line; do
		echo "$2" | grep -qxF -e "$line" || echo "$line: $3"
	done
}

page_flags() { # page: the long flags that it explains, that is those of its .It lines
	sed -n 's/^\.It //p' "$1" | grep -oE '(^|[ ,])(Cm passwd )?Fl -[a-z][a-z-]*' | sed 's/.*Fl -/--/' | sort -u |
		if grep -q '^#define HAVE_ZSTD 1' "$build/config.h"; then cat; else grep -vx -e --exec; fi	# of record
}

help_flags() { # program: the long flags that --help names, that of its commands too where it has some
	{
		"$build/$1" --help
		if [ "$1" = kagami-bench ]; then
			"$build/$1" run --help
			"$build/$1" play --help
			"$build/$1" record --help
		fi
	} | grep -oE -e '--[a-z][a-z-]*' | sort -u
}

for page in kagamid.8 kagamictl.1 kagami-bench.1; do
	program=${page%.*}
	result "$(lacking "$(help_flags "$program")" "$(page_flags "$src/doc/$page")" "is not in $page")" \
		"every flag of $program --help is in its manual page"
	result "$(lacking "$(page_flags "$src/doc/$page")" "$(help_flags "$program")" "is not in $program --help")" \
		"every flag of $page is in $program --help"
done
commands=$("$build/kagamictl" --help | sed -nE 's/^  kagamictl (\[[^]]*\] )?([a-z]+)( .*)?$/\2/p' | sort -u)
result "$(lacking "$commands" "$(sed -nE 's/^\.It Cm ([a-z]+).*/\1/p' "$src/doc/kagamictl.1" | sort -u)" \
	"is not in kagamictl.1")" "every command of kagamictl --help is in its manual page"
kinds=$("$build/kagami-desktop" --help | sed -nE 's/^  ([a-z0-9]+) .*/\1/p' | sort -u)
page_kinds=$(sed -n '/^\.Sh DESKTOPS/,/^\.Sh LOG-IN/s/^\.It Cm \([a-z0-9]*\).*/\1/p' "$src/doc/kagamid.8")
result "$(lacking "$kinds" "$page_kinds" "is not in kagamid.8")" "every kind of desktop that was built in is in kagamid.8"

# Keys: the table of [server] and [limits], and the comparisons of a [desktop].
config=$src/server/broker/config.c
keys=$(sed -nE 's/^\t\{ "(server|limits)", "([a-z-]+)".*/\2/p; s/^\tif \(!strcmp\(key, "([a-z-]+)"\)\).*/\1/p' "$config" | sort -u)
page_keys=$(sed -nE 's/^\.It Cm ([a-z-]+)$/\1/p' "$src/doc/kagami.conf.5" | sort -u)
result "$(lacking "$keys" "$page_keys" "is not in kagami.conf.5")" "every key of the configuration is in kagami.conf.5"
result "$(lacking "$page_keys" "$keys" "is not in config.c")" "every key of kagami.conf.5 is one of the configuration"
result "$(sed -nE 's/^\t\{ "limits", "([a-z-]+)", TYPE_NUMBER, [^,]*, ([0-9]+), ([0-9]+) \},$/\1 \2 \3/p' "$config" |
	while read -r key min max; do
		sed -n "/^\.It Cm $key\$/,/^Default/p" "$src/doc/kagami.conf.5" | tr '\n' ' ' |
			grep -qE "( |^)($min to|0: never\. Up to) $max\." || echo "$key is from $min to $max"
	done)" "every limit's range is in kagami.conf.5"
defaults=$({
	sed -nE '/kg_limits_defaults = /,/^};/s/^\t\.([a-z_]+) = ([0-9]+),/\1 \2/p' "$src/server/broker/limits.c"
	sed -nE '/^void kg_config_init/,/^}/s/^\t\t\.([a-z_]+) = ([0-9]+),/\1 \2/p' "$config"
} | sed -E 's/_(s|ms) / /; s/_/-/g')
result "$([ -n "$defaults" ] || echo "no default was found"
echo "$defaults" | while read -r key value; do
	sed -n "/^\.It Cm $key\$/,/^Default/p" "$src/doc/kagami.conf.5" | grep -qx "Default: $value\." ||
		echo "$key is $value"
	grep -qx ";$key = $value" "$src/data/kagami.conf" || echo "$key is $value: not so in data/kagami.conf"
done)" "every limit's default is in kagami.conf.5 and data/kagami.conf"

# Messages: each row of boundaries.md begins as message-tables prints it.
messages=$("$build/tests/message-tables")
result "$([ -n "$messages" ] && echo "$messages" | while read -r row; do
	grep -qF -e "${row% |}" "$src/doc/boundaries.md" || echo "$row"
done || echo "no messages")" "every message is in boundaries.md with id, sender, phase and size"
ids=$(sed -nE 's/^\t(KG_(SESSION|AUTH|LOGIN|HOST|VIEW)_[A-Z_]+)( = [0-9]+)?,.*/\1/p' "$src"/server/control/*-messages.h | sort -u)
known=$(grep -oE 'KG_(SESSION|AUTH|LOGIN|HOST|VIEW)_[A-Z_]+' "$src/doc/boundaries.md" | sort -u)
result "$(lacking "$ids" "$known" "is not in boundaries.md")" "every id of server/control/*-messages.h is in boundaries.md"
result "$(lacking "$known" "$ids" "is no message")" "boundaries.md names no message that is not there"

# Paths: words between backticks, and targets of links, that begin with a folder or a file of the tree's root. NAME, KIND and
# the like stand for many; {a,b} and [ch] are spelled out. What is planned is said so in its section.
paths() { # document
	sed '/^## Planned/,/^## /d' "$1" | grep -oE '`[^` ]+`|\]\([^)]+\)' | sed -E 's/^`(.*)`$/\1/; s/^\]\((.*)\)$/\1/; s/[#:].*//' |
		grep -E '^(\./)?(base|bench|codec|input|server|tests|doc|data|debian|m4|scripts)/|^(\./)?(start|check|configure\.ac|Makefile\.am|README\.md|CONTRIBUTING\.md|LICENSE)$' |
		grep -vE '[A-Z]{4}|\*|KIND' | sed -E 's,^\./,,' | sort -u
}
for document in README.md CONTRIBUTING.md doc/STYLE.md doc/architecture.md doc/bench.md doc/boundaries.md doc/codec.md doc/operations.md \
	doc/protocol.md doc/workloads.md; do
	result "$(paths "$src/$document" | while read -r path; do
		case $path in
		*'.[ch]') files="${path%.*}.c ${path%.*}.h" ;;
		*) files=$path ;;
		esac
		for file in $files; do
			[ -e "$src/$file" ] || [ -e "$src/$file.in" ] || echo "$file"
		done
	done)" "every path that $document names is there"
done

# workloads.md: the script of office-mix, with where each scene begins.
script=$(grep -oE '\{ [0-9]+, (RESTS|WRITES|READS|WATCHES|DRAGS), [0-9]+ \}' "$src/bench/workload/office-mix.c" |
	awk -F '[{}, ]+' '{ print from + 0, $2, tolower($3), $4; from += $2 }')
page=$(awk -F '[| ]+' '/^\| [0-9]+ \| [0-9]+ \|/ { print $2, $3, $4, $4 == "rests" ? 0 : $0 }' "$src/doc/workloads.md" |
	sed -E 's/^([0-9]+ [0-9]+ [a-z]+) \|.*\| ([0-9]+) [a-z].*/\1 \2/')
result "$(lacking "$script" "$page" "is not in workloads.md"; lacking "$page" "$script" "is not in office-mix.c")" \
	"workloads.md has the script of office-mix"
workloads=$(sed -nE 's/^\t\.name = "([a-z-]+)",$/\1/p' "$src"/bench/workload/*.c | grep -vxE 'letters|page' | sort)
result "$(lacking "$workloads" "$(sed -nE 's/^\| ([a-z-]+) \|.*/\1/p' "$src/doc/workloads.md")" "is not in workloads.md")" \
	"every workload is in workloads.md"
result "$(for name in $workloads; do
	sed -n '/^\.It Cm replay/,/^\.It Cm x11/p' "$src/doc/kagamid.8" | grep -qw -e "$name" || echo "$name"
done)" "and in kagamid.8"

# protocol.md: `tests/FILE`: "a sentence that FILE has".
quoted=$(grep -oE '`tests/[^`]+`: "[^"]+"' "$src/doc/protocol.md" | sed -E 's/^`([^`]+)`: "(.*)"$/\1\t\2/')
result "$([ -n "$quoted" ] || echo "no sentence was found"
echo "$quoted" | while IFS='	' read -r file sentence; do
	grep -qF -e "$sentence" "$src/$file" 2>/dev/null || grep -qF -e "$(echo "$sentence" | sed "s/'/\\\\'/g")" "$src/$file" 2>/dev/null ||
		echo "$file has no test that says: $sentence"
done)" "every test that protocol.md quotes is there"

# The example of the configuration, as it is and with everything in it, is understood. 2: wrong; 1: it lacks the certificate.
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
sed -E 's/^;([a-z-]+ = |\[)/\1/' "$src/data/kagami.conf" >"$dir/all.conf"
sed '/^certificate = /d; /^key = /d; /^\[server\]/a certificate = /nonexistent\nkey = /nonexistent' "$src/data/kagami.conf" >"$dir/some.conf"
for name in some all; do
	"$build/kagamid" --config "$dir/$name.conf" --state "$dir" --control "$dir/control" >"$dir/log" 2>&1
	status=$?
	result "$([ $status -eq 1 ] && grep -q 'cannot read the' "$dir/log" || cat "$dir/log")" \
		"kagamid understands data/kagami.conf, $name of it"
done
result "$(lacking "$(echo "$keys")" "$(sed -nE 's/^;?([a-z-]+) = .*/\1/p' "$src/data/kagami.conf")" "is not in data/kagami.conf")" \
	"data/kagami.conf shows every key"

# Log lines that tools read: as the code has them, and matched by fail2ban's filter.
filter=$src/data/fail2ban/kagami.conf
result "$(for line in 'login: user \"' 'login failed: user \"' 'session ended: user \"' 'handshake ended: from ' 'connection refused: from '; do
	grep -qF "$line" "$src/server/broker/audit.c" || echo "$line: is not in audit.c"
	plain=$(echo "$line" | tr -d '\\')
	grep -qF "$plain" "$src/doc/operations.md" || echo "$plain: is not in operations.md"
	grep -qF "$plain" "$src/doc/kagamid.8" || echo "$plain: is not in kagamid.8"
done)" "the log lines that are kept stable are documented as they are written"
result "$(grep -qF 'login failed: user' "$filter" || echo "not in $filter")" "fail2ban's filter looks for them"

# The pages themselves.
for page in "$src"/doc/*.[158]; do
	name=${page##*/}
	if command -v mandoc >/dev/null; then
		result "$(mandoc -T lint -W warning "$page")" "$name: mandoc has nothing against it"
	elif command -v man >/dev/null; then
		result "$(man -l --warnings -E UTF-8 "$page" 2>&1 >/dev/null)" "$name: man has nothing against it"
	else
		n=$((n + 1))
		echo "ok $n # SKIP $name: neither mandoc nor man is here to read it"
	fi
done

done_testing
