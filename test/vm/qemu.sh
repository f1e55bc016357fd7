#!/bin/bash
# One command on a pure cgroup v2 host with every controller, PSI, time namespaces and nftables: Debian's cloud kernel 6.1
# in qemu's plain emulation (no KVM), five to ten times slower than the machine itself. Options: host.sh.
set -eu
. "$(dirname "$0")/host.sh"
read_options "$@"

command -v qemu-system-x86_64 >/dev/null || die 'qemu-system-x86_64 not found; install the package qemu-system-x86'
virtiofsd=''
for candidate in /usr/libexec/virtiofsd /usr/lib/qemu/virtiofsd; do
	[ -x "$candidate" ] && virtiofsd=$candidate && break
done
[ -n "$virtiofsd" ] || die 'virtiofsd not found; install qemu-system-x86 (Debian 12) or virtiofsd (Debian 13)'
kernel=$("$vm/fetch-kernel.sh") || die 'no kernel to boot'

# A directory of this machine as a virtiofs device: TAG DIR.
export_directory() {
	local socket=$state/$1.sock tries=0
	case $virtiofsd in
	/usr/lib/*) set -- "$1" -o "source=$2" -o cache=auto -o sandbox=chroot --rlimit-nofile=0 ;;
	*) set -- "$1" --shared-dir "$2" --sandbox chroot --cache auto --rlimit-nofile 0 ;;
	esac
	devices+=(-chardev "socket,id=$1,path=$socket" -device "vhost-user-fs-pci,chardev=$1,tag=$1")
	start_child "$virtiofsd" --socket-path="$socket" "${@:2}" >"$state/$1.log" 2>&1
	until [ -S "$socket" ]; do
		[ $((tries += 1)) -le 100 ] || die "virtiofsd: $(cat "$state/$1.log")"
		sleep 0.05
	done
}
devices=()
export_directory root /
export_directory share "$share"

run_host qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m "$memory" -nic none -no-reboot \
	-object "memory-backend-memfd,id=memory,size=${memory}M,share=on" -numa node,memdev=memory "${devices[@]}" \
	-display none -monitor none -vga none -serial stdio \
	-kernel "$kernel/vmlinuz" -initrd "$kernel/initramfs" \
	-append "console=ttyS0 quiet loglevel=$loglevel panic=-1 psi=1 vm_guest=$vm/guest.sh vm_modules=$kernel/lib/modules"
