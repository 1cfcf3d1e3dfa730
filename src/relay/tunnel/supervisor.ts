/** The state is `open` only while requests through the public URL arrive. */
import type { LookupFunction } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { request, type Dispatcher } from 'undici';
import { sentences, spoken, withTexts, words, type Said, type Words } from '../../common/words.ts';
import type { LogLevel } from '../../protocol/methods.ts';
import { tunnelName, type TunnelConfig } from '../../protocol/settings.ts';
import type { TunnelStatus } from '../../protocol/status.ts';
import { opening, reopening, tryingAgain } from '../../protocol/tunnel-words.ts';
import { command } from './command.ts';
import { Dispatchers } from './dispatchers.ts';
import { localtunnel } from './localtunnel.ts';
import { describeNetworkError, fixed, TunnelError, type TunnelHandle, type TunnelProvider } from './provider.ts';

export interface Timings {
  readonly openTimeoutMs: number;
  /** How long a URL may take to respond for the first time, before it is degraded or opened again. */
  readonly verifyMs: number;
  readonly probeEveryMs: number;
  /** If other clients can block all its connections (`TunnelHandle.renew`). */
  readonly probeRenewableEveryMs: number;
  /** After this time without a response to a probe, such connections count as blocked. */
  readonly heldUpMs: number;
  /** Doubled after each failed probe, up to `probeEveryMs`. */
  readonly probeAgainMs: number;
  readonly probeTimeoutMs: number;
  readonly backOffFirstMs: number;
  readonly backOffMostMs: number;
  readonly askAgainMs: number;
  readonly reclaimEveryMs: number;
}

const defaultTimings: Timings = {
  openTimeoutMs: 20_000,
  verifyMs: 30_000,
  probeEveryMs: 20_000,
  probeRenewableEveryMs: 5_000,
  heldUpMs: 2_000,
  probeAgainMs: 1_000,
  probeTimeoutMs: 10_000,
  backOffFirstMs: 1_000,
  backOffMostMs: 60_000,
  askAgainMs: 1_200,
  reclaimEveryMs: 60_000,
};

export interface TunnelSupervisorOptions {
  readonly localPort: number | (() => number);
  /** Responds with 204. It contains a secret, so it is in no reason or log line. */
  readonly healthPath: string | (() => string);
  readonly subdomain: string;
  readonly knownHostsFile: string;
  readonly onChange: (status: TunnelStatus) => void;
  /** Called when other clients block the tunnel's connections: the local side closes those without progress. */
  readonly onHeldUp?: () => void;
  readonly log: (level: LogLevel, message: string) => void;
  readonly dispatcher?: Dispatcher;
  readonly lookup?: LookupFunction;
  readonly timings?: Partial<Timings>;
}

interface Run {
  readonly config: TunnelConfig;
  readonly stop: AbortController;
  wake: (() => void) | undefined;
  /** False after an error that only the user can fix. */
  active: boolean;
  done: Promise<void>;
}

type Facts =
  | { readonly state: 'opening' | 'failed' }
  | { readonly state: 'verifying' | 'degraded'; readonly url: string }
  | Pick<Extract<TunnelStatus, { state: 'open' }>, 'state' | 'url' | 'since' | 'previousUrl'>;

interface Moved {
  readonly moved: TunnelHandle;
}

interface End {
  readonly why: Words;
  readonly next?: Words;
  readonly url: string | null;
  /** Since its first response; 0 if there was none. */
  readonly upMs: number;
}

export class TunnelSupervisor {
  readonly #options: TunnelSupervisorOptions;
  readonly #timings: Timings;
  /** Includes earlier secrets, because a tunnel program may log one. */
  readonly #secrets = new Set<string>();
  #status: TunnelStatus = { state: 'closed', kind: 'none', ...told(words('No tunnel is open')) };
  #run: Run | null = null;
  #lastUrl: string | null = null;
  #previousUrl: string | null = null;
  #logged = '';
  #stopped: Promise<void> = Promise.resolve();

  constructor(options: TunnelSupervisorOptions) {
    this.#options = options;
    this.#timings = { ...defaultTimings, ...options.timings };
  }

  get status(): TunnelStatus {
    return this.#status;
  }

