/** What a command string of a configuration file comes to. */
export interface Command {
  readonly argv: readonly string[];
  /** Not waited for. */
  readonly background: boolean;
}

const SPECIAL = /[!"$&'()*;<>?[\\\]`{|}~]/;

/**
 * A command string as jail(8) runs it: by `/bin/sh -c` when it has a character that is special to the shell, else split
 * at blanks. A single `&` at the very end, with nothing else special, is taken off and means "in the background".
 * Null when there is nothing to run. Neither `=` nor `#` is special, so `A=1 cmd` looks for a program "A=1".
 */
export function commandArgv(text: string): Command | null {
  const background = text.endsWith('&') && !SPECIAL.test(text.slice(0, -1));
  const plain = background ? text.slice(0, -1) : text;
  if (SPECIAL.test(plain)) return { argv: ['/bin/sh', '-c', text], background: false };
  const argv = plain.split(/[ \t\f\v\r\n]+/).filter((word) => word !== '');
  return argv.length === 0 ? null : { argv, background };
}

/** A line of passwd(5), as far as an environment needs it. */
export interface Login {
  readonly name: string;
  readonly home: string;
  readonly shell: string;
}

/** A jail as its commands see it. */
export interface CommandJail {
  readonly jid: number;
  readonly name: string;
  readonly path: string;
}

export interface EnvironmentOptions {
  /** `exec.clean`. */
  readonly clean: boolean;
  /** TERM of the client that asked, if it has one. */
  readonly term?: string;
}

type Environment = Readonly<Record<string, string>>;

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** What jail(8) gives with exec.clean. */
const CLEAN_PATH = '/bin:/usr/bin';
const ROOT: Login = { name: 'root', home: '/root', shell: '/bin/sh' };

const login = ({ name, home, shell }: Login): Environment => ({ HOME: home, SHELL: shell, USER: name });

/** jail(8) adds these to the caller's environment; with exec.clean there is nothing of the jail in it. */
function common(jail: CommandJail, { clean, term }: EnvironmentOptions): Environment {
  const about = { JID: String(jail.jid), JNAME: jail.name, JPATH: jail.path };
  return {
    PATH: clean ? CLEAN_PATH : PATH,
    ...(term !== undefined && term !== '' && { TERM: term }),
    ...(clean ? {} : about),
  };
}

/**
 * The whole environment of a hook on the host. Where jail(8) hands on its caller's environment, jaild's own never gets
 * this far: it belongs to the service manager, may hold secrets, and would make a hook depend on how jaild was started.
 * @param user whom it runs as (`exec.system_user`), root when not given
 */
export function hostEnvironment(
  jail: CommandJail,
  options: EnvironmentOptions,
  user: Login = ROOT,
): Environment {
  return { ...common(jail, options), ...login(user) };
}

/**
 * The whole environment of commands inside, made anew: nothing of the host's gets in. HOME, SHELL and USER come from
 * the jail's own passwd, which only the jailer reads (`login` in the plan), so they are asked for there.
 * @param exec `exec.env`, NAME=VALUE, which has the last word
 */
export function jailEnvironment(
  jail: CommandJail,
  options: EnvironmentOptions,
  exec: readonly string[] = [],
): Environment {
  const own = exec.map((setting) => {
    const equals = setting.indexOf('=');
    return [setting.slice(0, equals), setting.slice(equals + 1)] as const;
  });
  return { ...common(jail, options), ...Object.fromEntries(own) };
}
