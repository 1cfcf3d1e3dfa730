import { Argument, type Command, type Option } from 'commander';
import { commandGroup, commonFlags, usualValues } from '../../flags.ts';
import { print } from '../../terminal/output.ts';

const shells = ['bash', 'zsh'] as const;
type Shell = (typeof shells)[number];

export function completionCommand(): Command {
  return commandGroup(
    'completion',
    'print a shell completion script',
    'Prints a script that lets your shell complete commands, flags, and known values.',
    [
      'eval "$(cm-relay completion bash)"      in ~/.bashrc',
      'eval "$(cm-relay completion zsh)"       in ~/.zshrc, after compinit',
    ],
    'type cm-relay and press Tab.',
  )
    .addArgument(new Argument('<shell>', 'bash or zsh').choices(shells))
    .action(async (shell: Shell, _options: object, command: Command) => {
      const program = command.parent ?? command;
      await print(shell === 'bash' ? bashScript(program) : zshScript(program));
    });
}

interface Word {
  readonly word: string;
  readonly meaning: string;
}

type Values = readonly string[] | 'files' | 'folders' | 'none';

interface Place {
  readonly words: readonly string[];
  readonly next: readonly Word[];
  readonly flags: readonly {
    readonly names: readonly string[];
    readonly values: Values;
  }[];
}

function placesOf(program: Command): Place[] {
  const commands = program.commands.map(wordOf);
  const help: Place = { words: ['help'], next: commands, flags: [] };
  return [...placesBelow(program, []), help];
}

function placesBelow(command: Command, words: readonly string[]): Place[] {
  const choices = command.registeredArguments[0]?.argChoices ?? [];
  const own: Place = {
    words,
    next: [
      ...command.commands.map(wordOf),
      ...(words.length === 0 ? [{ word: 'help', meaning: 'show help for a command' }] : []),
      ...choices.map((word) => ({ word, meaning: command.registeredArguments[0]?.description ?? '' })),
      ...flagWords(command),
    ],
    flags: shownFlags(command)
      .filter(takesValue)
      .map((option) => ({ names: namesOf(option), values: valuesOf(option) })),
  };
  return [own, ...command.commands.flatMap((each) => placesBelow(each, [...words, each.name()]))];
}

const wordOf = (command: Command): Word => ({ word: command.name(), meaning: command.summary() });

function shownFlags(command: Command): readonly Option[] {
  return [...command.options, ...(command.parent === null ? [] : commonFlags())];
}

function flagWords(command: Command): Word[] {
  const own = shownFlags(command).flatMap((option) =>
    option.long === undefined ? [] : [{ word: option.long, meaning: option.description }],
  );
  return [...own, { word: '--help', meaning: 'show help with examples' }];
}

const takesValue = (option: Option): boolean => option.required || option.optional;
const namesOf = ({ short, long }: Option): string[] => [short, long].filter((name) => name !== undefined);

function valuesOf(option: Option): Values {
  const { argChoices, flags } = option;
  const known = argChoices ?? usualValues.get(option);
  return known ?? (/<(?:file|kind=file)>/.test(flags) ? 'files' : /<folder>/.test(flags) ? 'folders' : 'none');
}

/** File names may contain spaces, and readline adds a slash to folders. */
function bashOffer(values: Values): string {
  if (typeof values !== 'string') return `COMPREPLY=($(compgen -W ${quoted(values.join(' '))} -- "$current"))`;
  if (values === 'none') return 'COMPREPLY=()';
  const flag = values === 'files' ? '-f' : '-d';
  return `local IFS=$'\\n'; compopt +o default -o filenames 2>/dev/null; COMPREPLY=($(compgen ${flag} -- "$current"))`;
}

const zshOffer = (values: Values): string =>
  typeof values !== 'string'
    ? `compadd -- ${values.map(quoted).join(' ')}`
    : { files: '_files', folders: '_files -/', none: ':' }[values];

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const placeLines = (places: readonly Place[], before: string): string => {
  const known = places.filter(({ words }) => words.length > 0).map(({ words }) => quoted(words.join(' ')));
  return `  for word in ${before}; do
    case "\${at:+$at }$word" in ${known.join('|')}) at="\${at:+$at }$word";; esac
  done`;
};

function bashScript(program: Command): string {
  const places = placesOf(program);
  const values = places.flatMap(({ words, flags }) =>
    flags.map(({ names, values }) => {
      const cases = names.map((name) => quoted(`${words.join(' ')} ${name}`)).join('|');
      return `    ${cases}) ${bashOffer(values)};;`;
    }),
  );
  const next = places.map(
    ({ words, next }) => `    ${quoted(words.join(' '))}) known=${quoted(next.map(({ word }) => word).join(' '))};;`,
  );
  return `# cm-relay, version ${program.version() ?? ''}: completion for bash
_cm_relay() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" at='' known='' word lead=''
  COMPREPLY=()
${placeLines(places, '"${COMP_WORDS[@]:1:COMP_CWORD-1}"')}
  # A value behind "=" is a word of its own where "=" divides words, as it does by default.
  if [ "$current" = '=' ]; then current=''
  elif [ "$before" = '=' ]; then before="\${COMP_WORDS[COMP_CWORD-2]}"
  elif [[ "$current" == --*=* ]]; then
    before="\${current%%=*}" lead="\${current%%=*}=" current="\${current#*=}"
  fi
  local isValue=1
  case "$at $before" in
${values.join('\n')}
    *) isValue='';;
  esac
  if [ -n "$isValue" ]; then
    COMPREPLY=("\${COMPREPLY[@]/#/$lead}")
    return
  fi
  case "$at" in
${next.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$known" -- "$current"))
}
complete -o default -F _cm_relay cm-relay
`;
}

function zshScript(program: Command): string {
  const places = placesOf(program);
  const described = (words: readonly Word[]): string =>
    words.map(({ word, meaning }) => quoted(`${word.replaceAll(':', '\\:')}:${meaning}`)).join(' ');
  const values = places.flatMap(({ words, flags }) =>
    flags.map(({ names, values }) => {
      const cases = names.map((name) => quoted(`${words.join(' ')} ${name}`)).join('|');
      return `    ${cases}) ${zshOffer(values)}; return;;`;
    }),
  );
  const next = places.map(({ words, next }) => `    ${quoted(words.join(' '))}) known=(${described(next)});;`);
  return `#compdef cm-relay
# cm-relay, version ${program.version() ?? ''}: completion for zsh
_cm_relay() {
  local at='' before="\${words[CURRENT-1]}" word
  local -a known
${placeLines(places, '"${(@)words[2,CURRENT-1]}"')}
  if [[ "\${words[CURRENT]}" == --*=* ]]; then
    before="\${words[CURRENT]%%=*}"
    compset -P '*='
  fi
  case "$at $before" in
${values.join('\n')}
  esac
  case "$at" in
${next.join('\n')}
  esac
  _describe 'cm-relay' known
  _files
}
compdef _cm_relay cm-relay
`;
}
