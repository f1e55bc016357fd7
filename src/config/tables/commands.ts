import { freebsd, ignored, later, linux } from '../parameter.js';
import {
  boolean,
  choice,
  commands,
  environment,
  integer,
  integers,
  path,
  string,
  strings,
} from '../values/scalar.js';
import { seconds } from '../values/quantity.js';
import { httpTarget, tcpTarget } from '../values/health.js';

const DEPRECATED = 'It has no effect on FreeBSD 14 either.';

/** What runs, in and around the jail. */
export const execution = {
  'exec.prepare': freebsd(commands, 'Commands run on the host before anything else is done.'),
  'exec.prestart': freebsd(commands, 'Commands run on the host before the jail is created.'),
  'exec.created': freebsd(
    commands,
    'Commands run on the host when the jail exists and nothing runs in it yet.',
  ),
  'exec.start': freebsd(commands, 'Commands run inside to start the jail, one after the other.'),
  command: freebsd(strings, "The jail's main program, run inside after exec.start.", {
    onLinux: 'close',
    note: 'It is not waited for. When it fails the jail ends; when it exits 0 the jail ends with its last process, unless persist is set.',
  }),
  'exec.poststart': freebsd(commands, 'Commands run on the host when the jail is up.'),
  'exec.prestop': freebsd(commands, 'Commands run on the host before the jail is stopped.', { live: true }),
  'exec.stop': freebsd(commands, 'Commands run inside to stop the jail.', { live: true }),
  'exec.poststop': freebsd(commands, 'Commands run on the host when the jail has ended.', { live: true }),
  'exec.release': freebsd(commands, 'Commands run on the host when everything of the jail is gone.', {
    live: true,
  }),
  'exec.clean': freebsd(boolean, 'Run commands in a clean environment.', {
    default: 'false',
    onLinux: 'close',
    note: "Commands never see jaild's own environment. Without exec.clean they get JID, JNAME and JPATH, and PATH has the sbin directories; JPATH tells those inside, too, where the jail lies on the host.",
  }),
  'exec.jail_user': freebsd(string, 'User that commands inside run as.', { default: 'root' }),
  'exec.system_jail_user': freebsd(boolean, "Look exec.jail_user up in the host's passwd.", {
    default: 'false',
    onLinux: 'close',
    note: 'The /etc/passwd of the host gives numbers, home and shell; of the groups the main one is taken.',
  }),
  'exec.system_user': freebsd(string, 'User that commands on the host run as.', {
    default: 'root',
    onLinux: 'close',
    note: 'With its main group and no others.',
  }),
  'exec.timeout': freebsd(seconds, 'Longest time for one command; 0 is no limit.', {
    default: '30 s',
    unit: 's',
    live: true,
    onLinux: 'close',
    note: 'The default is finite, and a command that takes longer is killed. Commands of exec.start have start.timeout alone unless this is written.',
  }),
  'exec.consolelog': freebsd(path, "File that the jail's output is added to.", {
    default: '/var/log/jaild/NAME.log',
    onLinux: 'close',
    note: "Lines get a time and the file is rotated. It must not lie in the jail's root.",
  }),
  'exec.fib': ignored(
    integer(0),
    'Routing table for commands in the jail.',
    'Each jail has its own network and with it routing tables of its own.',
  ),
  'exec.env': linux(environment, 'Environment variables for commands inside.'),
  'exec.workdir': linux(path, 'Directory inside that commands run in.', {
    default: '/',
    note: "With exec.clean it is the user's home unless this is written.",
  }),
  'exec.init': later(
    path,
    "The jail's own init, run as process 1 instead of jaild's.",
    "jaild's own init is process 1: run services with exec.start or command.",
  ),
  'stop.timeout': freebsd(seconds, 'Time between SIGTERM and SIGKILL.', {
    default: '10 s',
    unit: 's',
    live: true,
  }),
  'start.timeout': linux(seconds, 'Longest time from the start to readiness.', {
    default: '90 s',
    unit: 's',
    live: true,
  }),
  depend: freebsd(strings, 'Jails that must run before this one starts.', { live: true }),
  'depend.bind': linux(strings, 'Jails of depend whose restart restarts this one.', { live: true }),
  'allow.dying': ignored(boolean, 'Allow changes to a dying jail.', DEPRECATED),
};

