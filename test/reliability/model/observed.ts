/** What clients are told of a relay, against what the model knows and against each other. */
import { eventStates } from '../../../src/protocol/event-filter.ts';
import type { EventRow, EventState, ForwardingState } from '../../../src/protocol/history.ts';
import type { HeldForwarding } from '../../../src/protocol/debug.ts';
import type { Status } from '../../../src/protocol/status.ts';
import type { RelayClient } from '../../../src/protocol/relay-client.ts';
import { until } from '../../relay/until.ts';
import type { KnownForwarding, World } from './world.ts';
import type { RelayRig } from './rig.ts';

/** What a relay says at one moment. */
export interface Observed {
  readonly status: Status;
  readonly rows: readonly EventRow[];
  readonly held: readonly HeldForwarding[];
}

const states = ['waiting', 'held', 'sent', 'failed', 'discarded'] as const satisfies readonly ForwardingState[];

/** Every row that a filter finds, oldest last. */
export async function allRows(client: RelayClient, filter = ''): Promise<{ rows: EventRow[]; unseen: number }> {
  const rows: EventRow[] = [];
  for (let before: string | undefined; ;) {
    const page = await client.request('events/query', { filter, limit: 1000, ...(before !== undefined && { before }) });
    rows.push(...page.events);
    if (page.next === null) return { rows, unseen: page.unseen };
    before = page.next;
  }
}

/** All that is held, in order. */
export async function allHeld(client: RelayClient): Promise<HeldForwarding[]> {
  const held: HeldForwarding[] = [];
  for (let after: string | undefined; ;) {
    const page = await client.request('debug/held', { limit: 1000, ...(after !== undefined && { after }) });
    held.push(...page.held);
    if (!page.more) return held;
    after = page.held.at(-1)?.notificationId;
  }
}

/** How long a relay may take to come to rest where nothing has to be tried again, in milliseconds. */
const restTimeoutMs = 30_000;

/**
 * Waits until what the relay says is what the model knows.
 * @param mayWait whether forwardings may still be open; else all of them have to be done
 * @throws Error saying what differs to the end
 */
export async function atRest(
  world: World,
  rig: RelayRig,
  mayWait = true,
  timeoutMs = restTimeoutMs,
): Promise<Observed> {
  let problems: string[] = [];
  let observed: Observed | undefined;
  const rest = async (): Promise<boolean> => {
    throwWrong(world, rig);
    const way = mayWait ? world.onItsWay((id) => rig.callback(id).answering) : world.open;
    problems = way.map((each) => `${each.name} has not come, or been taken`);
    if (way.length > 0) return false;
    const status = await rig.client.request('relay/status', {});
    problems = differences(world, status);
    if (problems.length > 0) return false;
    const { rows } = await allRows(rig.client);
    world.learn(rows);
    const held = await allHeld(rig.client);
    observed = { status: await rig.client.request('relay/status', {}), rows, held };
    problems = [...differences(world, observed.status), ...rowDifferences(world, rig, observed)];
    return problems.length === 0;
  };
  try {
    await until(rest, timeoutMs, 'it has come to rest');
  } catch (error) {
    throwWrong(world, rig);
    if ((error as Error).name !== 'DidNotComeError') throw error;
    throw new Error(`the relay did not come to rest:\n  ${problems.slice(0, 12).join('\n  ')}`, { cause: error });
  }
  if (observed === undefined) throw new Error('nothing was told');
  world.settled();
  return observed;
}

/** @throws Error where something came that should not have, or the relay's process went wrong */
export function throwWrong(world: World, rig: RelayRig): void {
  const wrong = [...world.wrong, ...rig.wrong];
  if (wrong.length > 0)
    throw new Error(wrong.slice(0, 12).join('\n') + (wrong.length > 12 ? `\n… ${wrong.length}` : ''));
}

