/** (e) From starting the process to its ready line, beside a bare Express bundled in the same way. */
import { build } from 'esbuild';
import { join } from 'node:path';
import { takeDisturbedRounds, undisturbed } from './machine.ts';
import { cacheFolder, end, removeFolder, root, startUntilReady, temporaryFolder } from './processes.ts';
import { timeRow } from './report.ts';
import type { Result } from './report.ts';
import { spread } from './statistics.ts';

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
  const used = temporaryFolder();
  const listen = (dataDir: string): string[] => [
    cli,
    ...['listen', '--port', '0', '--tunnel', 'none', '--json', '--data-dir', dataDir],
  ];
  const times = { express: [] as number[], fresh: [] as number[], used: [] as number[], bare: [] as number[] };
  const timed = async (args: readonly string[]): Promise<number> => {
    const started = performance.now();
    const { child } = await startUntilReady(args);
    const took = performance.now() - started;
    await end(child);
    return took;
  };
  for (let round = 0; round <= 3 * rounds; round++) {
    const measure = async (): Promise<Record<keyof typeof times, number>> => ({
      express: await timed([bundle]),
      fresh: await timed(listen(temporaryFolder())),
      used: await timed(listen(used)),
      bare: await timed(['-e', 'console.log("{}"); setTimeout(() => {}, 10_000)']),
    });
    const took = await (round === 0 ? measure() : undisturbed(measure));
    if (round === 0) continue;
    for (const name of ['express', 'fresh', 'used', 'bare'] as const) times[name].push(took[name]);
  }
  removeFolder(used);
  return {
    letter: 'e',
    title: 'Start to ready',
    rows: [
      timeRow(
        '`cm-relay listen --json`, its data directory used before',
        'ms',
        spread(times.used),
        spread(times.express),
      ),
      timeRow('the same, first start in a data directory', 'ms', spread(times.fresh), spread(times.express)),
    ],
    remarks: [
      `${3 * rounds} starts each; ${takeDisturbedRounds()} were disturbed by other programs. Baseline: bare Express with \`express.json()\`, bundled in the same way. Node alone, printing one line, takes ${spread(times.bare).median.toFixed(0)} ms of each.`,
    ],
  };
}
