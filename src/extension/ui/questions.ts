/** Questions in VS Code's quick input, each a step or alone: for a text, for one of some, for any number of some. */
import * as vscode from 'vscode';
import { printable, unlinked } from './printable.ts';
import { back } from './steps.ts';
import type { Answer, StepPlace } from './steps.ts';

/** The place of a question that is none of several steps. */
export function alone(title: string): StepPlace {
  return { title, step: 1, totalSteps: 1 };
}

/** The answer to such a question, from which nothing leads back; undefined where the user gave up. */
export async function only<T>(asked: Promise<Answer<T>>): Promise<T | undefined> {
  const answer = await asked;
  return answer === back ? undefined : answer;
}

export interface TextQuestion {
  readonly prompt?: string;
  readonly value?: string | undefined;
  readonly placeholder?: string;
  readonly password?: boolean;
  /** Whether blanks around the text belong to it. */
  readonly exact?: boolean;
  /** @returns what is wrong with the text, blanks around it left out unless they belong to it; undefined where nothing is */
  readonly check: (text: string) => string | undefined;
}

/** Asks for a text. Resolves to it without blanks around it, unless they belong to it. */
export function askText(
  place: StepPlace,
  { prompt, value = '', placeholder, password = false, exact = false, check }: TextQuestion,
): Promise<Answer<string>> {
  const box = vscode.window.createInputBox();
  const typed = (): string => (exact ? box.value : box.value.trim());
  box.placeholder = placeholder;
  if (prompt !== undefined) box.prompt = unlinked(prompt);
  box.value = value;
  box.password = password;
  return shown(box, place, (settle) => [
    box.onDidChangeValue(() => {
      box.validationMessage = check(typed());
    }),
    box.onDidAccept(() => {
      const text = typed();
      box.validationMessage = check(text);
      if (box.validationMessage === undefined) settle(text);
    }),
  ]);
}

export interface ChoiceQuestion<Item extends vscode.QuickPickItem> {
  readonly placeholder: string;
  /** The same always, or what is offered for what is typed. */
  readonly items: readonly Item[] | ((typed: string) => readonly Item[]);
  /** The one that Enter takes. */
  readonly active?: Item | undefined;
  /** Whether what is typed is sought in the descriptions, too. */
  readonly matchOnDescription?: boolean;
}

/** Asks for one of some. */
export function askChoice<Item extends vscode.QuickPickItem>(
  place: StepPlace,
  { placeholder, items, active, matchOnDescription = false }: ChoiceQuestion<Item>,
): Promise<Answer<Item>> {
  const pick = vscode.window.createQuickPick<Item>();
  pick.placeholder = placeholder;
  pick.matchOnDescription = matchOnDescription;
  pick.items = typeof items === 'function' ? items('') : items;
  if (active !== undefined) pick.activeItems = [active];
  return shown(pick, place, (settle) => [
    pick.onDidChangeValue((typed) => {
      if (typeof items === 'function') pick.items = items(typed);
    }),
    pick.onDidAccept(() => {
      const [item] = pick.activeItems;
      if (item !== undefined) settle(item);
    }),
  ]);
}

export interface ChoicesQuestion<Item extends vscode.QuickPickItem> {
  readonly placeholder: string;
  /** Those whose `picked` is true are ticked at the beginning. What they are read by is ended where the user gives up. */
  readonly items: (signal: AbortSignal) => readonly Item[] | Promise<readonly Item[]>;
  /** @returns what is wrong with what is ticked, which is said in the picker, and it stays; undefined where nothing is */
  readonly check: (chosen: readonly Item[]) => string | undefined;
  /** What stands there where there are no items. */
  readonly none?: string;
  /** Closes the picker as if the user gave up. */
  readonly signal?: AbortSignal;
  /** Beside the title: takes what is ticked as Enter does, and has something further asked. */
  readonly further?: { readonly button: vscode.QuickInputButton; readonly pressed: () => void };
}

/**
 * Asks for any number of some.
 * @throws what reading the items throws
 */
