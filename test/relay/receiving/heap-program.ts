/** Fills and empties the heap as its argument says the relay stands, and prints the resident memory that is left, in bytes. */
import { mock } from 'node:test';
import { deliveryCame, saveMemory } from '../../../src/relay/receiving/heap.ts';

const fast = 40_000;
const calmMs = 10_000;

const [, , how] = process.argv;
mock.timers.enable({ apis: ['setTimeout'] });
if (how !== 'usual') saveMemory();
if (how === 'busy' || how === 'calm') for (let count = 0; count < fast; count++) deliveryCame();
if (how === 'calm') mock.timers.tick(calmMs);

const kept = Array.from({ length: 600_000 }, (_, at) => ({ at, text: `x${at}`, list: [at] }));
let rounds = 0;
setInterval(() => {
  kept.length = 0;
  Array.from({ length: 20_000 }, (_, at) => ({ at, text: `y${at}` }));
  if (++rounds < 200) return;
  console.log(process.memoryUsage().rss);
  process.exit();
}, 5);
