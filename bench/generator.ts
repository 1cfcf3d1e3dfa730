/** The sustained load: wrk, which costs little beside a server, or autocannon where it is not installed. */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { environment, root, track } from './processes.ts';
import { sustainedTemplate } from './sample.ts';

export type Generator = 'wrk' | 'autocannon';

export const connections = 32;

/** What came of a load. */
export interface Load {
  /** Answered requests. */
  readonly requests: number;
  readonly seconds: number;
  /** Of the answers, in milliseconds. autocannon counts whole ones. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the generator itself, in milliseconds. */
  readonly processorMs: number;
}

/** What is there: wrk, else autocannon, which is installed with the project. */
export function chooseGenerator(): Generator {
  return spawnSync('wrk', ['--version']).error === undefined ? 'wrk' : 'autocannon';
}

/**
 * Posts for so long as fast as the answers come, bodies of which each has an address and a date of its own. As many more
 * as there are connections can have come to the server at the end than were answered.
 * @param first the number of the first body
 * @param concurrency how many connections there are
 * @throws Error where a request failed or was not answered 200 to 399
 */
export async function sustain(
  generator: Generator,
  url: string,
  first: number,
  seconds: number,
  concurrency = connections,
): Promise<Load> {
  const program = generator === 'wrk' ? 'wrk' : process.execPath;
  const args =
    generator === 'wrk'
      ? [
          ...['-t1', `-c${concurrency}`, `-d${seconds}`, '--timeout', '30s'],
          ...['-s', join(root, 'bench', 'sustained.lua'), url, '--', String(first), sustainedTemplate],
        ]
      : [join(root, 'bench', 'autocannon.ts'), url, String(first), String(seconds), String(concurrency)];
  const child = track(spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment }));
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const line = output.split('\n').find((each) => each.startsWith('{'));
  if (code !== 0 || line === undefined) throw new Error(`${generator} ended with ${String(code)}: ${output}${errors}`);
  const { failed, ...load } = JSON.parse(line) as Load & { readonly failed: number };
  if (failed > 0) throw new Error(`${failed} of ${load.requests} requests to ${url} failed`);
  return load;
}

/** How the load is made and what it costs, for a remark. */
export function describeGenerator(
  generator: Generator,
  loads: readonly Load[],
  concurrency = `${connections}`,
): string {
  const sum = (of: (load: Load) => number): number => loads.reduce((total, load) => total + of(load), 0);
  const each = ((sum((load) => load.processorMs) * 1000) / sum((load) => load.requests)).toFixed(1);
  const share = Math.round(sum((load) => load.processorMs / 10) / sum((load) => load.seconds));
  const what =
    generator === 'wrk'
      ? `\`wrk -t1 -c${concurrency}\` with bench/sustained.lua`
      : `autocannon with ${concurrency} connections, since wrk is not installed (on Debian: apt-get install wrk)`;
  return `The load: ${what}, a process of its own that takes ${each} µs of processor time a request, ${share}% of one processor.`;
}
