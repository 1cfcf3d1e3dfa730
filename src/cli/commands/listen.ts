import type { Command } from 'commander';
import { setTimeout as delay } from 'node:timers/promises';
import { protocolVersion, type Params } from '../../protocol/methods.ts';
import { missingKeysAdvice } from '../missing-keys.ts';
import { compareVersions } from '../../common/programs/versions.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { Status, TunnelStatus } from '../../protocol/status.ts';
import { loadRelay, readRemembered, type Relay } from '../../relay/index.ts';
import { readConfig, type Config } from '../config.ts';
import { allow, allowUses } from '../consent.ts';
import { startInBackground, tellStarter } from '../background.ts';
import { connectIfRunning, defaultPort, withRelay } from '../connection.ts';
import { dataDirOf } from '../data-dir.ts';
import { LiveView } from '../terminal/live-view.ts';
import { handleKeys, keysOpening, LiveFilter } from '../terminal/live-keys.ts';
import { CommandError, UsageError } from '../errors.ts';
import { collectedBy, newCommand, type CommonOptions } from '../flags.ts';
import { hasKeys } from '../terminal/keys.ts';
import { callbackUrl } from '../callback-url.ts';
import { inSameDirectory } from '../same-directory.ts';
import { flagName, listenOptions, type ListenFlags, type OutputStyle } from '../listen-flags.ts';
import { checkKeysSign, differences, listenSettings, tunnelHosts, type ListenSettings } from '../listen-settings.ts';
import { answeringText, toAnswerAsUsual } from '../terminal/answering-text.ts';
import { JsonLines, LiveLines, NoLines, readyLine, type Passing } from '../terminal/passing.ts';
import { fitted, LiveWriter, note, print, printJson } from '../terminal/output.ts';
import { heldText, toSendHeld } from '../terminal/sending-text.ts';
import { commandProcess, styleText, thisTerminal, interrupted } from '../terminal/command-process.ts';
import { printable } from '../terminal/text.ts';
import { version } from '../../version.ts';
import { factsHang, statusLines } from './status.ts';
import { endRelay } from './stop.ts';

type ListenOptions = CommonOptions & ListenFlags;

const tunnelTimeoutMs = 5000;

const flushTimeoutMs = 2000;

export function listenCommand(): Command {
  const command = newCommand(
    'listen',
    'receive, forward, and show events',
    'Runs the relay in this terminal: receives webhooks directly from Campaign Monitor or through SAP Open Connectors, forwards them, and shows events as they come in. If a relay is already running for the data directory, attaches to it. Ctrl-C stops a relay that this command started, and detaches from one that was already running.',
    [
      'cm-relay listen 3000/callback               forwards to http://localhost:3000/callback',
      "cm-relay listen 3000/hook --raw             forwards Campaign Monitor's own bytes",
      'cm-relay listen 3000/callback --tunnel cloudflared',
      'SIGNATURE_KEY=… cm-relay listen 3000 --signature-key-env SIGNATURE_KEY',
      'cm-relay listen --config cm-relay.config.json --json | jq .',
      'cm-relay listen 3000/callback --filter "type:deactivate"',
      'cm-relay listen 3000/callback --detach',
      'cm-relay listen --answer 503 --for 600      answers deliveries with 503 for 10 minutes',
    ],
    'in another terminal, cm-relay trigger subscribe sends a sample delivery.',
    [
      'Without a callback, forwards to the destinations from the last run with this data directory.',
      'Keys are never stored: give --signature-key-env or --config again on each run.',
      "With a public tunnel, everything posted to the public URL passes through the provider's servers.",
    ],
  );
  command.argument(
    '[callback...]',
    'your callback, as in --forward-to: 3000, 3000/callback, localhost:3000/callback, or a URL',
    collectedBy(callbackUrl),
  );
  for (const option of listenOptions()) command.addOption(option);
  return command.action((callbacks: string[], options: ListenOptions) =>
    listen(callbacks.length === 0 ? options : { ...options, forwardTo: [...callbacks, ...(options.forwardTo ?? [])] }),
  );
}

function outputOf({ json, output }: ListenOptions): OutputStyle | 'json' {
  if (json !== true) return output ?? (commandProcess().stdout.isTTY ? 'interactive' : 'compact');
  if (output === undefined) return 'json';
  throw new UsageError('use either --json or --output, not both', 'Use --json for programs, --output for people.');
}

