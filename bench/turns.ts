/** Sides that are measured in turn, A B B A, in slices, until each has had so many deliveries. */
import { undisturbed } from './machine.ts';
import { idle, mainThreadTime, processorTime } from './processes.ts';
import type { Server } from './processes.ts';
import type { Load } from './generator.ts';
import { sustainedBody } from './sample.ts';

/** How long the load goes on in a slice, in seconds, and how many are enough at least: full turns there and back. */
export interface Extent {
  readonly sliceSeconds: number;
  /** Deliveries that count, of each side at least. */
  readonly deliveries: number;
}

/** What a slice came to. */
export interface Slice {
  /** What was done: answered requests, or notifications sent. */
  readonly count: number;
  readonly seconds: number;
  readonly load: Load;
}

/** A slice with what the server used for it: processor microseconds for each that was done. */
export interface MeasuredSlice extends Slice {
  readonly whole: number;
  readonly mainThread: number;
  /** The whole, and what the process did afterward until nothing was left, such as its index. */
  readonly withAfterward: number;
}

/** One of those that are measured. */
export interface Side {
  readonly what: string;
  readonly server: Server;
  /** Those that count. */
  readonly slices: MeasuredSlice[];
  /** The number of the next delivery: none is sent twice. */
  next: number;
  /** Answered with success, those that do not count included. */
  answered: number;
}

export function newSide(what: string, server: Server): Side {
  return { what, server, slices: [], next: 0, answered: 0 };
}

/**
 * Sends one delivery: the generators take a redirect, too, for a success.
 * @throws Error where the answer is not 200
 */
export async function checkAnswer(side: Side): Promise<void> {
  const { status } = await fetch(side.server.url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json; charset=utf-8' },
    body: sustainedBody(side.next),
  });
  if (status !== 200) throw new Error(`${side.what} answered ${status}`);
  side.next += 1;
  side.answered += 1;
}

/** A disturbed slice is measured again so often: many slices make up for one. */
const mostTries = 3;

async function measure(side: Side, run: (side: Side) => Promise<Slice>): Promise<MeasuredSlice> {
  const { child } = side.server;
  const processor = (): number => processorTime(child.pid) ?? NaN;
  let tries = 0;
  const { before, slice, after } = await undisturbed(
    async () => {
      const before = { whole: processor(), mainThread: mainThreadTime(child.pid) ?? NaN };
      const slice = await run(side);
      return { before, slice, after: { whole: processor(), mainThread: mainThreadTime(child.pid) ?? NaN } };
    },
    async () => {
      tries += 1;
      if (tries > 1) await idle(child);
    },
    mostTries,
  );
  // The next side begins when this one has nothing left to do.
  await idle(child);
  const each = (milliseconds: number): number => (milliseconds * 1000) / slice.count;
  return {
    ...slice,
    whole: each(after.whole - before.whole),
    mainThread: each(after.mainThread - before.mainThread),
    withAfterward: each(processor() - before.whole),
  };
}

/**
 * Measures all sides in turn, there and back, until each has enough.
 * @param run one slice of one side
 */
export async function takeTurns(
  sides: readonly Side[],
  enough: number,
  run: (side: Side) => Promise<Slice>,
): Promise<void> {
  const done = (side: Side): number => side.slices.reduce((sum, { count }) => sum + count, 0);
  for (let turn = 0; turn % 2 === 1 || sides.some((side) => done(side) < enough); turn++) {
    for (const side of turn % 2 === 0 ? sides : [...sides].reverse()) side.slices.push(await measure(side, run));
  }
}
