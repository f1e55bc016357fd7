#!/bin/sh
# usage: guest.sh HOSTNAME. The second half of the boot, the same on both virtual hosts: the root is in place, with
# /out and /lib/modules. Make it a host without an init system, run the command, power off.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
HOME=/root LANG=C.UTF-8 TERM=dumb TMPDIR=/srv/tmp
export PATH HOME LANG TERM TMPDIR

[ -d /mnt/old/etc ] && umount -l /mnt/old
mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
mount -t devtmpfs -o mode=755 dev /dev
mkdir -p /dev/pts /dev/shm /dev/mqueue
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t mqueue mqueue /dev/mqueue
[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
for stream in 0:stdin 1:stdout 2:stderr; do
	[ -e "/dev/${stream#*:}" ] || ln -s "/proc/self/fd/${stream%:*}" "/dev/${stream#*:}"
done
mount -t tmpfs -o mode=755 run /run
[ -d /sys/kernel/security ] && mount -t securityfs securityfs /sys/kernel/security 2>/dev/null

mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 /sys/fs/cgroup
for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
	echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
done

for module in ipv6 loop ext4 fuse veth dummy bridge macvlan ipvlan tun nf_tables nft_ct nft_masq nft_redir nft_chain_nat; do
	modprobe -q "$module"
done
ip link set lo up
hostname "$1"

# Kernels before 6.3 can idmap ext4, but neither tmpfs nor overlay nor what comes from the host.
truncate -s 512M /run/srv.ext4
mkfs.ext4 -q -O ^has_journal /run/srv.ext4 && mount -o loop /run/srv.ext4 /srv && mkdir -m 1777 /srv/tmp

stty -onlcr <&1 2>/dev/null
bash /out/.vm/command </dev/null
echo $? >/out/.vm/status
sync
exec busybox poweroff -f
