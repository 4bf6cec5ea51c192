# SPDX-License-Identifier: GPL-2.0
# Build, check, test and install nooks. 'make help' explains the targets.

KVER ?= $(shell ls -d /lib/modules/6.1*/build 2>/dev/null | sort -V | tail -n 1 | cut -d/ -f4)
# Where lib/modules and boot of a kernel are that scripts/stock-kernel has unpacked; empty for one that is installed.
STOCK_KERNEL_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/nooks/stock-kernel
KERNEL_ROOT := $(if $(wildcard /lib/modules/$(KVER)/build),,$(wildcard $(STOCK_KERNEL_CACHE)/$(KVER)))
KDIR ?= $(KERNEL_ROOT)/lib/modules/$(KVER)/build
O := $(CURDIR)/build
# The second stock kernel that tests run on: scripts/stock-kernel
OTHER_SERIES := 6.12
BTF := $(O)/$(KVER)/vmlinux.btf
ANNOTATIONS := $(sort $(wildcard wrappers/annotations/*.nooks))
# The modules whose functions and types the annotations name.
MODULE_BTF := $(patsubst %,$(O)/$(KVER)/%.btf,$(shell \
	sed -n 's/^module  *\([[:alnum:]_]*\).*/\1/p' $(ANNOTATIONS)))
MODULES_ROOT ?= $(KERNEL_ROOT)/
GENERATED := $(O)/$(KVER)/generated
PREFIX ?= /usr/local
DESTDIR ?=

.PHONY: all modules tools generated check bench install install-dkms uninstall clean help

all: modules tools drivers guest-programs

# What the targets that boot guests need, on a machine that may be fresh: KVER is known only once
# the packages are there.
.PHONY: setup built lab
setup:
	@scripts/setup

built: setup
	@$(MAKE) --no-print-directory $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc)) all

# The same for another stock kernel, which is unpacked, not installed...
.PHONY: stock-kernels
stock-kernels: built
	@scripts/lab-build $(OTHER_SERIES)

# ... and for the lab kernel, which KASAN, lockdep, kmemleak and KUnit are built into.
lab: built
	@scripts/lab-build

demo bench campaign: built
# Other kernels, for tests that ask for them
test: lab $(if $(filter k612%,$(T) $(G)),stock-kernels)

help:
	@echo 'make            nooks.ko and its tools; no root needed'
	@echo 'make check      sparse, W=1 and shellcheck over all sources'
	@echo 'make demo       crash e1000 in its domain, and natively, in QEMU (1)'
	@echo 'make test       all tests in QEMU; T=NAME runs one, G=GROUP a group (1)'
	@echo 'make bench      what isolation costs, to docs/bench/, in QEMU (1)'
	@echo 'make campaign   faults in the code of DRIVERS="...", TRIALS=N of them from SEED=S on (1)'
	@echo 'make docs       docs/contracts/ and docs/drivers.md, from the annotations'
	@echo 'make install    to $(PREFIX) and /lib/modules/$(KVER); root; DESTDIR= for packages'
	@echo 'make install-dkms  the sources, for DKMS (docs/boot.md); root'
	@echo 'make uninstall  what these have installed; root'
	@echo 'make clean      remove what was built, caches of the lab excepted'
	@echo
	@echo 'KVER=$(KVER) chooses the kernel.'
	@echo '(1) as root installs the Debian packages that are missing; kernel code runs in guests only.'

# What tests load: built, and never installed.
.PHONY: drivers
drivers: generated
	@$(MAKE) --no-print-directory -C $(KDIR) M=$(CURDIR)/drivers-under-test modules
	@$(MAKE) --no-print-directory -C $(KDIR) M=$(CURDIR)/kunit/inject modules

.PHONY: guest-programs
guest-programs:
	@$(MAKE) --no-print-directory -C tests/guest O=$(O)/tests/guest
	@$(MAKE) --no-print-directory -C tests/plugin O=$(O)/tests/plugin

tools: $(O)/tools/wrapgen nooks-load nooksctl nooks-mutate

.PHONY: nooks-load nooksctl nooks-mutate FORCE
FORCE:

nooks-load nooksctl nooks-mutate:
	@$(MAKE) --no-print-directory -C tools/$@ O=$(O)/tools

$(O)/tools/wrapgen: FORCE
	@$(MAKE) --no-print-directory -C tools/wrapgen O=$(O)/tools

$(BTF):
	@scripts/extract-btf $(KERNEL_ROOT)/boot/vmlinuz-$(KVER) $@