function differences(world: World, { sending, counts }: Status): string[] {
  const said: string[] = [];
  const isPaused = sending.state === 'paused';
  if (isPaused !== (world.paused !== null)) said.push(`sending is ${sending.state}`);
  if (world.stopDue && !isPaused) said.push('a breakpoint was met, and sending goes on');
  const { pause, breakpoint, missingKey, destination } = sending.held;
  if (pause + breakpoint + missingKey + destination !== counts.held) said.push('held by whom is not how many are held');
  if (!isPaused && pause + breakpoint > 0) said.push('something is held by a pause, and nothing is paused');
  if (counts.deliveries > world.mostDeliveries) {
    // The latest stay, however many wait. What was taken and is not known to be waits at the relay.
    const waits = world.forwardings.filter(({ state, again }) => state === 'open' || again);
    const open = new Set(waits.map(({ delivery }) => delivery)).size;
    if (world.mostDeliveries + open < counts.deliveries)
      said.push(`${counts.deliveries} deliveries are kept, ${open} of them open`);
  }
  return said;
}

function rowDifferences(world: World, rig: RelayRig, { status, rows, held }: Observed): string[] {
  const said: string[] = [];
  const { counts } = status;
  const expect = (what: string, is: number, should: number): void => {
    if (is !== should) said.push(`${what}: ${is}, and by the rows ${should}`);
  };
  expect('deliveries', counts.deliveries, new Set(rows.map(({ deliveryId }) => deliveryId)).size);
  expect('events', counts.events, rows.filter(({ kind }) => kind === 'event').length);
  expect('rejected', counts.rejected, rows.filter(({ kind }) => kind === 'rejected').length);
  expect('tests', counts.tests, rows.filter(({ kind }) => kind === 'test').length);
  const found = new Map<KnownForwarding, ForwardingState>();
  for (const row of rows) {
    if (row.kind !== 'event') continue;
    const delivery = world.deliveryOf(row);
    if (delivery === undefined) said.push(`${row.id} is of no delivery that was posted`);
    else if ((row.answered === 'on-purpose') !== (delivery.onPurpose !== null))
      said.push(`${row.id} was answered ${row.httpStatus}, and is marked as answered ${row.answered ?? 'as usual'}`);
    for (const { destinationId, state, attempts, heldBy } of row.forwardings) {
      const forwarding = world.ofRow(row, destinationId);
      if (forwarding === undefined) {
        said.push(`${row.id} goes to ${destinationId}`);
        continue;
      }
      found.set(forwarding, state);
      const allowed = world.allowed(forwarding, rig.callback(destinationId).answering);
      if (!allowed.includes(state)) said.push(`${forwarding.name} is ${state}, not ${allowed.join(' or ')}`);
      // One that is tried again may just have come, while many others are, too.
      const arrivals = forwarding.arrivals.length - (forwarding.hangs || state === 'waiting' ? 1 : 0);
      if (attempts < arrivals - forwarding.lost) said.push(`${forwarding.name} came ${arrivals} times, of ${attempts}`);
      if (heldBy === 'missing-key' || heldBy === 'destination') {
        if (!world.holds(forwarding.destination)) said.push(`${forwarding.name} is held by ${heldBy}`);
      }
    }
  }
  for (const state of states) {
    expect(state, counts[state], [...found.values()].filter((each) => each === state).length);
  }
  const heldSet = new Set(held.map((each) => world.ofHeld(each)));
  expect('held, as debug/held has it', held.length, counts.held);
  for (const [each, state] of found)
    if ((state === 'held') !== heldSet.has(each)) said.push(`${each.name} is ${state}, and debug/held differs`);
  for (const { destinationId, waiting } of status.destinations) {
    const open = [...found].filter(([each, state]) => each.destination.id === destinationId && isOpen(state));
    expect(`what waits for ${destinationId}`, waiting, open.length);
  }
  said.push(...missing(world, rows, new Set(found.keys())));
  return said;
}

function isOpen(state: ForwardingState): boolean {
  return state === 'waiting' || state === 'held';
}

