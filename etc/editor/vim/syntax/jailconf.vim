" Vim syntax file
" Language: jail.conf(5) of FreeBSD and of jaild
" Printed from the table of parameters by "npm run man" in jaild.

if exists('b:current_syntax')
  finish
endif
let s:cpo = &cpo
set cpo&vim

syntax case match
syntax sync fromstart

syntax keyword jailconfTodo TODO FIXME XXX contained
syntax match jailconfComment /#.*/ contains=jailconfTodo,@Spell
syntax match jailconfComment /\/\/.*/ contains=jailconfTodo,@Spell
syntax region jailconfComment start=/\/\*/ end=/\*\// contains=jailconfTodo,@Spell

syntax match jailconfEscape /\\\%(\o\{1,3}\|x\x\{0,2}\|.\|$\)/ contained
syntax match jailconfDefinition /\$\h\w*\|\${[^{}]*}/ nextgroup=jailconfValue
syntax match jailconfVariable /\$\h\w*\|\${[^{}]*}/ contained
syntax match jailconfQuotedVariable /\$\h\w*\|\${[^{}"]*}/ contained
syntax region jailconfString start=/"/ skip=/\\./ end=/"/ contains=jailconfEscape,jailconfQuotedVariable
syntax region jailconfString start=/'/ skip=/\\./ end=/'/ contains=jailconfEscape

syntax cluster jailconfValues contains=jailconfComment,jailconfString,jailconfVariable,jailconfEscape
syntax cluster jailconfValues add=jailconfBareword,jailconfNumber,jailconfBoolean,jailconfConstant
syntax match jailconfBareword /\%([]A-Za-z0-9_!%&().:<>?@`|~^[-]\|\*\|\/[/*]\@!\|+=\@!\|\$[A-Za-z_{]\@!\)\+/ contained
syntax match jailconfUnit /[A-Za-z%]\+/ contained
syntax match jailconfNumber /\%(^\|[[:space:],=]\|\*\/\)\@2<=[+-]\=\%(\d\+\%(\.\d\+\)\=\%(\%(ms\|s\|sec\|m\|min\|h\|d\|w\)\|[kmgtpeKMGTPE][iI]\=[bB]\=\|[bB]\|%\)\=\)\+\%([[:space:];,={}#]\|+=\|\/[/*]\|$\)\@=/ contained contains=jailconfUnit
syntax match jailconfConstant /\c\%(^\|[[:space:],=]\|\*\/\)\@2<=\%(always\|auto\|depend\|disable\|exec\|health\|inherit\|max\|new\|no\|none\|notify\|off\|on-abnormal\|on-failure\|once\|own\|restart\|run\|skip\|unlimited\)\%([[:space:];,={}#]\|+=\|\/[/*]\|$\)\@=/ contained
syntax match jailconfBoolean /\c\%(^\|[[:space:],=]\|\*\/\)\@2<=\%(true\|false\)\%([[:space:];,={}#]\|+=\|\/[/*]\|$\)\@=/ contained

" From a sign, or from the blank behind a name, to the semicolon.
syntax region jailconfValue matchgroup=jailconfOperator start=/+\==/
  \ matchgroup=jailconfDelimiter end=/;/ matchgroup=NONE end=/[{}]\@=/ contains=@jailconfValues
syntax region jailconfValue start=/\_s\+\%([^[:space:];,={}+#\/]\|\/[/*]\@!\)\@=/
  \ matchgroup=jailconfDelimiter end=/;/ matchgroup=NONE end=/[{}]\@=/ contained contains=@jailconfValues

" A name that is not known has no colour, and what follows it is no name.
syntax match jailconfStranger /\%([]A-Za-z0-9_!%&().:<>?@`|~^[-]\|\*\|\/[/*]\@!\|+=\@!\|\$[A-Za-z_{]\@!\)\+/ nextgroup=jailconfValue

let s:names = [
  \ 'name',
  \ 'jid',
  \ 'path',
  \ '\%(no\)\=persist',
  \ 'host',
  \ 'host\.hostname',
  \ 'host\.domainname',
  \ 'host\.hostuuid',
  \ 'host\.hostid',
  \ 'securelevel',
  \ 'children\.max',
  \ 'children\.cur',
  \ 'osrelease',
  \ 'osreldate',
  \ 'parent',
  \ '\%(no\)\=dying',
  \ 'cpuset\.id',
  \ 'meta',
  \ 'env',
  \ 'mount',
  \ 'mount\.fstab',
  \ 'mount\.\%(no\)\=devfs',
  \ 'mount\.\%(no\)\=fdescfs',
  \ 'mount\.\%(no\)\=procfs',
  \ 'zfs\.\%(no\)\=mount_snapshot',
  \ 'zfs\.dataset',
  \ 'exec\.prepare',
  \ 'exec\.prestart',
  \ 'exec\.created',
  \ 'exec\.start',
  \ 'command',
  \ 'exec\.poststart',
  \ 'exec\.prestop',
  \ 'exec\.stop',
  \ 'exec\.poststop',
  \ 'exec\.release',
  \ 'exec\.\%(no\)\=clean',
  \ 'exec\.jail_user',
  \ 'exec\.\%(no\)\=system_jail_user',
  \ 'exec\.system_user',
  \ 'exec\.timeout',
  \ 'exec\.consolelog',
  \ 'exec\.fib',
  \ 'stop\.timeout',
  \ 'depend',
  \ 'allow\.\%(no\)\=dying',
  \ '\%(no\)\=ip4',
  \ 'ip4\.addr',
  \ 'ip4\.\%(no\)\=saddrsel',
  \ '\%(no\)\=ip6',
  \ 'ip6\.addr',
  \ 'ip6\.\%(no\)\=saddrsel',
  \ 'interface',
  \ '\%(no\)\=ip_hostname',
  \ '\%(no\)\=vnet',
  \ 'vnet\.interface',
  \ 'mac\.label',
  \ 'allow\.\%(no\)\=set_hostname',
  \ 'allow\.\%(no\)\=reserved_ports',
  \ 'allow\.\%(no\)\=suser',
  \ 'allow\.\%(no\)\=raw_sockets',
  \ 'allow\.\%(no\)\=chflags',
  \ 'allow\.\%(no\)\=mlock',
  \ 'allow\.\%(no\)\=read_msgbuf',
  \ 'allow\.\%(no\)\=adjtime',
  \ 'allow\.\%(no\)\=settime',
  \ 'allow\.\%(no\)\=routing',
  \ 'allow\.\%(no\)\=setaudit',
  \ 'allow\.\%(no\)\=vmm',
  \ 'allow\.\%(no\)\=vmm_ppt',
  \ 'allow\.\%(no\)\=quotas',
  \ 'allow\.\%(no\)\=socket_af',
  \ 'allow\.\%(no\)\=sysvipc',
  \ 'allow\.\%(no\)\=extattr',
  \ 'allow\.\%(no\)\=nfsd',
  \ 'allow\.\%(no\)\=unprivileged_proc_debug',
  \ 'allow\.\%(no\)\=unprivileged_parent_tampering',
  \ 'allow\.\%(no\)\=mount',
  \ 'allow\.mount\.\%(no\)\=devfs',
  \ 'allow\.mount\.\%(no\)\=fdescfs',
  \ 'allow\.mount\.\%(no\)\=fusefs',
  \ 'allow\.mount\.\%(no\)\=nullfs',
  \ 'allow\.mount\.\%(no\)\=procfs',
  \ 'allow\.mount\.\%(no\)\=linprocfs',
  \ 'allow\.mount\.\%(no\)\=linsysfs',
  \ 'allow\.mount\.\%(no\)\=tmpfs',
  \ 'allow\.mount\.\%(no\)\=zfs',
  \ '\%(no\)\=sysvmsg',
  \ '\%(no\)\=sysvsem',
  \ '\%(no\)\=sysvshm',
  \ 'devfs_ruleset',
  \ 'enforce_statfs',
  \ '\%(no\)\=linux',
  \ 'linux\.osname',
  \ 'linux\.osrelease',
  \ 'linux\.oss_version',
  \ '\%(meta\|env\)\.[]A-Za-z0-9_!%&().:<>?@`|~^[-]\+',
  \ ]
execute 'syntax match jailconfFreebsdParameter /\%(' . join(s:names, '\|') . '\)\%([[:space:];,={}#]\|+=\|\/[/*]\|$\)\@=/ nextgroup=jailconfValue'
unlet s:names

let s:names = [
  \ '\%(no\)\=auto',
  \ 'priority',
  \ 'base',
  \ '\%(no\)\=ephemeral',
  \ 'ephemeral\.size',
  \ '\%(no\)\=readonly',
  \ 'image',
  \ 'exec\.env',
  \ 'exec\.workdir',
  \ 'exec\.init',
  \ 'start\.timeout',
  \ 'depend\.bind',
  \ 'restart',
  \ 'restart\.delay',
  \ 'restart\.max_delay',
  \ 'restart\.limit',
  \ 'restart\.success_codes',
  \ 'exit\.ok',
  \ 'exit\.fatal',
  \ 'ready',
  \ 'watchdog',
  \ 'health\.command',
  \ 'health\.tcp',
  \ 'health\.http',
  \ 'health\.interval',
  \ 'health\.timeout',
  \ 'health\.retries',
  \ 'health\.start_period',
  \ 'health\.start_interval',
  \ 'health\.action',
  \ 'schedule\.restart',
  \ 'schedule\.start',
  \ 'schedule\.stop',
  \ 'schedule\.timezone',
  \ 'schedule\.jitter',
  \ 'schedule\.missed',
  \ 'schedule\.window',
  \ 'memory\.max',
  \ 'memory\.high',
  \ 'memory\.low',
  \ 'memory\.min',
  \ 'memory\.swap\.max',
  \ 'memory\.oom\.\%(no\)\=group',
  \ 'cpu\.max',
  \ 'cpu\.weight',
  \ 'cpuset\.cpus',
  \ 'cpuset\.mems',
  \ 'pids\.max',
  \ 'io\.max',
  \ 'io\.weight',
  \ 'hugetlb\.2MB\.max',
  \ 'hugetlb\.1GB\.max',
  \ 'rctl',
  \ 'rctl\.file',
  \ 'inotify\.max_instances',
  \ 'inotify\.max_watches',
  \ 'fanotify\.max_groups',
  \ 'fanotify\.max_marks',
  \ 'tmpfs\.size',
  \ 'shm\.size',
  \ 'rlimit\.as',
  \ 'rlimit\.core',
  \ 'rlimit\.cpu',
  \ 'rlimit\.data',
  \ 'rlimit\.fsize',
  \ 'rlimit\.memlock',
  \ 'rlimit\.msgqueue',
  \ 'rlimit\.nice',
  \ 'rlimit\.nofile',
  \ 'rlimit\.nproc',
  \ 'rlimit\.rss',
  \ 'rlimit\.rtprio',
  \ 'rlimit\.rttime',
  \ 'rlimit\.sigpending',
  \ 'rlimit\.stack',
  \ 'bridge',
  \ 'bridge\.subnet',
  \ 'macvlan',
  \ 'mac',
  \ 'gateway',
  \ 'route',
  \ '\%(no\)\=nat',
  \ 'rdr',
  \ 'dns',
  \ 'hosts',
  \ 'mtu',
  \ '\%(no\)\=isolate',
  \ 'net\.ingress\.max',
  \ 'net\.egress\.max',
  \ 'userns',
  \ 'caps',
  \ 'caps\.add',
  \ 'caps\.drop',
  \ 'seccomp',
  \ '\%(no\)\=no_new_privs',
  \ 'devices',
  \ 'time\.offset',
  \ 'apparmor',
  \ 'selinux',
  \ 'log\.max_size',
  \ 'log\.max_files',
  \ 'log\.max_age',
  \ 'log\.\%(no\)\=compress',
  \ 'log\.target',
  \ 'log\.rate',
  \ ]
execute 'syntax match jailconfLinuxParameter /\%(' . join(s:names, '\|') . '\)\%([[:space:];,={}#]\|+=\|\/[/*]\|$\)\@=/ nextgroup=jailconfValue'
unlet s:names

syntax match jailconfInclude /\.include\%([[:space:];,={}#]\|+=\|\/[/*]\|$\)\@=\%(\_s*+\==\)\@!/ nextgroup=jailconfValue
syntax match jailconfDelimiter /[{};]/
syntax match jailconfJail /\%([]A-Za-z0-9_!%&().:<>?@`|~^[-]\|\*\|\/[/*]\@!\|+=\@!\|\$[A-Za-z_{]\@!\)\+\%(\%(\_s\|#.*\n\|\/\/.*\n\|\/\*\_.\{-}\*\/\)*{\)\@=/
syntax match jailconfJail /"\%([^"\\]\|\\.\)*"\%(\%(\_s\|#.*\n\|\/\/.*\n\|\/\*\_.\{-}\*\/\)*{\)\@=/ contains=jailconfWildcard,jailconfEscape
syntax match jailconfJail /'\%([^'\\]\|\\.\)*'\%(\%(\_s\|#.*\n\|\/\/.*\n\|\/\*\_.\{-}\*\/\)*{\)\@=/ contains=jailconfWildcard,jailconfEscape
syntax match jailconfWildcard /["'.]\@1<=\*["'.]\@=/ contained
syntax match jailconfWildcard /\*\%(\%(\_s\|#.*\n\|\/\/.*\n\|\/\*\_.\{-}\*\/\)*{\)\@=/

highlight default link jailconfComment Comment
highlight default link jailconfTodo Todo
highlight default link jailconfString String
highlight default link jailconfBareword String
highlight default link jailconfEscape SpecialChar
highlight default link jailconfVariable Identifier
highlight default link jailconfDefinition jailconfVariable
highlight default link jailconfQuotedVariable jailconfVariable
highlight default link jailconfOperator Operator
highlight default link jailconfDelimiter Delimiter
highlight default link jailconfInclude Include
highlight default link jailconfJail Function
highlight default link jailconfWildcard Special
highlight default link jailconfFreebsdParameter Statement
highlight default link jailconfLinuxParameter Type
highlight default link jailconfNumber Number
highlight default link jailconfUnit Number
highlight default link jailconfBoolean Boolean
highlight default link jailconfConstant Constant

let b:current_syntax = 'jailconf'
let &cpo = s:cpo
unlet s:cpo
