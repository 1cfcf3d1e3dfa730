/** A filter as tests of columns: everything but words and addresses, which are searched in the text. */
import type { Filter } from '../../protocol/event-filter.ts';
import { columnLengths, cut } from '../log/columns.ts';
import { flagBits, hashOf, kindNumbers, signatureBits, stateBits } from './event-columns.ts';
import type { Block, Test } from './event-columns.ts';
import type { HeldColumns } from './held-columns.ts';

type WholeColumn = 'delivery' | 'type' | 'list' | 'kind';

/** The tests that an event must pass, the quickest first; without states, see {@link stateTestsOf}. */
export function testsOf(filter: Filter): Test[] {
  const tests: Test[] = [];
  const among = (column: WholeColumn, values: readonly number[]): void => {
    if (values.length > 0) tests.push(isAmong(column, values));
  };
  among(
    'kind',
    filter.kinds.map((kind) => kindNumbers[kind]),
  );
  if (filter.sources.length > 0 && new Set(filter.sources).size === 1) {
    tests.push(isFlagged(flagBits.platform, filter.sources[0] === 'open-connectors'));
  }
  if (filter.duplicates !== null) tests.push(isFlagged(flagBits.duplicate, filter.duplicates));
  if (filter.onPurpose !== null) tests.push(isFlagged(flagBits.onPurpose, filter.onPurpose));
  if (filter.signatures.length > 0) {
    tests.push(
      hasBit(
        'flags',
        filter.signatures.reduce((sum, each) => sum | signatureBits[each], 0),
      ),
    );
  }
  among('delivery', filter.deliveryIds.map(asUint32));
  among('type', hashes(filter.types, columnLengths.type));
  among('list', hashes(filter.lists, columnLengths.list));
  if (filter.since !== null || filter.until !== null) {
    tests.push(isReceived(filter.since ?? -Infinity, filter.until ?? Infinity));
  }
  return tests;
}

/** @param until milliseconds since the epoch, like `since`; exclusive */
export function isReceived(since: number, until: number): Test {
  return ({ receivedAt }, mask) => {
    for (let at = 0; at < mask.length; at++) {
      const time = receivedAt[at] ?? 0;
      if (time < since || time >= until) mask[at] = 0;
    }
  };
}

function hashes(texts: readonly string[], length: number): number[] {
  return texts.map((text) => hashOf(cut(text, length)));
}

function asUint32(id: number): number {
  return id % 4_294_967_296;
}

function isAmong(column: WholeColumn, values: readonly number[]): Test {
  const [only] = values;
  if (values.length === 1 && only !== undefined) {
    return (block, mask) => {
      const numbers = block[column];
      for (let at = 0; at < mask.length; at++) if (numbers[at] !== only) mask[at] = 0;
    };
  }
  const wanted = new Set(values);
  return (block, mask) => {
    const numbers = block[column];
    for (let at = 0; at < mask.length; at++) {
      if (mask[at] === 1 && !wanted.has(numbers[at] ?? -1)) mask[at] = 0;
    }
  };
}

export function stateTestsOf({ states }: Filter, held: HeldColumns): Test[] {
  return states.length > 0 ? [isInState(states, held)] : [];
}

/** Whether any forwarding of an event is in one of these states. */
function isInState(states: Filter['states'], held: HeldColumns): Test {
  const settled = states.filter((each) => each !== 'held' && each !== 'waiting');
  const bits = settled.reduce((sum, each) => sum | stateBits[each], 0);
  if (settled.length === states.length) return hasBit('states', bits);
  const [wantsHeld, wantsWaiting] = [states.includes('held'), states.includes('waiting')];
  return (block, mask) => {
    for (let at = 0; at < mask.length; at++) {
      if (mask[at] === 0 || ((block.states[at] ?? 0) & bits) !== 0) continue;
      const isIt = (wantsHeld && held.isHeld(block, at)) || (wantsWaiting && held.isWaiting(block, at));
      if (!isIt) mask[at] = 0;
    }
  };
}

function hasBit(column: 'states' | 'flags', bits: number): Test {
  return (block: Block, mask) => {
    const numbers = block[column];
    for (let at = 0; at < mask.length; at++) if (((numbers[at] ?? 0) & bits) === 0) mask[at] = 0;
  };
}

function isFlagged(bit: number, flagged: boolean): Test {
  if (flagged) return hasBit('flags', bit);
  return ({ flags }, mask) => {
    for (let at = 0; at < mask.length; at++) if (((flags[at] ?? 0) & bit) !== 0) mask[at] = 0;
  };
}
