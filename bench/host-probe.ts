/**
 * A second extension in the window under measurement: it runs in the extension host beside ours and says for how long
 * that process has stood still, and what it holds in memory.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../test/relay/until.ts';

const manifest = {
  name: 'host-probe',
  publisher: 'bench',
  version: '1.0.0',
  engines: { vscode: '^1.101.0' },
  main: './probe.cjs',
  activationEvents: ['*'],
};

/** Every 5 ms it looks how late it is: the longest delay since the last question is the answer, in milliseconds. */
const source = (portFile: string): string => `
const { createServer } = require('node:http');
const { writeFileSync } = require('node:fs');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
exports.activate = (context) => {
  let longest = 0;
  let before = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - before - 5);
    before = now;
  }, 5);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const server = createServer((request, response) => {
    if (request.url === '/memory') {
      collect();
      const heapMb = process.memoryUsage().heapUsed / 2 ** 20;
      response.end(JSON.stringify({ heapMb, resources: process.getActiveResourcesInfo().length }));
      return;
    }
    response.end(String(longest));
    longest = 0;
  }).listen(0, '127.0.0.1', () => writeFileSync(${JSON.stringify(portFile)}, String(server.address().port)));
  context.subscriptions.push({ dispose: () => (clearInterval(timer), server.close()) });
};
`;

/** What the extension host holds: its heap in MB, and the sockets, timers and files of its loop. */
export interface HostMemory {
  readonly heapMb: number;
  readonly resources: number;
}

export interface HostProbe {
  /** The folder of the extension. */
  readonly folder: string;
  /** The longest standstill of the extension host since the last question, in milliseconds. */
  longestStandstill(): Promise<number>;
  /** What it holds now that garbage is collected. */
  memory(): Promise<HostMemory>;
}

/** @param parent a folder that is removed after the run */
export function writeHostProbe(parent: string): HostProbe {
  const folder = join(parent, 'bench.host-probe-1.0.0');
  const portFile = join(parent, 'probe.port');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'probe.cjs'), source(portFile));
  const port = (): Promise<string> =>
    until(() => {
      try {
        return readFileSync(portFile, 'utf8') || undefined;
      } catch {
        return undefined;
      }
    }, 30_000);
  const ask = async (what: string): Promise<string> => (await fetch(`http://127.0.0.1:${await port()}/${what}`)).text();
  return {
    folder,
    longestStandstill: async () => Number(await ask('')),
    memory: async () => JSON.parse(await ask('memory')) as HostMemory,
  };
}
