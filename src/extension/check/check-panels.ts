import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { RunProbes } from '../../check/run-probes.ts';
import type { Cause } from '../../check/causes.ts';
import type { CheckResult } from '../../check/check.ts';
import type { Check } from '../../check/suite.ts';
import type { Target } from '../../check/target.ts';
import { commandId } from '../commands.ts';
import { readDestinations } from '../destinations/destination-settings.ts';
import { prefix } from '../prefix.ts';
import type { DestinationSetting } from '../settings.ts';
import { CommandError } from '../ui/command-error.ts';
import { offer } from '../ui/offer.ts';
import { PageHost } from '../ui/page-host.ts';
import { durationOf, placeOf } from '../ui/phrases.ts';
import { working } from '../ui/progress.ts';
import { inMessage } from '../ui/printable.ts';
import type * as engineModule from './engine.ts';
import type { CheckViewer } from './check-view.ts';
import type { CheckView, HostMessage, PageMessage, ReportFormat, SuiteView } from './messages.ts';
import { chosenProbe, probeWords, type ProbeChoice } from './probe-choice.ts';
import { checkTexts } from './texts.ts';
import { homedir } from 'node:os';
import type { SecretMask } from '../../common/masking.ts';
import { saveFile } from '../ui/save-file.ts';

type Engine = typeof engineModule;

export interface CheckPanelsParts {
  readonly context: Pick<vscode.ExtensionContext, 'extensionUri' | 'subscriptions' | 'workspaceState'>;
  readonly log: vscode.LogOutputChannel;
}

export interface CheckRun {
  readonly setting: DestinationSetting;
  readonly target: Target;
  readonly asked: RunProbes;
  readonly choice: ProbeChoice;
  /** Null for all checks. */
  readonly only: readonly string[] | null;
}

export interface CheckAgain {
  readonly kind: 'again';
  readonly setting: DestinationSetting;
  readonly only: readonly string[] | null;
}

export class CheckPanels {
  readonly #parts: CheckPanelsParts;
  readonly #open = new Map<string, CheckPanel>();

