# Sourced by uml.sh and qemu.sh: what both do outside the virtual host.
#
# usage: uml.sh|qemu.sh [-m MEGABYTES] [-o DIR] [-t SECONDS] [-v] COMMAND [ARG...]
#   -m  memory of the virtual host (2048)
#   -o  directory that is /out inside (a temporary one, deleted at the end)
#   -t  everything is killed after this long (600)
#   -v  show the kernel's messages
# The command runs as root in the caller's working directory, without stdin and with TMPDIR on ext4. Its exit status is
# that of the script; 124 stands for the time limit, 125 for a virtual host that did not come up.

vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
repository=$(cd "$vm/../.." && pwd -P)
memory=2048 share='' limit=600 loglevel=0
children=()

die() {
	echo "error: ${0##*/}: $*" >&2
	exit 125
}

read_options() {
	while getopts m:o:t:v option; do
		case $option in
		m) memory=$OPTARG ;;
		o) share=$OPTARG ;;
		t) limit=$OPTARG ;;
		v) loglevel=7 ;;
		*) exit 125 ;;
		esac
	done
	shift $((OPTIND - 1))
	[ $# -gt 0 ] || die 'a command is missing'
	[ "$(id -u)" = 0 ] || die 'only root can export the whole file system'

	state=$(mktemp -d)
	trap clean_up EXIT
	trap 'exit 130' INT TERM HUP
	[ -n "$share" ] || share=$state/out
	mkdir -p "$share/.vm"
	share=$(cd "$share" && pwd -P)
	rm -f "$share/.vm/status"
	write_command "$@" >"$share/.vm/command"
}

write_command() {
	printf 'cd %q || exit 125\nexec' "$PWD"
	printf ' %q' "$@"
	echo
}

clean_up() {
	local pid
	for pid in "${children[@]}"; do # bash tells of each killed child on stderr
		kill -KILL "$pid" || true
		wait "$pid" || true
	done 2>/dev/null
	rm -rf "$share/.vm" "$state"
}

# A child that dies with this script, however that ends.
start_child() {
	setpriv --pdeathsig KILL "$@" &
	children+=($!)
}

# Run the virtual host until it powers itself off; its console is the command's output.
run_host() {
	local begin=$SECONDS ended=0
	start_child timeout -s KILL "$limit" setpriv --pdeathsig KILL "$@" </dev/null
	wait "${children[-1]}" 2>/dev/null || ended=$?
	[ -s "$share/.vm/status" ] && exit "$(cat "$share/.vm/status")"
	if [ $((SECONDS - begin)) -ge "$limit" ]; then
		echo "error: ${0##*/}: killed after $limit s" >&2
		exit 124
	fi
	die "the virtual host ended ($ended) without running the command; -v shows its messages"
}
