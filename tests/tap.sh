# TAP for the tests in shell, as tap.h is for those in C. To be read by them: . "${top_srcdir:-.}/tests/tap.sh"
n=0
bad=0

result() { # what was found, which must be nothing; a sentence
	n=$((n + 1))
	if [ -z "$1" ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		echo "$1" | sed 's/^/# /'
		bad=1
	fi
}

skip() { # a sentence
	n=$((n + 1))
	echo "ok $n # SKIP $1"
}

done_testing() {
	echo "1..$n"
	exit $bad
}
