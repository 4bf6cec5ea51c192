# SPDX-License-Identifier: GPL-2.0
# What tells a healthy kernel from a sick one: the taint mask and the kernel log.
# Used by the guests' init and, on finished logs, by scripts/boot.
# shellcheck shell=dash

# What no healthy kernel says, as an extended regular expression. Of a list that is corrupt it says BUG or WARNING; a domain's copy of
# its check says only what comes before that. A WARNING further on in a line is
# about the machine: "RETBleed: WARNING: Spectre v2 mitigation leaves CPU vulnerable".
complaint='\] WARNING:|BUG[: ]|Oops|Kernel panic|kernel BUG at|general protection fault'
complaint="$complaint|INFO: task .* blocked for more than|INFO: rcu.* stall"
complaint="$complaint|suspicious RCU usage|inconsistent lock state|possible .* locking"
complaint="$complaint|memory corruption|Bad page state|invalid opcode:"
complaint="$complaint|UBSAN:|refcount_t:|ODEBUG:"
complaint="$complaint|unregister_netdevice: waiting|segfault at|Out of memory"

# What nooks says when a driver has failed: expected where drivers are made to fail.
report='BUG: NOOKS:'

# complaints: of a kernel log in raw form (dmesg -r) on stdin, the lines that show a sick kernel.
# Lines from user space (facility above 0, so priority above 7) don't count.
complaints() {
	grep -E '^<[0-7]>' | grep -E "$complaint" | grep -v "$report"
}

# taint_letters MASK: the kernel's letters for the taints in MASK that a test may not leave: all
# but O (module from outside the tree), E (not signed) and N (test module).
taint_letters() {
	local mask bit letters
	mask=$(($1 & ~(1 << 12 | 1 << 13 | 1 << 18)))
	letters=GFSRMBUDAWCIOELKXTN
	while [ $mask -ne 0 ]; do
		bit=${letters%"${letters#?}"}
		[ $((mask & 1)) -eq 0 ] || printf %s "${bit:-?}"
		letters=${letters#?}
		mask=$((mask >> 1))
	done
}