/** What should be in the history, and is not. */
function missing(world: World, rows: readonly EventRow[], found: ReadonlySet<KnownForwarding>): string[] {
  const said: string[] = [];
  const there = new Set(rows.map((row) => world.deliveryOf(row)));
  for (const delivery of world.deliveries) {
    if (delivery.unsure || delivery.gone) continue;
    if (there.has(delivery)) {
      const lost = delivery.forwardings.filter((each) => !found.has(each));
      said.push(...lost.map((each) => `${each.name} is not in the history`));
    } else if (world.mayRemove && delivery.forwardings.every(({ state }) => state !== 'open')) delivery.gone = true;
    else said.push(`m${delivery.marker} is not in the history`);
  }
  if (!world.mayRemove) {
    for (const kind of ['rejected', 'test'] as const) {
      const is = rows.filter((row) => row.kind === kind).length;
      if (is !== world.others[kind]) said.push(`${is} are of the kind ${kind}, not ${world.others[kind]}`);
    }
  }
  return said;
}

/** Filters, and which rows each is to find. */
const filters: readonly (readonly [string, (row: EventRow) => boolean])[] = [
  ['', () => true],
  ...states.map(
    (state) => [`state:${state}`, (row: EventRow) => row.forwardings.some((each) => each.state === state)] as const,
  ),
  ['answered:on-purpose', ({ answered }) => answered === 'on-purpose'],
  ['kind:rejected', ({ kind }) => kind === 'rejected'],
  ['type:update', ({ type }) => type?.toLowerCase() === 'update'],
  ['source:open-connectors', ({ source }) => source === 'open-connectors'],
  [
    'state:held,waiting type:subscribe',
    ({ type, forwardings }) => type === 'Subscribe' && forwardings.some((each) => isOpen(each.state)),
  ],
];

/**
 * Asks for pages, counts and filters: each has to say what the rows say, once the index has seen all and retention has
 * removed what it removes.
 */
export async function checkPages(client: RelayClient): Promise<void> {
  let problems: string[] = [];
  const agree = async (): Promise<boolean> => {
    problems = [];
    const { rows } = await allRows(client);
    for (const [filter, finds] of filters) {
      const should = rows.filter(finds);
      const query = await allRows(client, filter);
      const page = await client.request('events/page', { filter, limit: 1 });
      const counts = await client.request('events/counts', { filter, groupBy: 'state' });
      if (query.unseen + page.unseen + counts.unseen > 0) problems.push(`${filter}: not all was seen`);
      const ids = new Set(query.rows.map(({ id }) => id));
      const differ = should.length !== ids.size || should.some(({ id }) => !ids.has(id));
      if (differ) problems.push(`${filter}: events/query finds ${ids.size} of ${should.length}`);
      if (page.total !== should.length) problems.push(`${filter}: events/page finds ${page.total} of ${should.length}`);
      if (counts.total !== should.length)
        problems.push(`${filter}: events/counts finds ${counts.total} of ${should.length}`);
      const groups = Object.fromEntries(counts.groups.map(({ value, count }) => [value ?? '', count]));
      for (const state of eventStates) {
        const wanted = should.filter((row) => stateOf(row) === state).length;
        if ((groups[state] ?? 0) !== wanted)
          problems.push(`${filter}: ${groups[state] ?? 0} are ${state}, not ${wanted}`);
      }
    }
    return problems.length === 0;
  };
  try {
    await until(agree, restTimeoutMs, 'pages and counts say what the rows say');
  } catch (error) {
    if ((error as Error).name !== 'DidNotComeError') throw error;
    throw new Error(`pages and counts are not what the rows say:\n  ${problems.join('\n  ')}`, { cause: error });
  }
}

/** How an event stands: its forwarding that most needs a look. */
function stateOf({ kind, forwardings }: EventRow): EventState {
  if (kind !== 'event') return kind;
  const all = forwardings.map(({ state, attempts, nextAttemptAt }): EventState =>
    state === 'waiting' && attempts > 0 && nextAttemptAt !== null ? 'retrying' : state,
  );
  return eventStates.find((state) => all.includes(state)) ?? 'none';
}
