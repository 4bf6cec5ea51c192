# SPDX-License-Identifier: GPL-2.0
# Programs of the host's that are too large for the guests' image: from its /usr (scripts/boot --share /usr).
# shellcheck shell=dash

root=/tmp/root

# share_host: what there is of /usr there is below $root, too, with a /tmp, /proc, /sys and /dev
share_host() {
	local name
	modprobe -a virtio_pci 9pnet_virtio 9p && mkdir -p $root/usr $root/tmp $root/proc $root/sys $root/dev || return
	mount -t 9p -o trans=virtio,ro,cache=loose,msize=524288 share $root/usr || return
	for name in bin sbin lib lib64; do
		ln -s usr/$name $root/$name
	done
	for name in proc sys dev; do
		mount -o rbind /$name $root/$name || return
	done
}

# run COMMAND...: a tool of the host's; what it says goes to /tmp/said
run() {
	HOME=/tmp chroot $root "$@" >/tmp/said 2>&1 && return
	head -n 20 /tmp/said | sed 's/^/# /' >&3
	return 1
}
