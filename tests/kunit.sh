#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The KUnit modules of kunit/, each test a check. Needs the lab kernel.
# usage: kunit.sh TESTS MODULE...
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

tests=$1
shift
plan "$tests"
for module; do
	modprobe "$module" || bail "$module does not load"
done
for suite in /sys/kernel/debug/kunit/*/; do
	# Tests are indented by four blanks, parameters of a test by more.
	while IFS= read -r line; do
		case $line in
		"    ok "*) ok "$(basename "$suite"):${line#    ok }" ;;
		"    not ok "*) not_ok "$(basename "$suite"):${line#    not ok }" ;;
		esac
	done <"${suite}results"
done
