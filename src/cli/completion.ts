import { describeParams } from '../config/manual/describe.js';
import type { Command } from './command.js';

/** What a shell needs to know of a command, in words without blanks. */
interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly completes: Command['completes'];
  readonly flags: readonly {
    readonly long: string;
    readonly short: string | undefined;
    readonly summary: string;
  }[];
}

function entries(commands: readonly Command[]): readonly Entry[] {
  return commands.map(({ name, summary, completes, options }) => ({
    name,
    summary,
    completes,
    flags: Object.entries(options).map(([long, { short, summary: text }]) => ({
      long,
      short,
      summary: text,
    })),
  }));
}

const flagWords = ({ flags }: Entry): string =>
  flags.flatMap(({ long, short }) => [`--${long}`, ...(short === undefined ? [] : [`-${short}`])]).join(' ');

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const JAILS = 'jailctl list --quiet 2>/dev/null';
const choices = {
  jail: `$(${JAILS})`,
  parameter: '$_jailctl_parameters',
  command: '$_jailctl_commands',
  shell: 'bash zsh fish',
};

function bash(list: readonly Entry[]): string {
  const cases = list.map((entry) => {
    const words =
      entry.completes === undefined || entry.completes === 'file' ? '' : ` ${choices[entry.completes]}`;
    const files = entry.completes === 'file' ? '; _jailctl_files=1' : '';
    return `    ${entry.name}) words="${flagWords(entry)}${words}"${files} ;;`;
  });
  return `# bash completion for jailctl, jail and jexec
_jailctl_commands=${quote(list.map(({ name }) => name).join(' '))}
_jailctl_parameters=${quote(parameterNames().join(' '))}
_jailctl() {
  local current=\${COMP_WORDS[COMP_CWORD]} at=1 words _jailctl_files=
  case \${COMP_WORDS[1]} in --prefix) at=3 ;; --prefix=*) at=2 ;; esac
  if (( COMP_CWORD <= at )); then
    COMPREPLY=($(compgen -W "$_jailctl_commands" -- "$current"))
    return
  fi
  case \${COMP_WORDS[at]} in
${cases.join('\n')}
    *) words= ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ -n $_jailctl_files ]] && COMPREPLY+=($(compgen -f -- "$current"))
}
_jailctl_names() {
  COMPREPLY=($(compgen -W "$(${JAILS})" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _jailctl jailctl
complete -F _jailctl_names jail jexec
`;
}

function zsh(list: readonly Entry[]): string {
  const action = {
    jail: `compadd -- \${(f)"$(${JAILS})"}`,
    parameter: 'compadd -- $parameters_of_jails',
    command: '_describe command commands',
    shell: 'compadd bash zsh fish',
    file: '_files',
  };
  const cases = list.map((entry) => {
    const flags = entry.flags.map(({ long, summary }) => quote(`--${long}:${summary.replaceAll(':', '')}`));
    const flagLine = flags.length === 0 ? '' : `flags=(${flags.join(' ')}); _describe -o option flags; `;
    return `    ${entry.name}) ${flagLine}${entry.completes === undefined ? ':' : action[entry.completes]} ;;`;
  });
  return `#compdef jailctl
local -a commands flags parameters_of_jails
commands=(
${list.map(({ name, summary }) => `  ${quote(`${name}:${summary.replaceAll(':', '')}`)}`).join('\n')}
)
parameters_of_jails=(${parameterNames().join(' ')})
if (( CURRENT == 2 )); then
  _describe command commands
else
  case $words[2] in
${cases.join('\n')}
  esac
fi
`;
}

function fish(list: readonly Entry[]): string {
  const lines = list.flatMap(({ name, summary, completes, flags }) => {
    const when = `-c jailctl -n '__fish_seen_subcommand_from ${name}'`;
    const words = { jail: `(${JAILS})`, parameter: parameterNames().join(' '), shell: 'bash zsh fish' };
    return [
      `complete -c jailctl -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
      ...flags.map(
        ({ long, short, summary: text }) =>
          `complete ${when} -l ${long}${short === undefined ? '' : ` -s ${short}`} -d ${quote(text)}`,
      ),
      ...(completes === 'file' ? [`complete ${when} -F`] : []),
      ...(completes === undefined || completes === 'file'
        ? []
        : [
            `complete ${when} -a '${completes === 'command' ? list.map((one) => one.name).join(' ') : words[completes]}'`,
          ]),
    ];
  });
  return `# fish completion for jailctl\ncomplete -c jailctl -f\n${lines.join('\n')}\n`;
}

const parameterNames = (): readonly string[] => describeParams().map(({ name }) => name);

export const shells = { bash, zsh, fish } as const;
export type Shell = keyof typeof shells;

/** The completion script of a shell, from the tables of commands and parameters. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  return shells[shell](entries(commands));
}