const RETRY = 'The delay doubles with every failure and shrinks with every minute the jail runs.';

/** When it starts again, and how one knows that it is well. */
export const supervision = {
  restart: linux(
    choice('no', 'on-failure', 'on-abnormal', 'always'),
    'Whether the jail is started again when it ends by itself.',
    {
      default: 'on-failure',
      live: true,
      note: 'on-failure: unless it ended with a code of restart.success_codes. on-abnormal: not for any exit code either, but for signals, out of memory, time limits, health and watchdog.',
    },
  ),
  'restart.delay': linux(seconds, `Delay before the first automatic restart. ${RETRY}`, {
    default: '100 ms',
    unit: 's',
    live: true,
  }),
  'restart.max_delay': linux(seconds, 'Longest delay before an automatic restart.', {
    default: '60 s',
    unit: 's',
    live: true,
  }),
  'restart.limit': linux(integer(0), 'Give up after this many failures in a row; 0 is never.', {
    default: '0',
    live: true,
  }),
  'restart.success_codes': linux(integers(0, 255), 'Exit codes that are no failure.', {
    default: '0',
    live: true,
  }),
  'exit.ok': linux(integers(0, 255), 'The same as restart.success_codes.', { live: true }),
  'exit.fatal': linux(integers(0, 255), 'Exit codes after which the jail is not started again.', {
    default: '78',
    live: true,
  }),
  ready: linux(choice('exec', 'notify', 'health'), 'What makes the jail count as running.', {
    default: 'exec',
    note: 'exec: exec.start has ended well; notify: READY=1 was sent (sd_notify(3)); health: the first check passed. Until then it is starting, for start.timeout at most; exec.poststart and the jails that depend on it come after.',
  }),
  watchdog: linux(seconds, 'Longest time between two signs of life of the jail, WATCHDOG=1 (sd_notify(3)).', {
    unit: 's',
    note: 'Counted from when the jail runs. When none comes in time all its processes get SIGABRT, then, after stop.timeout, SIGKILL; that is a failure. 0 is no watchdog.',
  }),
  'health.command': linux(string, 'Command run inside that exits 0 while the jail is well.', { live: true }),
  'health.tcp': linux(tcpTarget, 'Port that accepts connections while the jail is well.', {
    live: true,
    note: "Without HOST on the jail's own first address, as seen from inside.",
  }),
  'health.http': linux(httpTarget, 'Address that answers 2xx or 3xx while the jail is well.', {
    live: true,
    note: "/PATH and :PORT/PATH are on the jail's own first address, as seen from inside.",
  }),
  'health.interval': linux(seconds, 'Time from the end of one check to the next.', {
    default: '30 s',
    unit: 's',
    live: true,
  }),
  'health.timeout': linux(seconds, 'Longest time for one check.', { default: '5 s', unit: 's', live: true }),
  'health.retries': linux(integer(1, 1000), 'Failed checks in a row that make the jail unhealthy.', {
    default: '3',
    live: true,
    note: 'A check that the host lacks the means for counts for nothing.',
  }),
  'health.start_period': linux(seconds, 'Time after the start in which failed checks do not count.', {
    default: '30 s',
    unit: 's',
    live: true,
    note: 'The first check that passes ends it.',
  }),
  'health.start_interval': linux(seconds, 'Time between checks during health.start_period.', {
    default: '1 s',
    unit: 's',
    live: true,
  }),
  'health.action': linux(choice('restart', 'none'), 'What is done with an unhealthy jail.', {
    default: 'restart',
    live: true,
    note: 'restart: it gets SIGTERM, after stop.timeout SIGKILL, and that is a failure as any other: see restart.',
  }),
};