async function listen(options: ListenOptions): Promise<void> {
  const output = outputOf(options);
  if (options.detach === true) return listenDetached(options, output);
  const signal = interrupted();
  askedAnswer(options);
  const { config, wanted } = await wantedBy(options);
  const errors = new LiveWriter(commandProcess().stderr, { missed: (count) => `… ${count} messages omitted` });
  const lines = output === 'interactive' || output === 'compact' ? new LiveLines(output === 'interactive') : null;
  const passing: Passing = lines ?? (output === 'json' ? new JsonLines() : new NoLines());
  const takesKeys = output === 'interactive' && hasKeys();
  const tell = (text: string): void => {
    const fits = fitted(printable(inSameDirectory(text)), commandProcess().stderr);
    // Keep the footer in the terminal's last line.
    if (takesKeys && commandProcess().stderr.isTTY) lines?.write(fits);
    else errors.write(fits);
  };
  const say = output === 'quiet' ? () => undefined : tell;
  const log = (entry: { level: string; message: string }): void => {
    if (entry.level === 'debug' || (output !== 'json' && entry.level === 'info')) return;
    tell(`${entry.level}: ${entry.message}`);
  };

  const { client, relay } = await startOrAttach(options, wanted, log);
  let endKeys: (() => void) | undefined;
  let failure: CommandError | null = null;
  try {
    if (relay === null) {
      client.on('log', log);
      await agree(client, options, config, wanted, tell);
    }
    await answerAs(client, options);
    const filter = new LiveFilter(client, options.filter ?? '');
    await show(client, passing, relay === null, tell, filter);
    // If another process started the relay first, the process in the background has nothing to show.
    if (tellStarter() && relay === null) return;
    if (takesKeys && lines !== null) {
      say(keysOpening);
      endKeys = handleKeys(client, lines, filter, say);
    }
    const ended = relay === null ? client.closed : relay.closed;
    const why = await Promise.race([
      signal.then(() => 'signal' as const),
      ended.then(() => 'ended' as const),
      passing.closed.then((error) => ({ error })),
    ]);
    if (why === 'ended') {
      if (relay === null && !client.endsInOrder()) failure = brokenOff();
      else say('Relay stopped.');
    } else {
      if (why !== 'signal') {
        failure = why.error;
        if (failure === null) say('The output was closed, so cm-relay listen is ending.');
      }
      await sayWhatGoesOn(client, relay === null, say);
      if (relay === null) say('Detached. The relay is still running; to stop it, run cm-relay stop.');
    }
  } finally {
    endKeys?.();
    lines?.footer('');
    client.close();
    if (relay !== null) await relay.stop();
  }
  await endWhenRead([passing.flushed(flushTimeoutMs), errors.flushed(flushTimeoutMs)]);
  if (failure !== null) throw failure;
}

async function wantedBy(options: ListenOptions): Promise<{ config: Config; wanted: ListenSettings }> {
  const { config: file, allowEnv, allowTunnelHost } = options;
  const config: Config = file === undefined ? { settings: {}, secrets: {} } : readConfig(file, commandProcess().env);
  const wanted = listenSettings(options, config, commandProcess().env);
  if (file === undefined) return { config, wanted };
  if (allowEnv !== true) await allowUses([file], config.uses ?? [], 'remove the credentials from the file');
  const inFile = tunnelHosts(config.settings.tunnel);
  const hosts = tunnelHosts(wanted.settings.tunnel).filter((host) => inFile.includes(host));
  if (hosts.length > 0 && allowTunnelHost !== true) {
    const what = `deliveries and the secret of the webhook URLs would go through hosts you did not give: ${hosts.join(', ')}`;
    await allow([file], what, '--allow-tunnel-host', 'choose the tunnel on the command line');
  }
  return { config, wanted };
}

/** A relay reports its end, unless it crashes. */
function brokenOff(): CommandError {
  return new CommandError(
    'the relay stopped unexpectedly: it crashed or was killed',
    'No acknowledged event was lost. To restart the relay, run cm-relay listen.',
  );
}

async function listenDetached(options: ListenOptions, output: OutputStyle | 'json'): Promise<void> {
  askedAnswer(options);
  const { config, wanted } = await wantedBy(options);
  const running = await connectIfRunning(options);
  let said = '';
  if (running === undefined) ({ said } = await startInBackground());
  else {
    try {
      await agree(running, options, config, wanted, note);
      await answerAs(running, options);
    } finally {
      running.close();
    }
  }
  await withRelay(options, async (client) => {
    const status = await statusWithTunnel(client);
    if (status.tunnel.state === 'failed') {
      if (running === undefined) await endRelay(client);
      throw new CommandError(
        `could not open the tunnel: ${status.tunnel.reason}`,
        running === undefined
          ? 'The relay has stopped. Fix the problem, and then run the same command again.'
          : 'The relay is still running. Fix the problem, and then run cm-relay retry to open the tunnel.',
      );
    }
    commandProcess().stderr.write(said);
    if (output === 'json') await printJson(readyLine(status));
    else if (output !== 'quiet') {
      const view = new LiveView(styleText, () => Infinity);
      const lines =
        output === 'compact' ? [view.summary(status, running !== undefined)] : statusLines(status, [], false);
      for (const line of lines) await print(`${fitted(line, commandProcess().stdout, factsHang())}\n`);
      // A relay that was started here has printed this itself.
      if (running !== undefined && output === 'compact') sayAnswering(status, note);
      if (options.answer === 'off') note(answeringText(status.answering));
      note('The relay is running in the background. To stop it, run cm-relay stop.');
    }
  });
}

