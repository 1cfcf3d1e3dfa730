/** Runs the checks and shows them, a page for each callback. The page only draws. */
import * as vscode from 'vscode';
import type { Asked } from '../../check/asked.ts';
import type { CheckResult } from '../../check/check.ts';
import type { Check } from '../../check/suite.ts';
import type { Target } from '../../check/target.ts';
import { commandId } from '../commands.ts';
import { prefix } from '../prefix.ts';
import type { DestinationSetting } from '../settings.ts';
import { CommandError } from '../ui/command-error.ts';
import { sayIn } from '../ui/localiser.ts';
import { PageHost } from '../ui/page-host.ts';
import { placeOf } from '../ui/phrases.ts';
import { cancellable, working } from '../ui/progress.ts';
import { inMessage } from '../ui/printable.ts';
import type * as engineModule from './engine.ts';
import type { CheckView, HostMessage, PageMessage, ReportFormat, SuiteView } from './messages.ts';
import { probeWords } from './probe-choice.ts';
import type { ProbeChoice } from './probe-choice.ts';
import { reportText, saveReport } from './report.ts';
import { checkTexts } from './texts.ts';

type Engine = typeof engineModule;

export interface CheckPanelsParts {
  readonly context: Pick<vscode.ExtensionContext, 'extensionUri' | 'subscriptions'>;
  readonly log: vscode.LogOutputChannel;
}

/** What a run is made of. */
export interface CheckRun {
  readonly setting: DestinationSetting;
  readonly target: Target;
  readonly asked: Asked;
  readonly choice: ProbeChoice;
  /** These alone; all of them where it is null. */
  readonly only: readonly string[] | null;
}

/** What the page of a destination asks for: these checks again, all of them where none is named. */
export interface CheckAgain {
  readonly kind: 'again';
  readonly setting: DestinationSetting;
  readonly only: readonly string[] | null;
}

