#!/bin/bash
# Print the directory with Debian's cloud kernel as qemu.sh boots it: vmlinuz, initramfs, lib/modules, and AppArmor's
# parser for it.
# Downloaded once, unpacked without installing it, kept below the repository's build/vm.
set -eu
vm=$(cd "$(dirname "$0")" && pwd -P)
cache=$(cd "$vm/../.." && pwd -P)/build/vm/cloud
modules='virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci fuse virtiofs overlay'

download() {
	local package
	package=$(apt-cache depends linux-image-cloud-amd64 | awk '$1 == "Depends:" && $2 ~ /^linux-image/ { print $2; exit }')
	[ -n "$package" ] || { echo 'error: apt does not know linux-image-cloud-amd64; run apt-get update' >&2; return 1; }
	echo "$package: downloading the kernel of the virtual test host to $cache" >&2
	(cd "$1" && apt-get download -qq -o APT::Sandbox::User=root "$package" >&2)
	dpkg-deb --fsys-tarfile "$1"/linux-image-*.deb | tar -x -C "$1" ./boot ./lib/modules
	mv "$1"/boot/vmlinuz-* "$1/vmlinuz"
	rm -r "$1"/boot "$1"/linux-image-*.deb
	depmod -b "$1" "$(ls "$1/lib/modules")"
}

# Loads profiles there; nothing of the package is installed here, where it would be asked at each boot.
download_parser() {
	(cd "$1" && apt-get download -qq -o APT::Sandbox::User=root apparmor >&2)
	dpkg-deb --fsys-tarfile "$1"/apparmor_*.deb | tar -x -C "$1" ./sbin/apparmor_parser ./etc/apparmor.d/abi
	rm "$1"/apparmor_*.deb
}

# Only what reaches the machine's root; everything else is loaded from there. Named in load order.
pack_initramfs() {
	local root=$1/initramfs.d number=10 module
	mkdir -p "$root"/bin "$root"/modules "$root"/proc "$root"/sys "$root"/dev "$root"/lower "$root"/upper "$root"/root
	cp "$(command -v busybox)" "$root/bin/busybox"
	cp "$vm/qemu-init.sh" "$root/init"
	for module in $modules; do
		find "$1/lib/modules" -name "$module.ko" -exec cp {} "$root/modules/$((number += 1))-$module.ko" \;
	done
	(cd "$root" && find . | cpio --quiet -o -H newc) | gzip -1 >"$1/initramfs"
	rm -r "$root"
}

mkdir -p "${cache%/*}"
exec 9>"$cache.lock"
flock 9
if ! [ -s "$cache/vmlinuz" ]; then
	rm -rf "$cache" "$cache.new"
	mkdir "$cache.new"
	download "$cache.new"
	mv "$cache.new" "$cache"
fi
if ! [ -d "$cache/apparmor" ]; then
	rm -rf "$cache/apparmor.new"
	mkdir "$cache/apparmor.new"
	download_parser "$cache/apparmor.new"
	mv "$cache/apparmor.new" "$cache/apparmor"
fi
if [ "$vm/qemu-init.sh" -nt "$cache/initramfs" ] || [ "$0" -nt "$cache/initramfs" ]; then
	pack_initramfs "$cache"
fi
echo "$cache"