function askedAnswer({ answer, after, for: forMs, count }: ListenFlags): Params<'relay/answer'>['answer'] | undefined {
  const given = Object.entries({ after, for: forMs, count }) as [keyof ListenFlags, number | undefined][];
  const [without] = given.find(([, value]) => value !== undefined) ?? [];
  if (without !== undefined && typeof answer !== 'number') {
    throw new UsageError(
      `${flagName(without)} requires ${flagName('answer')} with a status`,
      `Add the status: ${flagName('answer')} 503. To answer as usual, use ${flagName('answer')} off alone.`,
    );
  }
  if (answer === undefined) return undefined;
  if (answer === 'off') return null;
  return {
    status: answer,
    by: thisTerminal(),
    ...(after !== undefined && { delayMs: after }),
    ...(forMs !== undefined && { forMs }),
    ...(count !== undefined && { count }),
  };
}

async function answerAs(client: RelayClient, flags: ListenFlags): Promise<void> {
  const answer = askedAnswer(flags);
  if (answer !== undefined) await client.request('relay/answer', { answer });
}

function sayAnswering({ answering }: Status, say: (text: string) => void): void {
  if (answering.state === 'on-purpose') say(`${answeringText(answering)} ${toAnswerAsUsual}`);
}

/** Retries if another process starts or ends a relay in between. @returns `relay`: null if it was already running */
async function startOrAttach(
  flags: ListenOptions,
  wanted: ListenSettings,
  log: (entry: { level: string; message: string }) => void,
): Promise<{ readonly client: RelayClient; readonly relay: Relay | null }> {
  const dataDir = dataDirOf(flags);
  // Loaded here, since no other command needs the relay's modules.
  const { RelayRunningError, startRelay } = await loadRelay();
  for (let tries = 0; ; tries++) {
    const client = await connectIfRunning(flags);
    if (client !== undefined) return { client, relay: null };
    checkKeysSign(flags, wanted, wanted.settings.destinations ?? readRemembered(dataDir)?.destinations ?? []);
    try {
      const relay = await startRelay({
        dataDir,
        ...(wanted.port === undefined ? { preferredPort: defaultPort } : { port: wanted.port }),
        settings: wanted.settings,
        secrets: wanted.secrets,
        version,
        ownProcess: commandProcess() === process,
        log,
      });
      return { client: relay.client, relay };
    } catch (error) {
      if (!(error instanceof RelayRunningError) || tries >= 50) throw error;
      await delay(100);
    }
  }
}

async function agree(
  client: RelayClient,
  options: ListenOptions,
  config: Config,
  wanted: ListenSettings,
  say: (text: string) => void,
): Promise<void> {
  const status = await client.request('relay/status', {});
  const restart = 'cm-relay stop, and then run cm-relay listen with these options.';
  if (status.protocolVersion !== protocolVersion) {
    throw new CommandError(
      `the running relay (version ${status.version}) uses a different protocol from this version (${version})`,
      `To restart it, run ${restart}`,
    );
  }
  if (compareVersions(version, status.version) > 0) {
    say(
      `The running relay (version ${status.version}) is older than this version (${version}). To update it, run ${restart}`,
    );
  }
  const [first, ...others] = differences(options, config, status);
  if (first !== undefined) {
    const also = others.length === 0 ? '' : ` (and ${others.join(', ')})`;
    throw new UsageError(
      `${first}${also} differs from the relay already running for ${status.dataDir}`,
      `To attach, leave out the flags or settings that differ. To change the relay, run ${restart}`,
    );
  }
  // Includes removed destinations: their waiting notifications need the key.
  checkKeysSign(options, wanted, status.destinations);
  if (Object.keys(wanted.secrets).length === 0) return;
  await client.request('relay/configure', { secrets: wanted.secrets });
  const { signatureKeys = {}, verifyKeys = {}, credentials = {} } = wanted.secrets;
  const given = [
    ...Object.keys(signatureKeys).map((name) => `signature key "${name}"`),
    ...Object.keys(verifyKeys).map((name) => `verify key "${name}"`),
    ...Object.keys(credentials).map((name) => `credentials "${name}"`),
  ];
  say(`The running relay now uses what this command provides: ${given.join(', ')}.`);
}

