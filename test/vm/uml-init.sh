#!/bin/sh
# First process of the user-mode-linux host: the machine's own root, read-only by hostfs, with a tmpfs above it.
# vm_guest and vm_share are words of the kernel's command line.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
modules=/usr/lib/uml/modules

give_up() {
	echo "virtual host: $*"
	exec busybox poweroff -f
}

insmod "$modules/$(uname -r)/kernel/fs/overlayfs/overlay.ko"
mount -t tmpfs -o size=80% upper /mnt || give_up 'no tmpfs'
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work root /mnt/root || give_up 'no overlay'
cd /mnt/root || give_up 'no root'
mkdir -p out lib/modules mnt/old
mount -t hostfs -o "$vm_share" out out || give_up "no $vm_share"
mount --bind "$modules" lib/modules
# User namespaces need a root that is not a chroot: pivot_root makes it the real one.
pivot_root . mnt/old || give_up 'no pivot_root'
cd / && exec chroot . /bin/sh "$vm_guest" uml
