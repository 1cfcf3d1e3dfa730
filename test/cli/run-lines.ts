/** Runs the command lines of its argument, a JSON array, in this process, and prints what came of them. */
import { run, type Ended } from './harness.ts';

const ended: Ended[] = [];
for (const line of JSON.parse(process.argv[2] ?? '[]') as string[][]) ended.push(await run(line));
process.stdout.write(JSON.stringify(ended), () => process.exit());