/** All pages. */
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

  /** Brings the page of a callback to the front, where there is one. */
  reveal(setting: DestinationSetting): void {
    this.#open.get(keyOf(setting))?.reveal();
  }

  /** Shows which probe is asked from now on. */
  probeChanged(setting: DestinationSetting, choice: ProbeChoice): void {
    this.#open.get(keyOf(setting))?.probeChanged(choice);
  }

  /**
   * Runs checks and shows each as it is there. Resolves when they have ended, given up or not.
   * @throws CommandError where the probe does not work: nothing was sent then; GivenUpError
   */
  async run(run: CheckRun): Promise<void> {
    const engine = await import('./engine.ts');
    await tried(run, engine);
    const key = keyOf(run.setting);
    let panel = this.#open.get(key);
    if (panel === undefined) {
      panel = new CheckPanel(this.#parts, run.setting, engine);
      this.#open.set(key, panel);
      panel.onDidDispose(() => this.#open.delete(key));
    } else panel.reveal();
    // Somebody may have begun meanwhile.
    if (!panel.isRunning) await panel.run(run);
  }
}

function keyOf({ url, id }: DestinationSetting): string {
  return JSON.stringify([url, id]);
}

/** Asks the probe once: one that does not work is no matter of the callback's. @throws CommandError */
async function tried({ setting, asked }: CheckRun, { ProbeError, textOf, tryOnce }: Engine): Promise<void> {
  const { l10n } = vscode;
  try {
    await working(l10n.t('Asking the probe'), (signal) => tryOnce(asked, signal));
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error;
    const again: CheckAgain = { kind: 'again', setting, only: null };
    throw new CommandError(
      inMessage(textOf(error.said, sayIn(l10n)), 500),
      l10n.t('Nothing was sent to your callback yet. See to it that the probe answers, or choose another one.'),
      { title: l10n.t('Choose the Probe…'), command: 'chooseProbe', args: [again] },
    );
  }
}

/** One page. */
class CheckPanel {
  readonly #parts: CheckPanelsParts;
  readonly #setting: DestinationSetting;
  readonly #engine: Engine;
  readonly #checks: readonly Check[];
  readonly #panel: vscode.WebviewPanel;
  readonly #page: PageHost<PageMessage, HostMessage>;
  readonly #results = new Map<string, CheckResult>();
  #mask: InstanceType<Engine['SecretMask']>;
  #choice: ProbeChoice | undefined;
  #runToken = '';
  /** What is run now, those that are done left out, the first of which is under way. */
  #underWay: Check[] = [];
  #stop: AbortController | undefined;
  #wasGivenUp = false;

  readonly onDidDispose: vscode.Event<void>;

  constructor(parts: CheckPanelsParts, setting: DestinationSetting, engine: Engine) {
    const { extensionUri } = parts.context;
    this.#parts = parts;
    this.#setting = setting;
    this.#engine = engine;
    this.#checks = engine.checksFor({ answerWithinMs: engine.answerWithinMs });
    this.#mask = new engine.SecretMask([]);
    this.#panel = vscode.window.createWebviewPanel(`${prefix}.check`, this.#heading, vscode.ViewColumn.Active, {
      enableFindWidget: true,
    });
    this.onDidDispose = this.#panel.onDidDispose;
    this.#panel.onDidDispose(() => this.stop());
    this.#page = new PageHost(this.#panel, {
      ...{ name: 'check', title: vscode.l10n.t('Check My Callback'), extensionUri, log: parts.log },
      read: engine.readCheckMessage,
      answer: (message) => this.#answer(message),
    });
  }

  get isRunning(): boolean {
    return this.#stop !== undefined;
  }

  reveal(): void {
    this.#panel.reveal();
  }

  /** Gives up what is run. */
  stop(): void {
    this.#stop?.abort();
  }

  probeChanged(choice: ProbeChoice): void {
    this.#choice = choice;
    this.#tell([]);
  }

  async run({ target, asked, choice, only }: CheckRun): Promise<void> {
    const { allChecksMs, runChecks, newRun, settlingOf, sourcesOf } = this.#engine;
    const checks = this.#checks.filter(({ id }) => only?.includes(id) !== false);
    const stop = new AbortController();
    const run = newRun();
    this.#stop = stop;
    this.#wasGivenUp = false;
    this.#runToken = run.token;
    this.#choice = choice;
    this.#mask = target.mask;
    for (const { id } of checks) this.#results.delete(id);
    this.#underWay = [...checks];
    this.#tell(checks);
    try {
      await cancellable(this.#heading, async (given, progress) => {
        const signal = AbortSignal.any([stop.signal, given]);
        const context = { ...asked, target, run, signal, settling: settlingOf() };
        const say = (): void => progress.report({ message: this.#status });
        say();
        await runChecks(
          checks,
          { ...context, sources: sourcesOf({ folder: null, fromHistory: null }) },
          {
            timeoutMs: allChecksMs,
            onResult: (result) => {
              this.#results.set(result.check.id, result);
              this.#underWay = this.#underWay.filter(({ id }) => id !== result.check.id);
              progress.report({ increment: 100 / checks.length });
              say();
              this.#tell([result.check, ...this.#underWay.slice(0, 1)]);
            },
          },
        ).catch((error: unknown) => {
          if (!signal.aborted) throw error;
          this.#wasGivenUp = true;
        });
      });
    } finally {
      const left = this.#underWay;
      this.#underWay = [];
      this.#stop = undefined;
      this.#tell(left);
    }
  }

  get #heading(): string {
    return vscode.l10n.t('Check of {0}', placeOf(this.#setting.url).replace(/^https?:\/\//, ''));
  }

  get #status(): string {
    const { l10n } = vscode;
    const counts = this.#engine.countsLine(this.#engine.counts([...this.#results.values()]), sayIn(l10n));
    if (this.isRunning) return l10n.t('{0} to go: {1}', this.#underWay.length, counts);
    return this.#wasGivenUp ? l10n.t('Stopped: {0}', counts) : counts;
  }

  #suite(): SuiteView {
    const { l10n } = vscode;
    return {
      heading: this.#heading,
      running: this.isRunning,
      status: this.#status,
      facts: [
        ...(this.#choice === undefined ? [] : [[l10n.t('Probe'), probeWords(this.#choice)] as const]),
        [l10n.t('In the addresses'), `check-${this.#runToken}`],
      ],
      failed: [...this.#results.values()].filter(({ outcome }) => outcome === 'failed').length,
      saveable: !this.isRunning && this.#results.size > 0,
    };
  }

  #view(check: Check): CheckView {
    const [first] = this.#underWay;
    const state = first === check ? 'running' : this.#underWay.includes(check) ? 'waiting' : 'notRun';
    return this.#engine.drawCheck(check, this.#results.get(check.id), state, { mask: this.#mask, l10n: vscode.l10n });
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
        // The command says what stands in its way.
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
      const said = (error as Error).message;
      this.#parts.log.error(`the report could not be saved: ${said}`);
      void vscode.window.showErrorMessage(vscode.l10n.t('The report could not be saved: {0}', inMessage(said, 300)));
    }
  }

  /** Tells the page how all of it stands, and what has changed of these. */
  #tell(changed: readonly Check[]): void {
    this.#page.post({ type: 'changed', suite: this.#suite(), checks: changed.map((check) => this.#view(check)) });
  }
}