export function askChoices<Item extends vscode.QuickPickItem>(
  place: StepPlace,
  { placeholder, items, check, none = placeholder, signal, further }: ChoicesQuestion<Item>,
): Promise<Answer<readonly Item[]>> {
  const pick = vscode.window.createQuickPick<Item>();
  pick.placeholder = placeholder;
  pick.canSelectMany = true;
  pick.matchOnDescription = true;
  let offered: readonly Item[] = [];
  let problem: string | undefined;
  /** What is wrong stands above the items: a picker has no other place for it. */
  const say = (text: string | undefined): void => {
    if (text === problem) return;
    problem = text;
    const selected = pick.selectedItems;
    // A separator is an item of VS Code's that cannot be chosen.
    const warning = { label: text ?? '', kind: vscode.QuickPickItemKind.Separator } as unknown as Item;
    pick.placeholder = text ?? placeholder;
    pick.items = text === undefined ? offered : [warning, ...offered];
    pick.selectedItems = selected;
  };
  return shown(pick, place, (settle, fail, ended) => {
    const read = Promise.resolve(items(ended));
    pick.busy = true;
    read.then(
      (all) => {
        if (ended.aborted) return;
        offered = all;
        pick.items = all;
        pick.placeholder = all.length === 0 ? none : placeholder;
        pick.selectedItems = all.filter(({ picked }) => picked === true);
        pick.busy = false;
      },
      (error: unknown) => fail(error as Error),
    );
    const close = (): void => settle(undefined);
    signal?.addEventListener('abort', close, { signal: ended });
    if (signal?.aborted === true) close();
    const accept = (): boolean => {
      if (pick.busy) return false;
      const wrong = check(pick.selectedItems);
      if (wrong === undefined) {
        settle(pick.selectedItems);
        return true;
      }
      // The placeholder is seen where nothing is typed.
      pick.value = '';
      say(wrong);
      return false;
    };
    if (further !== undefined) pick.buttons = [...pick.buttons, further.button];
    return [
      pick.onDidChangeSelection((chosen) => {
        if (problem !== undefined && check(chosen) === undefined) say(undefined);
      }),
      pick.onDidAccept(accept),
      pick.onDidTriggerButton((button) => {
        if (button === further?.button && accept()) further.pressed();
      }),
    ];
  });
}

/**
 * How long a question stays once it is answered, where no other takes its place, in milliseconds: longer than a key is held
 * down. Else what gets the focus back hears of the key's end, and a step of VS Code's walkthrough then takes the focus from
 * the next question, a quarter of a second later. `showQuickPick` and `showInputBox` do not wait.
 */
const lingerMs = 300;

/** Closes the question that was answered last. */
let closeAnswered = (): void => undefined;

/** Shows an input until it is answered or left. */
function shown<T>(
  input: vscode.QuickPick<vscode.QuickPickItem> | vscode.InputBox,
  { title, step, totalSteps }: StepPlace,
  listen: (
    settle: (answer: Answer<T>) => void,
    fail: (error: Error) => void,
    ended: AbortSignal,
  ) => readonly vscode.Disposable[],
): Promise<Answer<T>> {
  // One question alone is no sequence.
  if (totalSteps > 1) Object.assign(input, { step, totalSteps });
  if (step > 1) input.buttons = [vscode.QuickInputButtons.Back];
  input.title = printable(title);
  input.ignoreFocusOut = true;
  return new Promise((resolve, reject) => {
    const ended = new AbortController();
    const disposables: vscode.Disposable[] = [];
    const stop = (): void => {
      ended.abort();
      for (const each of disposables) each.dispose();
    };
    const end = (): void => {
      stop();
      input.dispose();
    };
    const settle = (answer: Answer<T>): void => {
      if (ended.signal.aborted) return;
      if (answer === undefined) end();
      else {
        stop();
        const timer = setTimeout(() => input.dispose(), lingerMs);
        closeAnswered = () => {
          clearTimeout(timer);
          input.dispose();
        };
      }
      resolve(answer);
    };
    const fail = (error: Error): void => {
      if (ended.signal.aborted) return;
      end();
      reject(error);
    };
    disposables.push(
      input.onDidTriggerButton((button) => {
        if (button === vscode.QuickInputButtons.Back) settle(back);
      }),
      input.onDidHide(() => settle(undefined)),
    );
    disposables.push(...listen(settle, fail, ended.signal));
    if (ended.signal.aborted) return;
    input.show();
    closeAnswered();
    closeAnswered = () => undefined;
  });
}