  /** Returns at once. Does nothing if the same tunnel is already being kept open; another one is closed first. */
  open(config: TunnelConfig): void {
    if (this.#run?.active === true && isSame(this.#run.config, config)) return;
    const before = this.#stopRun();
    const provider = this.#providerOf(config);
    const run: Run = { config, stop: new AbortController(), wake: undefined, active: true, done: before };
    this.#run = run;
    if (provider === null) {
      this.#set({ state: 'closed', kind: 'none', ...told(words('Reachable from this machine only')) });
      return;
    }
    this.#report(run, { state: 'opening' }, [opening(provider.name)]);
    run.done = before.then(() => this.#keepUp(run, provider));
  }

  /** @returns whether the tunnel was waiting to retry or had failed */
  tryNow(): boolean {
    const run = this.#run;
    if (run?.active === false) this.open(run.config);
    else if (run?.wake === undefined) return false;
    else run.wake();
    return true;
  }

  async close(): Promise<void> {
    const stopped = this.#stopRun();
    this.#set({ state: 'closed', kind: this.#status.kind, ...told(words('The tunnel is closed')) });
    await stopped;
  }

  /** Resolves when the run and all before it have ended. */
  #stopRun(): Promise<void> {
    const run = this.#run;
    this.#run = null;
    if (run !== null) {
      run.stop.abort();
      this.#stopped = Promise.all([this.#stopped, run.done]).then(() => undefined);
    }
    return this.#stopped;
  }

  #providerOf(config: TunnelConfig): TunnelProvider | null {
    switch (config.kind) {
      case 'none':
        return null;
      case 'fixed':
        return fixed(config);
      case 'localtunnel':
        return localtunnel(config, this.#timings.askAgainMs);
      case 'command':
        return command(config);
    }
  }

  async #keepUp(run: Run, provider: TunnelProvider): Promise<void> {
    const { backOffFirstMs, backOffMostMs } = this.#timings;
    const dispatchers = new Dispatchers(this.#options.dispatcher, this.#options.lookup);
    let backOffMs = backOffFirstMs;
    try {
      while (!isStopped(run)) {
        const end = await this.#openAndWatch(run, provider, dispatchers);
        if (end === null) return;
        // Limits retries for a tunnel that ends as soon as it responds.
        if (end.upMs > backOffMs) backOffMs = backOffFirstMs;
        const again = tryingAgain(this.#withoutSecret(end.why), duration(backOffMs));
        const said = end.next === undefined ? [again] : [again, end.next];
        const facts =
          end.url === null ? ({ state: 'opening' } as const) : ({ state: 'degraded', url: end.url } as const);
        this.#report(run, facts, said, spoken(end.why));
        const woken = new AbortController();
        run.wake = () => woken.abort();
        await pause(backOffMs, AbortSignal.any([run.stop.signal, woken.signal]));
        run.wake = undefined;
        backOffMs = Math.min(backOffMs * 2, backOffMostMs);
        this.#report(run, { state: 'opening' }, [reopening(provider.name)], null);
      }
    } finally {
      await dispatchers.destroy();
    }
  }

  async #openAndWatch(run: Run, provider: TunnelProvider, dispatchers: Dispatchers): Promise<End | null> {
    let handle: TunnelHandle;
    try {
      handle = await this.#openOnce(provider, dispatchers, run.stop.signal);
    } catch (error) {
      if (isStopped(run)) return null;
      const { said, next, final } = error instanceof TunnelError ? error : unexpected(provider, error);
      if (!final) return { why: said, next, url: null, upMs: 0 };
      this.#giveUp(run, said, next);
      return null;
    }
    try {
      for (;;) {
        const end = await this.#watch(handle, run, dispatchers);
        if (end === null || !('moved' in end)) return end;
        handle = end.moved;
      }
    } finally {
      await handle.close();
    }
  }

  #giveUp(run: Run, said: Words, next: Words): void {
    run.active = false;
    this.#report(run, { state: 'failed' }, [this.#withoutSecret(said), next]);
  }