$(MODULE_BTF): $(O)/$(KVER)/%.btf:
	@scripts/extract-module-btf $(KVER) $* $@ $(MODULES_ROOT)

generated: $(GENERATED)/.stamp

$(GENERATED)/.stamp: $(ANNOTATIONS) $(BTF) $(MODULE_BTF) $(O)/tools/wrapgen
	@mkdir -p $(GENERATED)
	@$(O)/tools/wrapgen --btf $(BTF) -o $(GENERATED) $(ANNOTATIONS)
	@touch $@

# What is enforced, in words, and what each driver takes: committed, and kept fresh by tests/host/docs.
.PHONY: docs
docs: $(BTF) $(MODULE_BTF) $(O)/tools/wrapgen
	@rm -rf $(O)/contracts && mkdir -p $(O)/contracts docs/contracts
	@$(O)/tools/wrapgen --btf $(BTF) --contracts $(O)/contracts $(ANNOTATIONS)
	@rm -f docs/contracts/*.md && cp $(O)/contracts/*.md docs/contracts
	@scripts/driver-table $(KVER) $(O)/tools/wrapgen $(BTF) $(ANNOTATIONS) >docs/drivers.md

modules: generated
	@$(MAKE) --no-print-directory -C $(KDIR) M=$(CURDIR) modules

check: generated
	@$(MAKE) --no-print-directory -C $(KDIR) M=$(CURDIR) clean
	@$(MAKE) --no-print-directory -C $(KDIR) M=$(CURDIR) W=1 C=2 modules
	@shellcheck -x $$(grep -rlE '^#!.*(ba)?sh' scripts tests .ci)

SBIN := $(DESTDIR)$(PREFIX)/sbin
SHARE := $(DESTDIR)$(PREFIX)/share
UNITS := $(DESTDIR)$(PREFIX)/lib/systemd/system
UPDATES := $(DESTDIR)/lib/modules/$(KVER)/updates
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
DKMS := $(DESTDIR)/usr/src/nooks-$(VERSION)
# What nooks.ko is built from.
DKMS_SOURCES := Makefile Kbuild LICENSE dkms.conf nooks domains wrappers objtracker recovery tools/wrapgen \
	scripts

install: all
	install -d $(SBIN) $(SHARE)/man/man8 $(SHARE)/bash-completion/completions $(UNITS) $(UPDATES)
	install -d $(SHARE)/doc/nooks/examples
	install -m 755 $(O)/tools/nooks-load $(O)/tools/nooksctl $(SBIN)
	install -m 644 tools/man/*.8 $(SHARE)/man/man8
	install -m 644 tools/completion/nooksctl $(SHARE)/bash-completion/completions
	ln -sf nooksctl $(SHARE)/bash-completion/completions/nooks-load
	install -m 644 README.md docs/*.md docs/abi/sysfs-class-nooks $(SHARE)/doc/nooks
	install -m 644 dist/*.conf $(SHARE)/doc/nooks/examples
	sed 's|@PREFIX@|$(PREFIX)|' dist/nooks@.service.in >$(UNITS)/nooks@.service
	chmod 644 $(UNITS)/nooks@.service
	install -m 644 nooks.ko $(UPDATES)
	[ -n "$(DESTDIR)" ] || depmod $(KVER)

install-dkms:
	rm -rf $(DKMS)
	install -d $(DKMS)
	tar --exclude='*.o' --exclude='.*.cmd' --exclude='*.ko' -cf $(DKMS).tar $(DKMS_SOURCES)
	tar --no-same-owner --no-same-permissions -xf $(DKMS).tar -C $(DKMS)
	rm -f $(DKMS).tar

uninstall:
	[ -n "$(DESTDIR)" ] || ! command -v dkms >/dev/null || dkms remove nooks/$(VERSION) --all || :
	rm -f $(DESTDIR)/lib/modules/*/updates/nooks.ko
	rm -f $(SBIN)/nooks-load $(SBIN)/nooksctl $(SHARE)/man/man8/nooks-load.8 \
		$(SHARE)/man/man8/nooksctl.8 $(SHARE)/bash-completion/completions/nooksctl \
		$(SHARE)/bash-completion/completions/nooks-load $(UNITS)/nooks@.service
	rm -rf $(SHARE)/doc/nooks $(DKMS)
	[ -n "$(DESTDIR)" ] || for kernel in /lib/modules/*; do depmod "$${kernel##*/}"; done

clean:
	@$(MAKE) --no-print-directory -C $(KDIR) M=$(CURDIR) clean
	@rm -rf $(GENERATED) $(O)/tools $(O)/tests/guest

include scripts/lab.mk
