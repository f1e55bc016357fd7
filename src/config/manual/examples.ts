import { parameterOf, type ParamName } from '../params.js';

/** What one could write, by the name of the type. */
const byType: Readonly<Record<string, readonly string[]>> = {
  path: ['/jails/web'],
  seconds: ['30', '100ms', '1h30m'],
  bytes: ['512M', '1.5G', 'max'],
  'bytes or percent': ['512M', '75%', 'max'],
  count: ['200', 'max'],
  rate: ['1000/30s'],
  '[HOST:]PORT': ['80', '127.0.0.1:8080'],
  'http URL': ['/health', ':8080/health'],
  'time zone': ['Europe/Berlin'],
  'time offset': ['+1h', 'own', '"monotonic=+1h boottime=-30m"'],
  'CPU bandwidth': ['150%', '"50000 100000"', 'max'],
  'CPU list': ['0-3,8'],
  'SOFT[:HARD]': ['1024', '1024:4096', 'unlimited'],
  'auto | off | BASE:COUNT': ['auto', 'off', '100000:65536'],
  interface: ['eth0'],
  'list of interfaces': ['eth1, eth2'],
  'list of addresses': ['192.0.2.1, 2001:db8::1'],
  'list of IPv4 addresses': ['192.0.2.10/24', '"eth0|192.0.2.10/24"'],
  'list of IPv6 addresses': ['2001:db8::10/64', '"eth0|2001:db8::10/64"'],
  'inherit, none or list of addresses': ['inherit', '192.0.2.53, 2001:db8::53'],
  'list of subnets': ['auto', '10.88.0.0/24, fd00:88::/64'],
  'list of targets': ['journald', 'file, syslog'],
  'list of redirections': ['"tcp 8080 80"', '"udp 192.0.2.1:53 53"', '"tcp 443 from 192.0.2.0/24 on eth0"'],
  'boolean or list of masquerades': ['true', '"on eth0"', '"from 10.0.0.0/24 as 192.0.2.1"'],
  'hardware address': ['02:00:5e:00:53:01'],
  'list of cron expressions': ['"30 4 * * sun"', '@daily'],
  'list of fstab lines': ['"/srv/www $path/www nullfs ro 0 0"'],
  'list of I/O limits': ['"/dev/sda rbps=1M wiops=100"'],
  'list of rctl rules': ['"memoryuse:deny=512m"'],
  'list of capabilities': ['net_raw, sys_nice'],
  'list of NAME=VALUE': ['"LANG=C.UTF-8", "TZ=UTC"'],
  'list of integers': ['0, 3'],
  'list of commands': ['"/bin/sh /etc/rc"', '"/bin/a", "/bin/b"'],
};

/** The same for parameters whose type says little. */
const byName: { readonly [K in ParamName]?: readonly string[] } = {
  command: ['/bin/app', '/bin/app, --port, 80'],
  'ephemeral.size': ['64M', '1.5G'],
  depend: ['db, cache'],
  'depend.bind': ['db'],
  base: ['/jails/base'],
  'mount.fstab': ['"/etc/fstab.$name"'],
  'exec.consolelog': ['"/var/log/jails/$name.log"'],
  'exec.jail_user': ['www', '1000:1000'],
  'host.hostname': ['"$name.example.org"'],
  seccomp: ['off', '/etc/jaild/web.policy', '/etc/docker/seccomp.json'],
  apparmor: ['jaild-default'],
  selinux: ['system_u:system_r:container_t:s0:c1,c2'],
  devices: ['"/dev/kvm rw"'],
  bridge: ['lan'],
  gateway: ['10.88.0.1', '10.88.0.1, fd00:88::1'],
  mtu: ['1400', '9000'],
  'net.ingress.max': ['10M', 'max'],
  'net.egress.max': ['10M', 'max'],
};

/** Values that one could write behind the sign of equality, as they stand in jail.conf(5). */
export function examplesOf(name: ParamName): readonly string[] {
  const { type } = parameterOf(name);
  return byName[name] ?? (type.list ? undefined : type.choices?.slice(0, 4)) ?? byType[type.name] ?? [];
}
