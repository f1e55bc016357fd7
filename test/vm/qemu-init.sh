#!/bin/busybox sh
# First process of the qemu host, in the initramfs: the machine's own root, read-only by virtiofs, with a tmpfs above it.
# vm_guest and vm_modules are words of the kernel's command line.
/bin/busybox --install -s /bin
PATH=/bin

give_up() {
	echo "virtual host: $*"
	exec poweroff -f
}

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in /modules/*.ko; do
	insmod "$module"
done
mount -t virtiofs -o ro root /lower || give_up 'no root'
mount -t tmpfs -o size=80% upper /upper || give_up 'no tmpfs'
mkdir /upper/upper /upper/work
mount -t overlay -o lowerdir=/lower,upperdir=/upper/upper,workdir=/upper/work root /root || give_up 'no overlay'
cd /root || give_up 'no root'
mkdir -p out lib/modules
mount -t virtiofs share out || give_up 'no share'
mount --bind "/root$vm_modules" lib/modules || give_up 'no modules'
umount /proc /sys /dev
exec switch_root /root /bin/sh "$vm_guest" qemu
