# bash completion for jailctl, jail and jexec
_jailctl_commands='start stop restart status list schedule stats top logs events metrics run exec set kill pause resume audit check config fmt plan reload shutdown params completion version help'
_jailctl_parameters='name jid path persist host host.hostname host.domainname host.hostuuid host.hostid securelevel children.max children.cur osrelease osreldate parent dying cpuset.id meta env auto priority mount mount.fstab mount.devfs mount.fdescfs mount.procfs base ephemeral ephemeral.size readonly image zfs.mount_snapshot zfs.dataset exec.prepare exec.prestart exec.created exec.start command exec.poststart exec.prestop exec.stop exec.poststop exec.release exec.clean exec.jail_user exec.system_jail_user exec.system_user exec.timeout exec.consolelog exec.fib exec.env exec.workdir exec.init stop.timeout start.timeout depend depend.bind allow.dying restart restart.delay restart.max_delay restart.limit restart.success_codes exit.ok exit.fatal ready watchdog health.command health.tcp health.http health.interval health.timeout health.retries health.start_period health.start_interval health.action schedule.restart schedule.start schedule.stop schedule.timezone schedule.jitter schedule.missed schedule.window memory.max memory.high memory.low memory.min memory.swap.max memory.oom.group cpu.max cpu.weight cpuset.cpus cpuset.mems pids.max io.max io.weight hugetlb.2MB.max hugetlb.1GB.max rctl rctl.file inotify.max_instances inotify.max_watches fanotify.max_groups fanotify.max_marks tmpfs.size shm.size rlimit.as rlimit.core rlimit.cpu rlimit.data rlimit.fsize rlimit.memlock rlimit.msgqueue rlimit.nice rlimit.nofile rlimit.nproc rlimit.rss rlimit.rtprio rlimit.rttime rlimit.sigpending rlimit.stack ip4 ip4.addr ip4.saddrsel ip6 ip6.addr ip6.saddrsel interface ip_hostname vnet vnet.interface bridge bridge.subnet macvlan mac gateway route nat rdr dns hosts mtu isolate net.ingress.max net.egress.max mac.label allow.set_hostname allow.reserved_ports allow.suser allow.raw_sockets allow.chflags allow.mlock allow.read_msgbuf allow.adjtime allow.settime allow.routing allow.setaudit allow.vmm allow.vmm_ppt allow.quotas allow.socket_af allow.sysvipc allow.extattr allow.nfsd allow.unprivileged_proc_debug allow.unprivileged_parent_tampering allow.mount allow.mount.devfs allow.mount.fdescfs allow.mount.fusefs allow.mount.nullfs allow.mount.procfs allow.mount.linprocfs allow.mount.linsysfs allow.mount.tmpfs allow.mount.zfs sysvmsg sysvsem sysvshm devfs_ruleset enforce_statfs linux linux.osname linux.osrelease linux.oss_version userns caps caps.add caps.drop seccomp no_new_privs devices time.offset apparmor selinux log.max_size log.max_files log.max_age log.compress log.target log.rate'
_jailctl() {
  local current=${COMP_WORDS[COMP_CWORD]} at=1 words _jailctl_files=
  case ${COMP_WORDS[1]} in --prefix) at=3 ;; --prefix=*) at=2 ;; esac
  if (( COMP_CWORD <= at )); then
    COMPREPLY=($(compgen -W "$_jailctl_commands" -- "$current"))
    return
  fi
  case ${COMP_WORDS[at]} in
    start) words="--all -a --timeout --no-wait $(jailctl list --quiet 2>/dev/null)" ;;
    stop) words="--all -a --force -f --cascade $(jailctl list --quiet 2>/dev/null)" ;;
    restart) words="--all -a $(jailctl list --quiet 2>/dev/null)" ;;
    status) words="--json $(jailctl list --quiet 2>/dev/null)" ;;
    list) words="--json --quiet -q" ;;
    schedule) words="--from --until --tz --json $(jailctl list --quiet 2>/dev/null)" ;;
    stats) words="--json $(jailctl list --quiet 2>/dev/null)" ;;
    top) words="--batch -b --delay -d --times -n $(jailctl list --quiet 2>/dev/null)" ;;
    logs) words="--all -a --follow -f --lines -n --since --until --stream --grep --ignore-case -i --json $(jailctl list --quiet 2>/dev/null)" ;;
    events) words="--follow -f --json --lines -n --since --kind $(jailctl list --quiet 2>/dev/null)" ;;
    metrics) words="" ;;
    run) words="--file -f --tty -t $(jailctl list --quiet 2>/dev/null)" ;;
    exec) words="--interactive -i --tty -t --user -u --workdir -w --env -e --login -l $(jailctl list --quiet 2>/dev/null)" ;;
    set) words=" $(jailctl list --quiet 2>/dev/null)" ;;
    kill) words="--signal -s $(jailctl list --quiet 2>/dev/null)" ;;
    pause) words=" $(jailctl list --quiet 2>/dev/null)" ;;
    resume) words=" $(jailctl list --quiet 2>/dev/null)" ;;
    audit) words="--json $(jailctl list --quiet 2>/dev/null)" ;;
    check) words="--file -f --no-host --json"; _jailctl_files=1 ;;
    config) words="--file -f --json --resolved --origin $(jailctl list --quiet 2>/dev/null)" ;;
    fmt) words="--write -w --check -c"; _jailctl_files=1 ;;
    plan) words="--file -f --json $(jailctl list --quiet 2>/dev/null)" ;;
    reload) words="--dry-run -n --json" ;;
    shutdown) words="" ;;
    params) words="--json $_jailctl_parameters" ;;
    completion) words=" bash zsh fish" ;;
    version) words="--json" ;;
    help) words=" $_jailctl_commands" ;;
    *) words= ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ -n $_jailctl_files ]] && COMPREPLY+=($(compgen -f -- "$current"))
}
_jailctl_names() {
  COMPREPLY=($(compgen -W "$(jailctl list --quiet 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _jailctl jailctl
complete -F _jailctl_names jail jexec
