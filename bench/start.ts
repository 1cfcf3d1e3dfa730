/** (e) From starting the process to its ready line, beside a bare Express bundled in the same way. */
import { build } from 'esbuild';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeDisturbedRounds, undisturbed } from './machine.ts';
import { cacheFolder, end, environment, removeFolder, root, startUntilReady, temporaryFolder } from './processes.ts';
import { boundRow } from './report.ts';
import type { Result } from './report.ts';
import { spread } from './statistics.ts';

/** What the relay may take from ready line to process start, in milliseconds. */
const mostMilliseconds = 150;

/** A fresh user: whatever a program keeps from one start for the next is in these folders, or not there yet. */
interface User {
  readonly dataDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly remove: () => void;
}

function newUser(): User {
  const home = temporaryFolder();
  // Sockets are made in it, whose paths must be short.
  const temporary = mkdtempSync(join(tmpdir(), 'cm-'));
  const folder = (name: string): string => {
    const path = join(home, name);
    mkdirSync(path, { mode: 0o700 });
    return path;
  };
  return {
    dataDir: folder('data'),
    env: {
      ...environment,
      HOME: home,
      USERPROFILE: home,
      LOCALAPPDATA: folder('local'),
      XDG_CACHE_HOME: folder('cache'),
      XDG_STATE_HOME: folder('state'),
      XDG_RUNTIME_DIR: temporary,
      TMPDIR: temporary,
      TEMP: temporary,
    },
    remove: () => {
      removeFolder(home);
      removeFolder(temporary);
    },
  };
}

export async function start(rounds: number): Promise<Result> {
  const bundle = join(cacheFolder, 'express.cjs');
  await build({
    bundle: true,
    platform: 'node',
    target: 'node22.13',
    format: 'cjs',
    minify: true,
    legalComments: 'none',
    entryPoints: [join(root, 'bench', 'servers', 'express.ts')],
    outfile: bundle,
  });
  const cli = join(root, 'dist', 'cm-relay.js');
  const used = newUser();
  const listen = ({ dataDir }: User): string[] => [
    cli,
    ...['listen', '--port', '0', '--tunnel', 'none', '--json', '--data-dir', dataDir],
  ];
  const times = { express: [] as number[], fresh: [] as number[], used: [] as number[], bare: [] as number[] };
  const timed = async (args: readonly string[], env: NodeJS.ProcessEnv = environment): Promise<number> => {
    const started = performance.now();
    const { child } = await startUntilReady(args, { env });
    const took = performance.now() - started;
    await end(child);
    return took;
  };
  for (let round = 0; round <= 3 * rounds; round++) {
    const measure = async (): Promise<Record<keyof typeof times, number>> => {
      const fresh = newUser();
      try {
        return {
          express: await timed([bundle]),
          fresh: await timed(listen(fresh), fresh.env),
          used: await timed(listen(used), used.env),
          bare: await timed(['-e', 'console.log("{}"); setTimeout(() => {}, 10_000)']),
        };
      } finally {
        fresh.remove();
      }
    };
    const took = await (round === 0 ? measure() : undisturbed(measure));
    if (round === 0) continue;
    for (const name of ['express', 'fresh', 'used', 'bare'] as const) times[name].push(took[name]);
  }
  used.remove();
  return {
    letter: 'e',
    title: 'Start to ready',
    rows: [
      boundRow(
        'first start: a new data directory, nothing compiled before',
        'ms',
        spread(times.fresh),
        mostMilliseconds,
        spread(times.express),
      ),
      boundRow('later starts', 'ms', spread(times.used), mostMilliseconds, spread(times.express)),
    ],
    remarks: [
      `${3 * rounds} starts each; ${takeDisturbedRounds()} were disturbed by other programs. \`cm-relay listen --json\`, from starting the process to its ready line, each first start with a home, cache and temporary folder that are new. Baseline: bare Express with \`express.json()\`, bundled in the same way. Node alone, printing one line, takes ${spread(times.bare).median.toFixed(0)} ms of each.`,
    ],
  };
}