  constructor(parts: CheckPanelsParts) {
    this.#parts = parts;
    parts.context.subscriptions.push({
      dispose: () => {
        for (const panel of this.#open.values()) panel.stop();
      },
    });
  }

  isRunning(setting: DestinationSetting): boolean {
    return this.#open.get(keyOf(setting))?.isRunning === true;
  }

  reveal(setting: DestinationSetting): void {
    this.#open.get(keyOf(setting))?.reveal();
  }

  probeChanged(setting: DestinationSetting, choice: ProbeChoice): void {
    this.#open.get(keyOf(setting))?.probeChanged(choice);
  }

  /** @throws CommandError if the probe doesn't work, before anything is sent; GivenUpError */
  async run(run: CheckRun): Promise<void> {
    const engine = await import('./engine.ts');
    await tried(run, engine);
    const panel = this.#open.get(keyOf(run.setting)) ?? this.#show(run.setting, engine, newPanel());
    panel.reveal();
    // A run may have started in the meantime.
    if (!panel.isRunning) await panel.run(run);
  }

  async restore(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const engine = await import('./engine.ts');
    const { callback } = (state ?? {}) as { readonly callback?: unknown };
    const { destinations } = await readDestinations();
    const setting = destinations.find((each) => engine.nameOfCallback(each) === callback);
    // The settings may no longer have the destination, and one page is enough.
    if (setting === undefined || this.#open.has(keyOf(setting))) panel.dispose();
    else this.#show(setting, engine, panel);
  }

  #show(setting: DestinationSetting, engine: Engine, webview: vscode.WebviewPanel): CheckPanel {
    const key = keyOf(setting);
    const panel = new CheckPanel(this.#parts, setting, engine, webview);
    this.#open.set(key, panel);
    panel.onDidDispose(() => this.#open.delete(key));
    return panel;
  }
}

function newPanel(): vscode.WebviewPanel {
  const options = { enableFindWidget: true };
  return vscode.window.createWebviewPanel(`${prefix}.check`, '', vscode.ViewColumn.Active, options);
}

function keyOf({ url, id }: DestinationSetting): string {
  return JSON.stringify([url, id]);
}

/** Tries the probe first, so that its failure isn't blamed on the callback. @throws CommandError */
async function tried({ setting, asked }: CheckRun, { ProbeError, probeTodo, tryOnce }: Engine): Promise<void> {
  try {
    await working(say('Counting contacts'), (signal) => tryOnce(asked, signal));
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error;
    const again: CheckAgain = { kind: 'again', setting, only: null };
    throw new CommandError(inMessage(error.message, 500), inMessage(probeTodo(error), 500), {
      title: say('Set Up Contact Count…'),
      command: 'chooseProbe',
      args: [again],
    });
  }
}

interface Running {
  readonly stop: AbortController;
  /** Not finished yet; the first one is running. */
  left: readonly Check[];
  readonly all: readonly Check[];
  /** How long the callback works after its response, in milliseconds, if that is long. */
  workMs?: number;
}

class CheckPanel {
  readonly #parts: CheckPanelsParts;
  readonly #setting: DestinationSetting;
  readonly #engine: Engine;
  readonly #checks: readonly Check[];
  readonly #panel: vscode.WebviewPanel;
  readonly #page: PageHost<PageMessage, HostMessage>;
  readonly #callback: string;
  readonly #results = new Map<string, CheckResult>();
  #mask: InstanceType<Engine['SecretMask']>;
  #choice: ProbeChoice | undefined;
  #runToken = '';
  #running: Running | undefined;
  #wasGivenUp = false;
  #isClosed = false;
  #causes: readonly Cause[] = [];

  readonly onDidDispose: vscode.Event<void>;

  constructor(parts: CheckPanelsParts, setting: DestinationSetting, engine: Engine, panel: vscode.WebviewPanel) {
    const { extensionUri, workspaceState } = parts.context;
    this.#parts = parts;
    this.#setting = setting;
    this.#engine = engine;
    this.#checks = engine.checksFor({ answerWithinMs: engine.answerWithinMs });
    // Saved results are already masked.
    this.#mask = new engine.SecretMask([]);
    this.#callback = engine.nameOfCallback(setting);
    this.#choice = chosenProbe(workspaceState, setting.url);
    const kept = engine.readSavedRun(workspaceState, this.#callback, this.#checks);
    this.#runToken = kept?.runToken ?? '';
    for (const result of kept?.results ?? []) this.#results.set(result.check.id, result);
    this.#causes = this.#sharedCauses();
    this.#panel = panel;
    panel.title = this.#heading;
    this.onDidDispose = this.#panel.onDidDispose;
    this.#panel.onDidDispose(() => {
      this.#isClosed = true;
      this.stop();
    });
    this.#page = new PageHost(this.#panel, {
      name: 'check',
      title: say('Check My Callback'),
      extensionUri,
      log: parts.log,
      read: engine.readCheckMessage,
      answer: (message) => this.#answer(message),
    });
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  reveal(): void {
    this.#panel.reveal();
  }

  stop(): void {
    this.#running?.stop.abort();
  }

  probeChanged(choice: ProbeChoice): void {
    this.#choice = choice;
    this.#tell([]);
  }

  async run({ target, asked, choice, only }: CheckRun): Promise<void> {
    const { allChecksMs, runChecks, newRun, settlingOf, sourcesOf } = this.#engine;
    const checks = this.#checks.filter(({ id }) => only?.includes(id) !== false);
    const run = newRun();
    const running: Running = { stop: new AbortController(), left: checks, all: checks };
    this.#running = running;
    this.#wasGivenUp = false;
    this.#runToken = run.token;
    this.#choice = choice;
    this.#mask = target.mask;
    for (const { id } of checks) this.#results.delete(id);
    this.#tell(checks);
    try {
      await runChecks(
        checks,
        {
          ...asked,
          target,
          run,
          settling: settlingOf(),
          signal: running.stop.signal,
          sources: sourcesOf({ folder: null, fromHistory: null }),
        },
        {
          timeoutMs: allChecksMs,
          onSlow: (workMs) => {
            running.workMs = workMs;
            this.#tell([]);
          },
          onResult: (result) => {
            this.#results.set(result.check.id, result);
            running.left = running.left.filter(({ id }) => id !== result.check.id);
            this.#tell([result.check, ...running.left.slice(0, 1)]);
            this.#keep();
          },
        },
      );
    } catch (error) {
      if (!running.stop.signal.aborted) throw error;
      this.#wasGivenUp = true;
    } finally {
      this.#running = undefined;
      this.#tell(running.left);
    }
  }

  #keep(): void {
    const { context, log } = this.#parts;
    const run = { runToken: this.#runToken, results: [...this.#results.values()] };
    this.#engine.saveRun(context.workspaceState, this.#callback, run, this.#mask).catch((error: unknown) => {
      log.warn(`what the checks came to is not kept: ${(error as Error).message}`);
    });
  }

  get #heading(): string {
    return say('Check of {0}', placeOf(this.#setting.url).replace(/^https?:\/\//, ''));
  }

  get #status(): string {
    const counts = this.#engine.countsLine(this.#engine.counts([...this.#results.values()]));
    const running = this.#running;
    if (running === undefined) return this.#wasGivenUp ? say('Stopped: {0}', counts) : counts;
    return say('{0} left: {1}', running.left.length, counts);
  }

  get #facts(): SuiteView['facts'] {
    const { spanWords } = this.#engine;
    const running = this.#running;
    const tookMs = [...this.#results.values()].reduce((sum, { result }) => sum + (result?.ms ?? 0), 0);
    return [
      ...(this.#choice === undefined ? [] : [[say('Contact count'), probeWords(this.#choice)] as const]),
      ...(this.#runToken === '' ? [] : [[say('Marker in test addresses'), `check-${this.#runToken}`] as const]),
      ...(running?.workMs === undefined
        ? []
        : [[say('Processing time after answering'), durationOf(running.workMs)] as const]),
      ...(running === undefined && tookMs > 0 ? [[say('Duration'), spanWords(tookMs)] as const] : []),
    ];
  }

  #suite(): SuiteView {
    return {
      callback: this.#callback,
      heading: this.#heading,
      running: this.isRunning,
      status: this.#status,
      facts: this.#facts,
      causes: this.#causes.map((cause) => this.#engine.causeView(cause, this.#viewer)),
      failed: [...this.#results.values()].filter(({ outcome }) => outcome === 'failed').length,
      saveable: !this.isRunning && this.#results.size > 0,
    };
  }

  get #viewer(): CheckViewer {
    return { causes: this.#causes, mask: this.#mask };
  }

  #view(check: Check): CheckView {
    const left = this.#running?.left ?? [];
    const state = left[0] === check ? 'running' : left.includes(check) ? 'waiting' : 'notRun';
    return this.#engine.drawCheck(check, this.#results.get(check.id), state, this.#viewer);
  }

  #sharedCauses(): readonly Cause[] {
    return this.#engine.sharedCauses(this.#checks.flatMap(({ id }) => this.#results.get(id) ?? []));
  }

  #answer(message: PageMessage): void {
    const again = { kind: 'again', setting: this.#setting, only: null } as const;
    switch (message.type) {
      case 'ready':
        this.#page.post({
          type: 'suite',
          texts: checkTexts(),
          suite: this.#suite(),
          checks: this.#checks.map((check) => this.#view(check)),
        });
        return;
      case 'run':
        void vscode.commands.executeCommand(commandId('checkCallback'), { ...again, only: message.only });
        return;
      case 'stop':
        this.stop();
        return;
      case 'chooseProbe':
        void vscode.commands.executeCommand(commandId('chooseProbe'), again);
        return;
      case 'save':
        void this.#save(message.format);
        return;
    }
  }

  async #save(format: ReportFormat): Promise<void> {
    const results = this.#checks.flatMap(({ id }) => this.#results.get(id) ?? []);
    try {
      await saveReport(format, () => reportText(results, format, this.#engine, this.#mask));
    } catch (error) {
      this.#parts.log.error(`the report could not be saved: ${(error as Error).message}`);
      void offer('Error', this.#engine.reportProblem(error), {});
    }
  }

  #tell(changed: readonly Check[]): void {
    const before = this.#causes;
    this.#causes = this.#sharedCauses();
    const isSaid = (causes: readonly Cause[], { id }: Check): boolean => {
      const result = this.#results.get(id);
      return result !== undefined && this.#engine.isSaidBy(causes, result);
    };
    const others = this.#checks.filter(
      (check) => !changed.includes(check) && isSaid(before, check) !== isSaid(this.#causes, check),
    );
    if (this.#isClosed) return;
    this.#panel.title = this.#title;
    this.#page.post({
      type: 'changed',
      suite: this.#suite(),
      checks: [...changed, ...others].map((check) => this.#view(check)),
    });
  }

  get #title(): string {
    const running = this.#running;
    if (running === undefined) return this.#heading;
    return `${running.all.length - running.left.length}/${running.all.length} · ${this.#heading}`;
  }
}

