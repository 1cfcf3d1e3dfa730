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
  readonly p99Ms: number;
  /** Processor time of the generator itself, in milliseconds. */
  readonly processorMs: number;
}

/** What is there: wrk, else autocannon, which is installed with the project. */
export function chooseGenerator(): Generator {
  return spawnSync('wrk', ['--version']).error === undefined ? 'wrk' : 'autocannon';
}

/**
 * Posts for so long as fast as the answers come, over 32 connections, bodies of which each has an address and a date of
 * its own. Up to 32 more than were answered can have come to the server at the end.
 * @param first the number of the first body
 * @throws Error where a request failed or was not answered 200 to 399
 */
export async function sustain(generator: Generator, url: string, first: number, seconds: number): Promise<Load> {
  const program = generator === 'wrk' ? 'wrk' : process.execPath;
  const args =
    generator === 'wrk'
      ? [
          ...['-t1', `-c${connections}`, `-d${seconds}`, '--timeout', '30s'],
          ...['-s', join(root, 'bench', 'sustained.lua'), url, '--', String(first), sustainedTemplate],
        ]
      : [join(root, 'bench', 'autocannon.ts'), url, String(first), String(seconds), String(connections)];
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
export function describeGenerator(generator: Generator, loads: readonly Load[]): string {
  const sum = (of: (load: Load) => number): number => loads.reduce((total, load) => total + of(load), 0);
  const each = ((sum((load) => load.processorMs) * 1000) / sum((load) => load.requests)).toFixed(1);
  const share = Math.round(sum((load) => load.processorMs / 10) / sum((load) => load.seconds));
  const what =
    generator === 'wrk'
      ? `\`wrk -t1 -c${connections}\` with bench/sustained.lua`
      : `autocannon with ${connections} connections, since wrk is not installed (on Debian: apt-get install wrk)`;
  return `The load: ${what}, a process of its own that takes ${each} µs of processor time a request, ${share}% of one processor.`;
}
