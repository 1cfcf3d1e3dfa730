import { posix } from 'node:path';
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { EnvironmentUse } from '../../check/environment.ts';
import type { ScenarioResult, StepResult } from '../../check/run.ts';
import type { Scenario, ScenarioFile } from '../../check/scenario.ts';
import { prefix } from '../prefix.ts';
import { CommandError } from '../ui/command-error.ts';
import { plainMarkdown, printable } from '../ui/printable.ts';
import { GivenUpError } from '../ui/progress.ts';
import type * as engineModule from './engine.ts';
import { allowedUses, usedAs } from './environment-consent.ts';
import { placesOf } from './scenario-places.ts';
import { noDeadlineMs, prepare, withoutDeadline, type Prepared, type ScenarioParts } from './scenario-run.ts';
import { isNoScenario, noScenarios, scenarioFiles } from './scenario-watch.ts';

type Engine = typeof engineModule;

interface ScenarioKey {
  readonly name: string;
  /** Index among the scenarios with the same name, from 0. */
  readonly among: number;
}

interface Planned {
  readonly items: readonly vscode.TestItem[];
  /** For each item; undefined if the file no longer has it. */
  readonly scenarios: readonly (Scenario | undefined)[];
  readonly prepared: Prepared;
}

interface How {
  readonly stop: AbortController;
  readonly debugging: boolean;
}

const extension = '.cm-scenario.json';

const mostFiles = 200;

export class ScenarioTests {
  readonly #parts: ScenarioParts;
  readonly #scenarios = new WeakMap<vscode.TestItem, ScenarioKey>();
  readonly #files = new Set<string>();
  #reading: Promise<unknown> = Promise.resolve();

  constructor(parts: ScenarioParts) {
    this.#parts = parts;
  }

  begin(watcher: vscode.FileSystemWatcher): void {
    const controller = vscode.tests.createTestController(`${prefix}.scenarios`, say('Callback Scenarios'));
    controller.refreshHandler = () => this.#discover(controller);
    controller.createRunProfile(
      say('Run'),
      vscode.TestRunProfileKind.Run,
      (request, token) => this.#run(controller, request, token),
      true,
    );
    controller.createRunProfile(say('Debug'), vscode.TestRunProfileKind.Debug, (request, token) =>
      this.#run(controller, request, token, true),
    );
    this.#parts.context.subscriptions.push(
      controller,
      watcher.onDidCreate((uri) => void this.#take(controller, uri)),
      watcher.onDidChange((uri) => void this.#take(controller, uri)),
      watcher.onDidDelete((uri) => this.#remove(controller, uri)),
      vscode.workspace.onDidChangeWorkspaceFolders(() => void this.#discover(controller)),
    );
    void this.#discover(controller);
  }

  async #discover(controller: vscode.TestController): Promise<void> {
    // Clear before searching, to keep files that the watcher reports in the meantime.
    controller.items.replace([]);
    this.#files.clear();
    const uris = await vscode.workspace.findFiles(scenarioFiles, noScenarios, mostFiles + 1);
    for (const uri of uris.toSorted((a, b) => a.path.localeCompare(b.path))) await this.#take(controller, uri);
  }

  #take(controller: vscode.TestController, uri: vscode.Uri): Promise<void> {
    if (isNoScenario(uri)) return Promise.resolve();
    const id = uri.toString();
    if (!this.#files.has(id) && this.#files.size >= mostFiles) {
      sayThereAreMore(controller);
      return Promise.resolve();
    }
    this.#files.add(id);
    const taken = this.#reading.then(() => this.#takeNow(controller, uri, id));
    this.#reading = taken.catch(() => undefined);
    return taken;
  }

  async #takeNow(controller: vscode.TestController, uri: vscode.Uri, id: string): Promise<void> {
    const home = this.#files.has(id) ? homeOf(controller, uri) : undefined;
    if (home === undefined) return;
    const item = home.get(id) ?? controller.createTestItem(id, posix.basename(uri.path, extension), uri);
    home.add(item);
    try {
      const { file, text } = await this.#read(uri);
      item.error = undefined;
      const keys = keysOf(file.scenarios);
      const places = placesOf(
        text,
        file.scenarios.map(({ name }) => name),
      );
      item.children.replace(
        keys.map((key, index) => {
          const { name, among } = key;
          const child = controller.createTestItem(JSON.stringify([id, name, among]), printable(name), uri);
          const { line = 0, character = 0 } = places[index] ?? {};
          child.range = new vscode.Range(line, character, line, character);
          child.sortText = String(index).padStart(4, '0');
          this.#scenarios.set(child, key);
          return child;
        }),
      );
    } catch (error) {
      item.children.replace([]);
      const { checkError } = await import('./engine.ts');
      item.error = new vscode.MarkdownString(plainMarkdown(checkError(error)));
    }
  }

