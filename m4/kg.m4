# KG_CFLAGS(VAR, FLAGS): sets VAR to those of FLAGS that the compiler takes.
AC_DEFUN([KG_CFLAGS], [
	$1=
	kg_saved_CFLAGS=$CFLAGS
	for kg_flag in m4_normalize([$2]); do
		CFLAGS="$kg_saved_CFLAGS -Werror $kg_flag"
		AC_MSG_CHECKING([whether $CC takes $kg_flag])
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
			[AC_MSG_RESULT([yes]); $1="$$1 $kg_flag"],
			[AC_MSG_RESULT([no])])
	done
	CFLAGS=$kg_saved_CFLAGS
])

# KG_LDFLAGS(VAR, FLAGS): the same with what the linker takes.
AC_DEFUN([KG_LDFLAGS], [
	$1=
	kg_saved_LDFLAGS=$LDFLAGS
	for kg_flag in m4_normalize([$2]); do
		LDFLAGS="$kg_saved_LDFLAGS $kg_flag"
		AC_MSG_CHECKING([whether the linker takes $kg_flag])
		AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
			[AC_MSG_RESULT([yes]); $1="$$1 $kg_flag"],
			[AC_MSG_RESULT([no])])
	done
	LDFLAGS=$kg_saved_LDFLAGS
])

# KG_FEATURE(NAME, VAR, MODULES, WHAT): --with-NAME, --without-NAME or by what pkg-config finds.
# Sets VAR_CFLAGS and VAR_LIBS, HAVE_VAR in config.h and as an automake conditional, and a line of the summary.
AC_DEFUN([KG_FEATURE], [
	AC_ARG_WITH([$1], [AS_HELP_STRING([--without-$1], [build without $4])], [], [with_$1=auto])
	kg_have=no
	AS_IF([test "x$with_$1" != xno], [
		PKG_CHECK_MODULES([$2], [$3], [kg_have=yes], [
			AS_IF([test "x$with_$1" = xyes], [AC_MSG_ERROR([--with-$1: pkg-config does not find $3])])
		])
	])
	AS_IF([test $kg_have = yes],
		[AC_DEFINE([HAVE_$2], [1], [$4])
		 KG_SUMMARY="$KG_SUMMARY  with     $4
"],
		[KG_SUMMARY="$KG_SUMMARY  without  $4 (needs $3)
"])
	AM_CONDITIONAL([HAVE_$2], [test $kg_have = yes])
])