const files: Readonly<Record<ReportFormat, { readonly name: string; readonly extension: string }>> = {
  junit: { name: 'JUnit', extension: 'xml' },
  json: { name: 'JSON', extension: 'json' },
  text: { name: 'Text', extension: 'txt' },
};

/** Secrets are masked before formatting, because escaping could hide them. */
function reportText(
  results: readonly CheckResult[],
  format: ReportFormat,
  {
    causeView,
    noveltyTracker,
    reportedCheck,
    sharedCauses,
    toJUnit,
    toJson,
    toText,
    withoutDetails,
    withTexts,
  }: typeof engineModule,
  mask: SecretMask,
): string {
  const reported = withTexts(
    results.map((each) => reportedCheck(each)),
    (each) => mask.in(each),
  );
  switch (format) {
    case 'junit':
      return toJUnit(reported);
    case 'json':
      return toJson(reported);
    case 'text': {
      const newsOf = noveltyTracker();
      const news = results.map((each) => newsOf(each).isNews);
      const viewer = { causes: [], mask };
      const top = sharedCauses(results).map((each) => `${causeView(each, viewer).text}\n`);
      const checks = reported.map((each, index) => (news[index] === true ? each : withoutDetails(each)));
      return `${top.join('')}${top.length > 0 ? '\n' : ''}${toText(checks)}`;
    }
  }
}

async function saveReport(format: ReportFormat, text: () => string): Promise<void> {
  const { name, extension } = files[format];
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(homedir());
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.joinPath(folder, `callback-check.${extension}`),
    filters: { [name]: [extension] },
    title: say('Save Report'),
  });
  if (target === undefined) return;
  await saveFile(target, text());
  await offer('Information', say('Report saved.'), {
    [say('Open')]: () => vscode.window.showTextDocument(target),
  });
}
