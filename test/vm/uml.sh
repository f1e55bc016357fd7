#!/bin/bash
# One command on a pure cgroup v2 host: Debian's user-mode-linux 6.1, an ordinary process that starts in two seconds.
# It has one processor and no cpuset, PSI, time namespaces or AppArmor. Options: host.sh.
set -eu
. "$(dirname "$0")/host.sh"
read_options "$@"

command -v linux.uml >/dev/null || die 'linux.uml not found; install the package user-mode-linux'
unset TMPDIR # its memory file: in /dev/shm, unlinked

# The processes of user-mode-linux trace each other; the pid namespace ends them together.
run_host unshare --pid --fork --kill-child linux.uml "mem=${memory}M" "uml_dir=$state/" rootfstype=hostfs rootflags=/ ro \
	con=null con0=null,fd:1 quiet loglevel="$loglevel" panic=-1 \
	init="$vm/uml-init.sh" vm_guest="$vm/guest.sh" vm_share="$share"
