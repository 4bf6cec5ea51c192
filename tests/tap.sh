# SPDX-License-Identifier: GPL-2.0
# TAP for test scripts, in the guest and on the host. A script says `plan N` first and then makes
# N checks; its exit status is 0 only if it made all N and each one passed or was skipped.
# TAP goes to file descriptor $TAP_FD, by default stdout.
# shellcheck shell=dash

tap_planned=0
tap_made=0
tap_failed=0
exec 3>&"${TAP_FD:-1}"

say() {
	printf '%s\n' "$*" >&3
}

# plan N: how many checks follow
plan() {
	tap_planned=$1
	say "1..$1"
}

# ok WHAT, not_ok WHAT: a check that passed or failed
ok() {
	tap_made=$((tap_made + 1))
	say "ok $tap_made - $*"
}

not_ok() {
	tap_made=$((tap_made + 1))
	tap_failed=$((tap_failed + 1))
	say "not ok $tap_made - $*"
}

# skip WHAT WHY: a check that can't be made here
skip() {
	ok "$1 # SKIP $2"
}

# check WHAT COMMAND...: passes if the command succeeds
check() {
	local what=$1
	shift
	if "$@"; then
		ok "$what"
	else
		not_ok "$what"
		diag "failed: $*"
		return 1
	fi
}

# refuse WHAT COMMAND...: passes if the command fails
refuse() {
	local what=$1
	shift
	if "$@"; then
		not_ok "$what"
		diag "succeeded: $*"
		return 1
	else
		ok "$what"
	fi
}

# diag TEXT: a remark
diag() {
	say "# $*"
}

# bail WHY: no use in going on
bail() {
	say "Bail out! $*"
	exit 1
}

tap_end() {
	local status=$?
	trap - EXIT
	if [ $tap_made -ne "$tap_planned" ]; then
		diag "$tap_made of $tap_planned planned checks were made"
		status=1
	elif [ $tap_made -eq 0 ] || [ $tap_failed -ne 0 ]; then
		status=1
	fi
	exit $status
}
trap tap_end EXIT
