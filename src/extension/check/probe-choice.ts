import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { RunProbes } from '../../check/run-probes.ts';
import type { SecretMask } from '../../common/masking.ts';
import { prefix } from '../prefix.ts';
import { problemOfUrl } from '../destinations/callback-url.ts';
import { CommandError } from '../ui/command-error.ts';
import { placeOf } from '../ui/phrases.ts';
import { printable } from '../ui/printable.ts';
import { askChoice, askText } from '../ui/questions.ts';
import { ifAnswered, inSteps, type Step } from '../ui/steps.ts';
import type * as engineModule from './engine.ts';

type Engine = typeof engineModule;

export interface ProbeChoice {
  readonly counts:
    | { readonly kind: 'nothing' }
    /** `value` is a CEL expression on the response, empty if the response is the number. */
    | { readonly kind: 'url'; readonly url: string; readonly value: string }
    | { readonly kind: 'command'; readonly line: string };
  /** URL of a page that shows the contacts; empty if there is none. */
  readonly kept: string;
}

const keptKey = `${prefix}.probes`;

/** By destination URL, in the workspace state, which the workspace's files can't change. */
type Kept = Readonly<Record<string, ProbeChoice>>;

export function chosenProbe(state: vscode.Memento, url: string): ProbeChoice | undefined {
  return state.get<Kept>(keptKey, {})[url];
}

interface Known {
  readonly kind: ProbeChoice['counts']['kind'];
  readonly url: string;
  readonly value: string;
  readonly line: string;
  readonly kept: string;
}

export async function askProbe(state: vscode.Memento, url: string): Promise<ProbeChoice | undefined> {
  const engine = await import('./engine.ts');
  const { counts, kept } = chosenProbe(state, url) ?? { counts: { kind: 'nothing' }, kept: '' };
  const known = await inSteps<Known>(
    say('Contact count of {0}', placeOf(url)),
    { url: '', value: '', line: '', ...counts, kept },
    ({ kind }) => [
      askKind,
      ...(kind === 'url' ? [askUrl, askValue(engine)] : kind === 'command' ? [askCommand] : []),
      askKept,
    ],
  );
  if (known === undefined) return undefined;
  const choice: ProbeChoice = { counts: countsOf(known), kept: known.kept };
  await state.update(keptKey, { ...state.get<Kept>(keptKey, {}), [url]: choice });
  return choice;
}

function countsOf({ kind, url, value, line }: Known): ProbeChoice['counts'] {
  switch (kind) {
    case 'nothing':
      return { kind };
    case 'url':
      return { kind, url, value };
    case 'command':
      return { kind, line };
  }
}

const askKind: Step<Known> = async ({ kind: before }, place) => {
  const items = [
    {
      label: say('None'),
      detail: say('Checks that need the contact count remain undecided.'),
      counts: 'nothing' as const,
    },
    {
      label: say('URL'),
      detail: say('Returns the number of contacts, as plain text or in JSON.'),
      counts: 'url' as const,
    },
    ...(vscode.workspace.isTrusted
      ? [
          {
            label: say('Command'),
            detail: say('Runs in your shell and prints the number of contacts.'),
            counts: 'command' as const,
          },
        ]
      : []),
  ];
  const answer = await askChoice(place, {
    placeholder: say('How do you count contacts?'),
    items,
    active: items.find(({ counts }) => counts === before),
  });
  return ifAnswered(answer, ({ counts }) => ({ kind: counts }));
};

const askUrl: Step<Known> = async ({ url: value }, place) => {
  const answer = await askText(place, {
    prompt: say('URL that returns the number of contacts, such as http://localhost:3000/contacts/count'),
    value,
    check: problemOfPage,
  });
  return ifAnswered(answer, (url) => ({ url }));
};

function askValue({ ExpressionError, readProbeValue }: Engine): Step<Known> {
  return async ({ value }, place) => {
    const answer = await askText(place, {
      prompt: say(
        'CEL expression for the number, such as answer.json.count or size(answer.json). Leave empty if the answer is only the number',
      ),
      value,
      check: (text) => {
        if (text === '') return undefined;
        try {
          readProbeValue(text);
          return undefined;
        } catch (error) {
          if (error instanceof ExpressionError) return printable(error.message);
          throw error;
        }
      },
    });
    return ifAnswered(answer, (text) => ({ value: text }));
  };
}

const askCommand: Step<Known> = async ({ line: value }, place) => {
  const answer = await askText(place, {
    prompt: say(
      'Command that prints the number of contacts. It runs in the first workspace folder, or in your home folder if no folder is open',
    ),
    value,
    check: (text) => (text === '' ? say('Enter a command that prints a number.') : undefined),
  });
  return ifAnswered(answer, (line) => ({ line }));
};

const askKept: Step<Known> = async ({ kept: value }, place) => {
  const answer = await askText(place, {
    prompt: say(
      'URL of a page that shows your stored contacts, such as http://localhost:3000/contacts. Leave empty if you don’t have such a page',
    ),
    value,
    check: (text) => (text === '' ? undefined : problemOfPage(text)),
  });
  return ifAnswered(answer, (kept) => ({ kept }));
};

function problemOfPage(text: string): string | undefined {
  return problemOfUrl(text, say('Leave out the user name and password: the URL is stored as entered'));
}

/** @throws CommandError if the count is a command and the workspace isn't trusted */
export function probeOf(
  { counts, kept }: ProbeChoice,
  { urlProbe, commandProbe, keptPage }: Engine,
  mask: SecretMask,
): RunProbes {
  const page = kept === '' ? null : keptPage({ url: kept, mask });
  switch (counts.kind) {
    case 'nothing':
      return { probe: null, kept: page };
    case 'url':
      return {
        probe: urlProbe({ url: counts.url, value: counts.value === '' ? undefined : counts.value, mask }),
        kept: page,
      };
    case 'command':
      if (!vscode.workspace.isTrusted) throw untrusted(say('The contact count is a command'));
      return {
        probe: commandProbe(counts.line, vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? homedir(), mask),
        kept: page,
      };
  }
}

export function untrusted(what: string): CommandError {
  return new CommandError(
    say('{0}, but this workspace isn’t trusted', what),
    say('The command didn’t run. Trust the workspace (Workspaces: Manage Workspace Trust), and then try again.'),
  );
}

export function probeWords({ counts, kept }: ProbeChoice): string {
  const parts = [
    counts.kind === 'url'
      ? [placeOf(counts.url), printable(counts.value, 100)].filter((part) => part !== '').join(' ')
      : counts.kind === 'command'
        ? printable(counts.line, 200)
        : '',
    kept === '' ? '' : placeOf(kept),
  ].filter((part) => part !== '');
  return parts.length === 0 ? say('none: checks that need your data remain undecided') : parts.join(' · ');
}
