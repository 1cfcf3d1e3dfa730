import * as vscode from 'vscode';
import { printable, unlinked } from './printable.ts';
import { back, type Answer, type StepPlace } from './steps.ts';

export function alone(title: string): StepPlace {
  return { title, step: 1, totalSteps: 1 };
}

export async function only<T>(asked: Promise<Answer<T>>): Promise<T | undefined> {
  const answer = await asked;
  return answer === back ? undefined : answer;
}

export interface TextQuestion {
  readonly prompt?: string;
  readonly value?: string | undefined;
  readonly placeholder?: string;
  readonly password?: boolean;
  readonly exact?: boolean;
  /** Returns what is wrong with the text; undefined if it is valid. */
  readonly check: (text: string) => string | undefined;
}

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
  readonly items: readonly Item[] | ((typed: string) => readonly Item[]);
  readonly active?: Item | undefined;
  readonly matchOnDescription?: boolean;
}

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
  /** Items with `picked` are initially selected. The signal is aborted if the user cancels while they load. */
  readonly items: (signal: AbortSignal) => readonly Item[] | Promise<readonly Item[]>;
  readonly check: (chosen: readonly Item[]) => string | undefined;
  readonly none?: string;
  readonly signal?: AbortSignal;
  /** Accepts the selection like Enter, and starts a further question. */
  readonly further?: { readonly button: vscode.QuickInputButton; readonly pressed: () => void };
}

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
  /** A picker has no place for errors, so show them above the items. */
  const showProblem = (text: string | undefined): void => {
    if (text === problem) return;
    problem = text;
    const selected = pick.selectedItems;
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
      // The placeholder is visible only without input.
      pick.value = '';
      showProblem(wrong);
      return false;
    };
    if (further !== undefined) pick.buttons = [...pick.buttons, further.button];
    return [
      pick.onDidChangeSelection((chosen) => {
        if (problem !== undefined && check(chosen) === undefined) showProblem(undefined);
      }),
      pick.onDidAccept(accept),
      pick.onDidTriggerButton((button) => {
        if (button === further?.button && accept()) further.pressed();
      }),
    ];
  });
}

/**
 * Milliseconds that an answered question stays if no other replaces it: longer than a key is held down. Otherwise the
 * key's release reaches what gets the focus, and a step of VS Code's walkthrough takes the focus from the next question
 * 250 ms later.
 */
const lingerMs = 300;

let closeAnswered = (): void => undefined;

function shown<T>(
  input: vscode.QuickPick<vscode.QuickPickItem> | vscode.InputBox,
  { title, step, totalSteps }: StepPlace,
  listen: (
    settle: (answer: Answer<T>) => void,
    fail: (error: Error) => void,
    ended: AbortSignal,
  ) => readonly vscode.Disposable[],
): Promise<Answer<T>> {
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
