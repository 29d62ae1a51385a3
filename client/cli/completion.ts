/** `completion`: a script for the shell, made from the same table as the help. */

import type { Call } from './call.ts';
import { type CommandSpec, nameOf, type OptionSpec } from './command-spec.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { HELP_TOPICS } from './help-topics.ts';
import { layout, safe } from './safe-text.ts';
import { globalOptions } from './specs/global-options.ts';
import { commands } from './specs/index.ts';

/** After which words which words may follow. */
interface Step {
  readonly path: string;
  readonly words: readonly (readonly [string, string])[];
}

const SHELLS = { bash, zsh, fish } as const;

export async function completion(call: Call): Promise<ExitCode> {
  const shell = call.flags.choice('shell', ['bash', 'zsh', 'fish'] as const) ?? 'bash';
  const script = SHELLS[shell](steps());
  call.printer.text(layout(safe(''), () => script.trimEnd()));
  return EXIT.ok;
}

function steps(): readonly Step[] {
  return [
    { path: '', words: [...commands.map(wordOf), ...optionWords(globalOptions)] },
    ...commands.flatMap((spec) => stepsOf(spec, nameOf(spec))),
  ];
}

function stepsOf(spec: CommandSpec, path: string): readonly Step[] {
  const choices = Object.values(spec.positionals ?? {}).flatMap((each) => each.choices ?? []);
  const topics = path === 'help' ? [...HELP_TOPICS, ...commands.map(nameOf)] : [];
  return [
    {
      path,
      words: [
        ...(spec.commands ?? []).map(wordOf),
        ...[...choices, ...topics].map((word) => [word, ''] as const),
        ...optionWords(spec.options ?? {}),
      ],
    },
    ...(spec.commands ?? []).flatMap((each) => stepsOf(each, `${path} ${nameOf(each)}`)),
  ];
}

function wordOf(spec: CommandSpec): readonly [string, string] {
  return [nameOf(spec), spec.describe];
}

function optionWords(options: Readonly<Record<string, OptionSpec>>): readonly (readonly [string, string])[] {
  return Object.entries(options).map(([name, { describe }]) => [`--${name}`, describe]);
}

function bash(all: readonly Step[]): string {
  const cases = all.map(
    ({ path, words }) => `    ${quote(path)}) words=${quote(words.map(([word]) => word).join(' '))} ;;`,
  );
  const paths = all.map(({ path }) => quote(path)).join('|');
  return `# bash completion of intechat
_intechat() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" path="" next word words=""
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    case "$next" in
      ${paths}) path="$next" ;;
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _intechat intechat
`;
}

function zsh(all: readonly Step[]): string {
  const cases = all.map(({ path, words }) => {
    const entries = words.map(([word, what]) => quote(`${word.replaceAll(':', '\\:')}:${what}`));
    return `    ${quote(path)}) words_here=(${entries.join(' ')}) ;;`;
  });
  const paths = all.map(({ path }) => quote(path)).join('|');
  return `#compdef intechat
# zsh completion of intechat
_intechat() {
  local place="" next word
  local -a words_here
  for word in "\${(@)words[2,CURRENT-1]}"; do
    next="\${place:+$place }$word"
    case "$next" in
      ${paths}) place="$next" ;;
    esac
  done
  case "$place" in
${cases.join('\n')}
  esac
  _describe intechat words_here || _files
}
compdef _intechat intechat
`;
}

function fish(all: readonly Step[]): string {
  const lines = all.flatMap(({ path, words }) => {
    const condition =
      path === ''
        ? '__fish_use_subcommand'
        : path
            .split(' ')
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join('; and ');
    return words.map(([word, what]) => {
      const what_ = what === '' ? '' : ` -d ${quote(what)}`;
      const target = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`;
      return `complete -c intechat -n ${quote(condition)} ${target}${what_}`;
    });
  });
  return ['# fish completion of intechat', ...lines, ''].join('\n');
}

/** For a shell: nothing inside means anything. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
