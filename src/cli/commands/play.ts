import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Played } from '../../check/play.ts';
import type { RecordedDelivery } from '../../check/recording.ts';
import { shapes, type Shape } from '../../check/scenario.ts';
import type { Target } from '../../check/target.ts';
import { withTargetFlags, type TargetFlags } from '../check-flags.ts';
import { withRelay } from '../connection.ts';
import { CommandError, UsageError } from '../errors.ts';
import { callbackUrl } from '../callback-url.ts';
import { checkedBy, jsonFlag, newCommand } from '../flags.ts';
import { note, print, printJson } from '../terminal/output.ts';
import { count, duration, localTime, printable } from '../terminal/text.ts';
import { commandProcess } from '../terminal/command-process.ts';

interface PlayOptions extends TargetFlags {
  as?: Shape;
  speed: number;
  step?: boolean;
  json?: boolean;
}

export function playCommand(): Command {
  const command = newCommand(
    'play',
    'play a recording to your callback or the relay',
    'Sends the deliveries in a recording (see cm-relay record) at their original pace, at another speed, or step by step. Without a URL or --config, sends them to the running relay, as Campaign Monitor and Open Connectors would. Otherwise, sends them to your callback as notifications.',
    [
      'cm-relay play friday.cm-recording.jsonl                                     to the running relay',
      'cm-relay play friday.cm-recording.jsonl http://localhost:3000/callback --speed 10',
      'cm-relay play friday.cm-recording.jsonl http://localhost:3000/callback --step',
    ],
    'cm-relay events lists the events that the relay received.',
    ['Exits with 1 if an answer was not 2xx.'],
  )
    .argument('<file>', 'a recording')
    .argument(
      '[url]',
      'where to send (default: the destination in --config, or the running relay)',
      checkedBy(callbackUrl),
    );
  return withTargetFlags(command)
    .optionsGroup('Playback:')
    .addOption(
      new Option(
        '--as <shape>',
        "what to post to a URL: notification (as the relay does), platform (as Open Connectors does), older (in Open Connectors' older format), or delivery (as received)",
      ).choices(shapes),
    )
    .option(
      '--speed <n>',
      'speed factor; max = no pauses',
      (value) => {
        const speed = value === 'max' ? Infinity : Number(value);
        if (!(speed > 0)) throw new InvalidArgumentError('expected a number above 0, or max');
        return speed;
      },
      1,
    )
    .addOption(new Option('--step', 'wait for Enter before each delivery').conflicts('speed'))
    .optionsGroup('Output:')
    .addOption(jsonFlag('print one JSON object per line for each answer'))
    .action(playFile);
}

const howToRecord = 'To create a recording, run cm-relay record.';

async function playFile(file: string, url: string | undefined, options: PlayOptions): Promise<void> {
  const isAsItCame = options.as === 'delivery' || (url === undefined && options.config === undefined);
  if (isAsItCame && options.signatureKeyEnv !== undefined) {
    throw new UsageError(
      `--signature-key-env ${options.signatureKeyEnv} has no effect: deliveries are sent as received`,
      'Leave out --signature-key-env. To send notifications instead, give a callback URL and leave out --as delivery.',
    );
  }
  const { readRecording } = await import('../../check/recording.ts');
  let deliveries: RecordedDelivery[];
  try {
    deliveries = readRecording(await readFile(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`, howToRecord);
  }
  if (deliveries.length === 0) throw new UsageError(`${file}: this recording is empty`, howToRecord);
  const { targetOf } = await import('../checking.ts');
  if (url !== undefined || options.config !== undefined) {
    const target = await targetOf(url, options, commandProcess().env);
    await send(deliveries, () => target, options.as ?? 'notification', options);
    return;
  }
  if (options.as !== undefined && options.as !== 'delivery') {
    throw new UsageError(
      `--as ${options.as} requires a URL or --config`,
      'The relay always gets deliveries as the vendors post them.',
    );
  }
  await withRelay(options, async (client) => {
    const { campaignMonitorUrl, openConnectorsUrl } = await client.request('relay/status', {});
    const own = (at: string): Promise<Target> => targetOf(at, { ...options, config: undefined }, commandProcess().env);
    const [vendor, platform] = [await own(campaignMonitorUrl), await own(openConnectorsUrl)];
    const toWhich = ({ source }: RecordedDelivery): Target => (source === 'campaign-monitor' ? vendor : platform);
    await send(deliveries, toWhich, 'delivery', options);
  });
}

async function send(
  deliveries: readonly RecordedDelivery[],
  targetOf: (delivery: RecordedDelivery) => Target,
  shape: Shape,
  { speed, step, json }: PlayOptions,
): Promise<void> {
  const [{ play }, { answerWords }, { givenUpByCtrlC }] = await Promise.all([
    import('../../check/play.ts'),
    import('../../check/run.ts'),
    import('../checking.ts'),
  ]);
  const keys =
    step === true ? createInterface({ input: commandProcess().stdin, output: commandProcess().stderr }) : undefined;
  // After the end of the input, no key can be pressed.
  const noKeys = new AbortController();
  keys?.once('close', () => noKeys.abort());
  let sent = 0;
  let refused = 0;
  let printed = Promise.resolve();
  const show = ({ number, message, answer }: Played): void => {
    sent += 1;
    const isFine = answer.kind === 'answer' && answer.status >= 200 && answer.status < 300;
    if (!isFine) refused += 1;
    const { events } = message;
    const label = message.label;
    const words = answerWords(answer);
    printed = printed.then(() =>
      json === true
        ? printJson({ type: 'played', number, label, events, answer: words, ms: Math.round(answer.ms * 10) / 10 })
        : print(
            `${number} of ${deliveries.length}  ${label}, ${count(events, 'event')}  ${printable(words)}  ${duration(answer.ms)}\n`,
          ),
    );
  };
  try {
    await givenUpByCtrlC((signal) =>
      play(deliveries, {
        targetOf,
        shape,
        speed,
        signal,
        onPlayed: show,
        step:
          keys &&
          (async (number, { atMs }) => {
            const stop = AbortSignal.any([signal, noKeys.signal]);
            await keys.question(
              `${number} of ${deliveries.length}, ${duration(atMs)} from the start: press Enter to send `,
              { signal: stop },
            );
          }),
      }),
    );
  } catch (error) {
    if (noKeys.signal.aborted) throw new CommandError('canceled: no more input for --step');
    throw error;
  } finally {
    keys?.close();
    await printed;
  }
  if (json !== true)
    note(`${count(sent, 'request')}, ${sent - refused} answered 2xx, at ${localTime(new Date().toISOString())}`);
  if (refused > 0) throw new CommandError(`${refused} of ${count(sent, 'request')} not answered with 2xx`);
}
