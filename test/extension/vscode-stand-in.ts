/** A stand-in for `vscode`, for what the extension says in it: English texts, and a window whose answers a spec gives. */
import { registerHooks } from 'node:module';

type Parts = Record<string, (...args: never[]) => unknown>;

/** What a spec answers in VS Code's place, by room and name; what is missing there is undefined for the extension. */
export interface StandIn {
  window: Parts;
  workspace: Record<string, unknown>;
  commands: Parts;
  tests: Parts;
}

const place = Symbol.for('test/extension/vscode-stand-in.ts');
const standIn: StandIn = { window: {}, workspace: {}, commands: {}, tests: {} };
Object.assign(globalThis, { [place]: standIn });

/** One module for all suites that use this: what they have loaded stays loaded, and keeps it. */
const source = `
const standIn = globalThis[Symbol.for('test/extension/vscode-stand-in.ts')];
const room = (name) => new Proxy({}, { get: (_, key) => standIn[name][key] });
export const window = room('window');
export const workspace = room('workspace');
export const commands = room('commands');
export const tests = room('tests');
export const ConfigurationTarget = { Global: 1, Workspace: 2, WorkspaceFolder: 3 };
export const TestRunProfileKind = { Run: 1, Debug: 2 };
export const env = { language: 'en', sessionId: 'session' };
export const l10n = {
  t: (message, ...args) => message.replace(/\\{(\\d)\\}/g, (_, index) => String(args[Number(index)])),
};
export class Uri {}
export class Disposable {
  static from(...all) { return new Disposable(() => all.forEach((each) => each.dispose())); }
  constructor(end) { this.dispose = end; }
}
export class EventEmitter {
  #listeners = new Set();
  event = (listener) => {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  };
  fire(event) { for (const each of [...this.#listeners]) each(event); }
  dispose() { this.#listeners.clear(); }
}
export class CancellationTokenSource {
  token = { isCancellationRequested: false, onCancellationRequested: () => ({ dispose: () => undefined }) };
  cancel() {}
}
export class TreeItem {
  constructor(label) { this.label = label; }
}
export class ThemeIcon {}
export class ThemeColor {}
export const TreeItemCollapsibleState = { None: 0, Collapsed: 1, Expanded: 2 };
export const QuickPickItemKind = { Separator: -1, Default: 0 };
export const QuickInputButtons = { Back: {} };
export const ProgressLocation = { Notification: 15 };
`;
const url = `data:text/javascript,${encodeURIComponent(source)}`;

/** Has the specs of this suite load the extension's modules with the stand-in. @returns what answers */
export function useVscodeStandIn(): StandIn {
  let hooks: ReturnType<typeof registerHooks> | undefined;
  before(() => {
    hooks = registerHooks({
      resolve: (name, context, next) => {
        if (name === 'vscode') return { url, shortCircuit: true };
        const found = next(name, context);
        // Loaded anew: other specs have stand-ins of their own, with which these modules stay loaded.
        return found.url.includes('/src/extension/') ? { ...found, url: `${found.url}?stand-in` } : found;
      },
    });
  });
  beforeEach(() => {
    standIn.window = {
      withProgress: (_options: unknown, task: (progress: unknown, token: unknown) => unknown) =>
        task({ report: () => undefined }, { onCancellationRequested: () => undefined }),
    };
    standIn.workspace = {};
    standIn.commands = {};
    standIn.tests = {};
  });
  after(() => hooks?.deregister());
  return standIn;
}