  async #openOnce(provider: TunnelProvider, dispatchers: Dispatchers, signal: AbortSignal): Promise<TunnelHandle> {
    const { localPort, subdomain } = this.#options;
    const tooLate = new AbortController();
    const timer = setTimeout(() => tooLate.abort(), this.#timings.openTimeoutMs);
    try {
      return await provider.open({
        localPort: typeof localPort === 'number' ? localPort : localPort(),
        subdomain,
        knownHostsFile: this.#options.knownHostsFile,
        signal: AbortSignal.any([signal, tooLate.signal]),
        dispatcherFor: (url) => dispatchers.for(url),
        resolveHost: (hostname) => dispatchers.resolveHost(hostname),
      });
    } catch (error) {
      if (signal.aborted || !tooLate.signal.aborted) throw error;
      throw new TunnelError(
        words('Opening {0} took longer than {1}', provider.name, duration(this.#timings.openTimeoutMs)),
        error instanceof TunnelError ? error.next : words('Check that this machine has internet access'),
        { cause: error },
      );
    } finally {
      clearTimeout(timer);
    }
  }

  async #watch(handle: TunnelHandle, run: Run, dispatchers: Dispatchers): Promise<End | Moved | null> {
    const { probeAgainMs, verifyMs, reclaimEveryMs } = this.#timings;
    const probeEveryMs = handle.renew === null ? this.#timings.probeEveryMs : this.#timings.probeRenewableEveryMs;
    const { url } = handle;
    const kind = tunnelName(run.config);
    const lost = new AbortController();
    let lostReason: Said = '';
    let news = new AbortController();
    const moves: TunnelHandle[] = [];
    void handle.lost.then((reason) => {
      lostReason = reason;
      lost.abort();
    });
    const attend = ({ moved }: TunnelHandle): void => {
      void moved?.then((other) => {
        moves.push(other);
        news.abort();
      });
    };
    attend(handle);
    const movedTo = (moved: TunnelHandle): Moved | null => {
      if (answeredAt !== null || handle.hasSeveralNames === true) return { moved };
      // Neither host is known to be this tunnel's, and the host of a URL learns the secret path.
      const [one, other] = [handle.url, moved.url].map((each) => new URL(each).host);
      this.#giveUp(
        run,
        words('{0} printed several URLs ({1} and {2})', kind, one ?? '', other ?? ''),
        words('Make the pattern for the URL narrower, so that it matches only the public URL'),
      );
      return null;
    };
    const ended = AbortSignal.any([run.stop.signal, lost.signal]);
    const end = (why: Words): End => ({ why, url, upMs: answeredAt === null ? 0 : performance.now() - answeredAt });
    const wasLost = (): End => end(words('Lost the tunnel at {0}: {1}', url, lostReason));
    let answeredAt: number | null = null;
    let failures = 0;
    let failingSince = performance.now();
    let reclaimedAt = failingSince;
    this.#report(run, { state: 'verifying', url }, [words('Checking that {0} reaches this relay', url)], null);
    for (;;) {
      const woken = AbortSignal.any([ended, news.signal]);
      const problem = await this.#probe(handle, dispatchers, woken);
      if (isStopped(run)) return null;
      const moved = moves.shift();
      if (moved !== undefined) {
        // A log may quote unauthenticated clients, and the host of a URL learns the secret path.
        const stays =
          moved.url === url ||
          (answeredAt !== null &&
            handle.hasSeveralNames !== true &&
            (await this.#probe(handle, dispatchers, ended)) === null);
        if (!stays) return isStopped(run) ? null : ended.aborted ? wasLost() : movedTo(moved);
        news = new AbortController();
        attend(moved);
        continue;
      }
      if (ended.aborted) return wasLost();
      if (problem === null) {
        if (this.#status.state !== 'open') this.#reportOpen(run, handle);
        answeredAt ??= performance.now();
        failures = 0;
        const reclaims = handle.refusedUrl !== null && performance.now() - reclaimedAt >= reclaimEveryMs;
        if (reclaims) reclaimedAt = performance.now();
        // Checked during the pause, so that the next probe isn't late.
        const [isFree] = await Promise.all([
          reclaims && handle.isFreeAgain(AbortSignal.any([ended, AbortSignal.timeout(probeEveryMs)])),
          pause(probeEveryMs, woken),
        ]);
        if (isFree && handle.refusedUrl !== null) return end(words('{0} is available again', handle.refusedUrl));
        continue;
      }
      if (failures === 0 && answeredAt !== null) failingSince = performance.now();
      failures++;
      const failingMs = performance.now() - failingSince;
      const why = words('{0} isn’t answering ({1})', url, problem);
      if (failures > 1 && failingMs >= Math.max(handle.toleranceMs, answeredAt === null ? verifyMs : 0))
        return end(why);
      const waitMs = Math.min(probeAgainMs * 2 ** Math.min(failures - 1, 30), probeEveryMs);
      const state = failures > 1 && (answeredAt !== null || failingMs >= verifyMs) ? 'degraded' : 'verifying';
      this.#report(run, { state, url }, [tryingAgain(why, duration(waitMs))], spoken(why));
      await pause(waitMs, woken);
    }
  }

  get #healthPath(): string {
    const { healthPath } = this.#options;
    const path = typeof healthPath === 'string' ? healthPath : healthPath();
    const secret = path.split('/').reduce((a, b) => (b.length > a.length ? b : a), '');
    if (secret !== '') this.#secrets.add(secret);
    return path;
  }

  async #probe(handle: TunnelHandle, dispatchers: Dispatchers, signal: AbortSignal): Promise<Said | null> {
    for (;;) {
      const path = this.#healthPath;
      const problem = await this.#ask(path, handle, dispatchers, signal);
      // Ignore the result for a path that has changed.
      if (problem === null || path === this.#healthPath) return problem;
    }
  }

  /**
   * If there is no response for long, clients that send nothing may block all connections of the tunnel: frees them.
   * @returns null for status 204, otherwise the problem
   */
  async #ask(path: string, handle: TunnelHandle, dispatchers: Dispatchers, signal: AbortSignal): Promise<Said | null> {
    const { probeTimeoutMs, heldUpMs } = this.#timings;
    const { url: base, renew, isOutside } = handle;
    if (signal.aborted) return 'closed';
    const url = new URL(base + path);
    const stop = new AbortController();
    const onAbort = (): void => stop.abort();
    const timer = setTimeout(onAbort, probeTimeoutMs);
    const makeFree = (): void => {
      renew?.();
      this.#options.onHeldUp?.();
    };
    const heldUp = renew === null ? undefined : setTimeout(makeFree, heldUpMs);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const response = await request(url, {
        dispatcher: dispatchers.for(url, isOutside === true ? 'outside' : 'anywhere'),
        signal: stop.signal,
        // Both services show browsers a page of their own first; these headers decline it [vendor].
        headers: {
          'user-agent': 'campaign-monitor-relay',
          'bypass-tunnel-reminder': '1',
          'ngrok-skip-browser-warning': '1',
        },
      });
      response.body.on('error', () => undefined).destroy();
      const { statusCode } = response;
      return statusCode === 204 ? null : (handle.explain?.(statusCode) ?? String(statusCode));
    } catch (error) {
      return stop.signal.aborted
        ? words('no answer within {0}', duration(probeTimeoutMs))
        : describeNetworkError(error);
    } finally {
      clearTimeout(timer);
      clearTimeout(heldUp);
      signal.removeEventListener('abort', onAbort);
    }
  }