  async #read(uri: vscode.Uri): Promise<{ file: ScenarioFile; text: string }> {
    const engine = await import('./engine.ts');
    if (uri.scheme === 'file') return engine.readScenarioFile(uri.fsPath);
    // Another extension's file system can't read only a part.
    const { size } = await vscode.workspace.fs.stat(uri);
    engine.checkLength(size);
    return engine.readScenarioBytes(await vscode.workspace.fs.readFile(uri));
  }

  #remove(controller: vscode.TestController, uri: vscode.Uri): void {
    const id = uri.toString();
    this.#files.delete(id);
    const all = [...itemsIn(controller.items)];
    let item = all.find((each) => each.id === id);
    while (item !== undefined) {
      const { parent } = item;
      (parent?.children ?? controller.items).delete(item.id);
      item = parent !== undefined && parent.children.size === 0 ? parent : undefined;
    }
  }

  async #run(
    controller: vscode.TestController,
    request: vscode.TestRunRequest,
    token: vscode.CancellationToken,
    debugging = false,
  ): Promise<void> {
    const engine = await import('./engine.ts');
    const stop = new AbortController();
    token.onCancellationRequested(() => stop.abort());
    const run = controller.createTestRun(request);
    const excluded = new Set(request.exclude);
    const begin = request.include ?? [...controller.items].map(([, item]) => item);
    const byFile = new Map<string, { uri: vscode.Uri; items: vscode.TestItem[] }>();
    for (const item of new Set(begin.flatMap((each) => [...leavesOf(each, excluded)]))) {
      if (item.uri === undefined) continue;
      run.enqueued(item);
      const id = item.uri.toString();
      const known = byFile.get(id) ?? { uri: item.uri, items: [] };
      known.items.push(item);
      byFile.set(id, known);
    }
    try {
      const how = { stop, debugging };
      const planned: Planned[] = [];
      const inOrder = [...byFile.values()].toSorted((a, b) => a.uri.path.localeCompare(b.uri.path));
      for (const { uri, items } of inOrder) {
        const one = await this.#plan(run, uri, items, how, engine);
        if (one !== undefined) planned.push(one);
      }
      // After canceling, ask nothing more.
      const uses = stop.signal.aborted ? [] : planned.flatMap(({ prepared }) => prepared.uses);
      const isAllowed = await allowedUses(this.#parts.context.workspaceState, uses);
      for (const each of planned) await this.#runFile(run, each, isAllowed, how, engine);
    } finally {
      run.end();
    }
  }

  async #plan(
    run: vscode.TestRun,
    uri: vscode.Uri,
    items: readonly vscode.TestItem[],
    { stop: { signal } }: How,
    engine: Engine,
  ): Promise<Planned | undefined> {
    try {
      signal.throwIfAborted();
      const { file } = await this.#read(uri);
      const keys = keysOf(file.scenarios).map((key) => JSON.stringify(key));
      const scenarios = items.map((item) => file.scenarios[keys.indexOf(JSON.stringify(this.#scenarios.get(item)))]);
      const found = scenarios.filter((each) => each !== undefined);
      return { items, scenarios, prepared: await prepare(uri, file, found, this.#parts, engine) };
    } catch (error) {
      this.#notRun(run, items, error, signal, engine);
      return undefined;
    }
  }

  #notRun(
    run: vscode.TestRun,
    items: readonly vscode.TestItem[],
    error: unknown,
    signal: AbortSignal,
    { checkError }: Engine,
  ): void {
    for (const item of items) {
      if (signal.aborted || error instanceof GivenUpError) run.skipped(item);
      else run.errored(item, messageAt(item, printable(checkError(error), 2000)));
    }
  }

  async #runFile(
    run: vscode.TestRun,
    planned: Planned,
    isAllowed: (use: EnvironmentUse) => boolean,
    { stop, debugging }: How,
    engine: Engine,
  ): Promise<void> {
    const { items } = planned;
    const { signal } = stop;
    let { prepared, scenarios } = planned;
    try {
      signal.throwIfAborted();
      const refused = prepared.uses.find((use) => !isAllowed(use));
      if (refused !== undefined) {
        throw new CommandError(
          say('You haven’t allowed sending {0}', usedAs(refused)),
          say('Nothing was sent. You’ll be asked again at the next run.'),
        );
      }
      if (debugging) {
        const { target } = prepared.context;
        prepared = { ...prepared, context: { ...prepared.context, target: { ...target, timeoutMs: noDeadlineMs } } };
        scenarios = scenarios.map((each) => each && withoutDeadline(each));
        const { url } = prepared.context.target;
        if (!(await this.#parts.debugHandler(url, signal))) throw new GivenUpError('no handler');
      }
      await engine.tryOnce(prepared.context, signal);
    } catch (error) {
      // After the user cancels one handler, don't start the next.
      if (error instanceof GivenUpError) stop.abort();
      this.#notRun(run, items, error, signal, engine);
      return;
    }
    for (const [index, item] of items.entries()) {
      const scenario = scenarios[index];
      if (signal.aborted) run.skipped(item);
      else if (scenario === undefined)
        run.errored(item, messageAt(item, say('This scenario is no longer in the file.')));
      else await this.#runScenario(run, item, scenario, prepared, signal, engine);
    }
  }

  async #runScenario(
    run: vscode.TestRun,
    item: vscode.TestItem,
    scenario: Scenario,
    { context }: Prepared,
    signal: AbortSignal,
    engine: Engine,
  ): Promise<void> {
    const shown = (said: string): string => printable(context.target.mask.in(said), 1000);
    run.started(item);
    try {
      const result = await engine.runScenario(scenario, {
        ...context,
        run: engine.newRun(),
        settling: engine.settlingOf(),
        signal,
      });
      run.appendOutput(outputOf(scenario, result, shown, engine), undefined, item);
      switch (result.outcome) {
        case 'passed':
          run.passed(item, result.ms);
          return;
        case 'failed':
          run.failed(item, messagesOf(item, scenario, result, shown, engine), result.ms);
          return;
        case 'undecided':
        case 'skipped':
          run.errored(item, messageAt(item, say('Undecided: {0}', shown(result.reason ?? ''))), result.ms);
          return;
      }
    } catch (error) {
      if (signal.aborted) {
        run.skipped(item);
        return;
      }
      this.#parts.log.error(`the scenario "${scenario.name}" could not be run: ${(error as Error).message}`);
      run.errored(item, messageAt(item, shown(engine.checkError(error))));
    }
  }
}

function sayThereAreMore(controller: vscode.TestController): void {
  const item = controller.createTestItem('more', say('More Files'));
  item.sortText = '\uffff';
  item.error = say('Only {0} scenario files are shown. Open a folder with fewer scenario files.', mostFiles);
  controller.items.add(item);
}

function homeOf(controller: vscode.TestController, uri: vscode.Uri): vscode.TestItemCollection | undefined {
  const folder = vscode.workspace.getWorkspaceFolder(uri);
  if (folder === undefined) return undefined;
  const below = (parent: vscode.TestItemCollection, at: vscode.Uri, label: string): vscode.TestItemCollection => {
    const id = at.toString();
    const item = parent.get(id) ?? controller.createTestItem(id, printable(label), at);
    parent.add(item);
    return item.children;
  };
  const several = (vscode.workspace.workspaceFolders?.length ?? 0) > 1;
  const top = several ? below(controller.items, folder.uri, folder.name) : controller.items;
  const path = posix.dirname(posix.relative(folder.uri.path, uri.path));
  return path === '.' ? top : below(top, vscode.Uri.joinPath(folder.uri, path), path);
}

function* itemsIn(items: vscode.TestItemCollection): Generator<vscode.TestItem> {
  for (const [, item] of items) {
    yield item;
    yield* itemsIn(item.children);
  }
}

function* leavesOf(item: vscode.TestItem, excluded: ReadonlySet<vscode.TestItem>): Generator<vscode.TestItem> {
  if (excluded.has(item)) return;
  if (item.range !== undefined) yield item;
  for (const [, child] of item.children) yield* leavesOf(child, excluded);
}

function keysOf(scenarios: readonly Scenario[]): ScenarioKey[] {
  const seen = new Map<string, number>();
  return scenarios.map(({ name }) => {
    const among = seen.get(name) ?? 0;
    seen.set(name, among + 1);
    return { name, among };
  });
}

function messageAt(item: vscode.TestItem, text: string): vscode.TestMessage {
  const message = new vscode.TestMessage(text);
  if (item.uri !== undefined && item.range !== undefined) message.location = new vscode.Location(item.uri, item.range);
  return message;
}

function messagesOf(
  item: vscode.TestItem,
  { why }: Scenario,
  { steps, reason }: ScenarioResult,
  shown: (said: string) => string,
  { reasonOf }: Engine,
): vscode.TestMessage[] {
  const messages = steps.flatMap(({ title, findings }) =>
    findings
      .filter(({ verdict }) => verdict === 'unmet')
      .map((finding) => {
        const because = why === undefined ? '' : ` (${shown(why)})`;
        const message = messageAt(item, `${shown(title)}: ${shown(reasonOf(finding))}${because}`);
        message.expectedOutput = shown(finding.expected);
        message.actualOutput = shown(finding.actual);
        return message;
      }),
  );
  return messages.length > 0 ? messages : [messageAt(item, shown(reason ?? ''))];
}

function isOdd({ findings }: StepResult): boolean {
  return findings.some(({ verdict }) => verdict !== 'met');
}

function outputOf(
  scenario: Scenario,
  { steps, reason }: ScenarioResult,
  shown: (said: string) => string,
  { reasonOf }: Engine,
): string {
  const marks = { met: '✓', unmet: '✗', undecided: '?' } as const;
  const lines = [
    shown(scenario.name),
    ...steps.flatMap(({ title, sent, findings }) => [
      `  ${shown(title)} (${sent === 1 ? say('1 request') : say('{0} requests', sent)})`,
      ...findings.map((finding) =>
        finding.verdict === 'met'
          ? `    ${marks.met} ${shown(`${finding.what}: ${finding.actual}`)}`
          : `    ${marks[finding.verdict]} ${shown(reasonOf(finding))}`,
      ),
    ]),
    // A reason without a finding: a timeout, or a missing file.
    ...(reason === null || steps.some(isOdd) ? [] : [`  ${shown(reason)}`]),
  ];
  return lines.map((line) => `${line}\r\n`).join('');
}
