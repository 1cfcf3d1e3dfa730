/** Fills and empties the heap after the load that its argument names, and prints the resident memory that is left, in bytes. */
import { mock } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startedMs } from '../../../src/relay/compiled-program.ts';
import { workCame, saveMemory } from '../../../src/relay/sending/heap.ts';

const [, , how] = process.argv;
mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });

/** Seconds in which the thread does nothing but work, or nothing. */
async function pass(seconds: number, load: 'busy' | 'calm'): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    const until = performance.now() + 30;
    if (load === 'calm') await delay(30);
    else while (performance.now() < until);
    mock.timers.tick(1000);
  }
}

// Before the loop has begun nothing counts as work.
await delay(10);
if (how !== 'usual') saveMemory();
mock.timers.tick(startedMs);
workCame();
if (how === 'burst') await pass(1, 'busy');
if (how === 'burst') await pass(1, 'calm');
if (how === 'busy' || how === 'calm') await pass(2, 'busy');
if (how === 'calm') await pass(10, 'calm');

const kept = Array.from({ length: 600_000 }, (_, at) => ({ at, text: `x${at}`, list: [at] }));
for (let round = 0; round < 200; round++) {
  kept.length = 0;
  Array.from({ length: 20_000 }, (_, at) => ({ at, text: `y${at}` }));
  // When V8 collects by itself depends on how busy the machine is.
  if (round % 20 === 19) globalThis.gc!();
  await delay(5);
}
console.log(process.memoryUsage().rss);
process.exit();