  #reportOpen(run: Run, { url, refusedUrl }: TunnelHandle): void {
    const before = this.#lastUrl ?? refusedUrl;
    if (before !== null && before !== url) this.#previousUrl = before;
    if (this.#previousUrl === url) this.#previousUrl = null;
    this.#lastUrl = url;
    const previousUrl = this.#previousUrl;
    const said =
      refusedUrl !== null
        ? words(
            '{1} is taken, so the public URL is {0}. Events sent to another URL don’t arrive: register {0} instead',
            url,
            refusedUrl,
          )
        : previousUrl !== null
          ? words('{0} is answering. Events sent to the old public URL, {1}, no longer arrive', url, previousUrl)
          : words('{0} is answering', url);
    this.#report(run, { state: 'open', url, since: new Date().toISOString(), previousUrl }, [said]);
  }

  #withoutSecret(said: Words): Words {
    return withTexts(said, (text) => [...this.#secrets].reduce((each, secret) => each.replaceAll(secret, '…'), text));
  }

  #report(run: Run, facts: Facts, said: readonly Words[], problem?: string | null): void {
    if (this.#run === run) this.#set({ ...facts, kind: tunnelName(run.config), ...told(...said) }, problem);
  }

  /** @param problem logged once and not with each pause; null if the log doesn't need it */
  #set(status: TunnelStatus, problem?: string | null): void {
    if (isDeepStrictEqual(status, this.#status)) return;
    this.#status = status;
    const topic = problem === undefined ? status.reason : problem;
    if (topic !== null && topic !== this.#logged) {
      this.#logged = topic;
      const level = status.state === 'failed' ? 'error' : problem === undefined ? 'info' : 'warn';
      this.#options.log(level, `tunnel ${status.state}: ${status.reason}`);
    }
    this.#options.onChange(status);
  }
}

/** The folders from which no program is started don't matter to a running tunnel. */
function isSame(one: TunnelConfig, other: TunnelConfig): boolean {
  const [a, b] = [one, other].map((each) => (each.kind === 'command' ? { ...each, notBelow: undefined } : each));
  return isDeepStrictEqual(a, b);
}

function isStopped(run: Run): boolean {
  return run.stop.signal.aborted;
}

function unexpected(provider: TunnelProvider, error: unknown): TunnelError {
  return new TunnelError(
    words('Couldn’t open {0} ({1})', provider.name, describeNetworkError(error)),
    words('See the log'),
    { cause: error },
  );
}

function told(...said: readonly Words[]): { readonly reason: string; readonly said: Words[] } {
  return { reason: sentences(said), said: [...said] };
}

function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 1_000)} s`;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return delay(ms, undefined, { signal }).catch(() => undefined);
}