async function show(
  client: RelayClient,
  passing: Passing,
  attached: boolean,
  say: (text: string) => void,
  filter: LiveFilter,
): Promise<void> {
  const early: (() => void)[] = [];
  let ready = false;
  const pass = (print: () => void): void => {
    if (ready) print();
    else early.push(print);
  };
  /** In sequence, since the relay is asked which ones match the filter. */
  let asked = Promise.resolve();
  const passFitting = <T>(
    all: readonly T[],
    idOf: (one: T) => string,
    missed: number,
    print: (one: T) => void,
  ): void => {
    const printAll = (fits: (one: T) => boolean): void =>
      pass(() => {
        for (const one of all) if (fits(one)) print(one);
        passing.missed(missed);
      });
    if (filter.text === '') {
      printAll(() => true);
      return;
    }
    asked = asked
      .then(() => filter.fitting(all.map(idOf)))
      .then(
        (fitting) => printAll((one) => fitting.has(idOf(one))),
        // The relay's end is reported elsewhere.
        () => undefined,
      );
  };
  client.on('event/added', ({ deliveries, missed }) =>
    passFitting(
      deliveries,
      ({ delivery }) => delivery.id,
      missed,
      ({ delivery, events }) => passing.delivery(delivery, events),
    ),
  );
  client.on('attempt/recorded', ({ attempts, missed }) =>
    passFitting(
      attempts,
      ({ deliveryId }) => deliveryId,
      missed,
      (attempt) => passing.attempt(attempt),
    ),
  );
  client.on('debug/stopped', ({ stop, sending }) => pass(() => passing.stopped(stop, sending)));
  client.on('debug/continued', ({ sending }) => pass(() => passing.continued(sending)));
  const adviseOn = (tunnel: TunnelStatus): void => {
    if (tunnel.state === 'failed') say('Fix the problem, and then run cm-relay retry to open the tunnel.');
  };
  // Changes before the first lines are older than these.
  client.on('tunnel/changed', ({ tunnel }) => {
    if (!ready) return;
    passing.tunnel(tunnel);
    adviseOn(tunnel);
  });
  let answersSince: string | undefined;
  client.on('status/changed', ({ status }) => {
    if (!ready) return;
    passing.configured(status);
    const since = sinceOf(status);
    if (since !== answersSince) passing.answering(status.answering);
    answersSince = since;
  });

  const status = await statusWithTunnel(client);
  answersSince = sinceOf(status);
  passing.ready(status, attached);
  adviseOn(status.tunnel);
  for (const notice of status.notices) say(`notice: ${notice}`);
  if (status.missingKeys.length > 0) {
    say(
      `notice: missing keys or credentials: ${status.missingKeys.join(', ')}. They are never stored, so events that need them are on hold. ${missingKeysAdvice(status)}`,
    );
  }
  sayAnswering(status, (text) => say(`notice: ${text}`));
  if (status.sending.state === 'paused') say(`notice: ${heldText(status.sending)} ${toSendHeld}`);
  ready = true;
  for (const print of early) print();
}

function sinceOf({ answering }: Status): string | undefined {
  return answering.state === 'on-purpose' ? answering.since : undefined;
}

/** With a tunnel, waits up to `waitMs` until it is open or has failed. */
export async function statusWithTunnel(client: RelayClient, waitMs = tunnelTimeoutMs): Promise<Status> {
  const waiting = new AbortController();
  const open = new Promise<void>((resolve) => {
    const off = client.on('tunnel/changed', ({ tunnel }) => {
      if (isSettled(tunnel)) resolve();
    });
    waiting.signal.addEventListener('abort', off);
  });
  const status = await client.request('relay/status', {});
  const waits = status.settings.tunnel.kind !== 'none' && !isSettled(status.tunnel);
  if (waits) {
    const late = delay(waitMs, undefined, { signal: waiting.signal }).catch(() => undefined);
    await Promise.race([open, late, client.closed]);
  }
  waiting.abort();
  return waits ? client.request('relay/status', {}) : status;
}

function isSettled({ state }: TunnelStatus): boolean {
  return state === 'open' || state === 'failed';
}

/** Reminds of held events and a forced response, which remain after this command ends. */
async function sayWhatGoesOn(client: RelayClient, goesOn: boolean, say: (text: string) => void): Promise<void> {
  const status = await Promise.race([client.request('relay/status', {}).catch(() => undefined), client.closed]);
  if (status === undefined) return;
  // A forced response ends with the relay.
  if (goesOn) sayAnswering(status, say);
  if (status.sending.state !== 'paused') return;
  const next = goesOn ? toSendHeld : 'Sending stays paused when the relay restarts.';
  say(`${heldText(status.sending)} ${next}`);
}

async function endWhenRead(flushes: readonly Promise<void>[]): Promise<void> {
  await Promise.all(flushes);
  setTimeout(() => commandProcess().exit(), flushTimeoutMs).unref();
}
