# SPDX-License-Identifier: GPL-2.0
# The lab's targets, included by the top Makefile, which says what they need built first.

.PHONY: test demo bench campaign lab-setup lab-clean

# all tests, or those whose name matches T= or whose group matches G= (globs)
test:
	@T='$(T)' G='$(G)' scripts/test

# a driver crashes: with nooks it comes back, without it the kernel dies
demo:
	@scripts/demo

# what isolation costs, in counts and ratios
bench:
	@scripts/bench
	@scripts/bench-files

# faults in drivers' code, natively and in a domain: scripts/campaign tells the variables
campaign:
	@DRIVERS='$(DRIVERS)' TRIALS='$(TRIALS)' SEED='$(SEED)' FAULTS='$(FAULTS)' KINDS='$(KINDS)' \
		JOBS='$(JOBS)' scripts/campaign run

lab-setup:
	@scripts/setup

# logs and images; the lab kernel took long to build and stays
lab-clean:
	rm -rf build/log
	rm -f build/*/image.cpio* build/*/vmlinux.btf
