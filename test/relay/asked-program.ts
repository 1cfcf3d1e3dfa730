/**
 * A program that dies while it asks a breakpoint, as one whose memory is used up does: nothing of it runs any more.
 * Its arguments are a data directory, the number of the breakpoint, and its condition.
 */
import { AskedMark } from '../../src/relay/gate/asked-mark.ts';
import { Breakpoints } from '../../src/relay/gate/breakpoints.ts';
import type { Variables } from '../../src/relay/gate/conditions.ts';

const [dataDir = '', id = '', condition = ''] = process.argv.slice(2);
const breakpoints = new Breakpoints(undefined, new AskedMark(dataDir));
const spec = { at: 'event', enabled: true, condition } as const;
await breakpoints.restore({ next: 9, breakpoints: [{ ...spec, id: Number(id), owner: 'terminal' }] });
const deadly = {
  get event(): never {
    process.kill(process.pid, 'SIGKILL');
    for (;;);
  },
};
breakpoints.look('event', [{ eventId: 'e1', variables: deadly as unknown as Variables }], false);
