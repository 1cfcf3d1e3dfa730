/** Loaded with the client. */
import { parseJson } from '../../common/parse-json.ts';
import type { EventRow } from '../../protocol/history.ts';

/** A delivery of some events, as in a shareable fixture. */
export interface FixtureDelivery {
  readonly source: string;
  readonly format: string;
  readonly body: unknown;
}

type ScenarioStep = Readonly<Record<string, unknown>>;

/**
 * A scenario that sends received events again.
 * @param rows the events; those of one delivery are sent together
 * @param fixture what `toFixture` made of their deliveries, in order of first appearance in `rows`; null to reference
 * the deliveries by ID and send them unchanged
 */
export function scenarioFile(name: string, rows: readonly EventRow[], fixture: string | null): string {
  const byDelivery = new Map<string, EventRow[]>();
  for (const row of rows) byDelivery.set(row.deliveryId, [...(byDelivery.get(row.deliveryId) ?? []), row]);
  const inline = fixture === null ? [] : deliveriesOf(fixture);
  const steps = [...byDelivery].map(([id, own], index): ScenarioStep => {
    const body = bodyOf(inline[index], own);
    return {
      name: `${id}: ${titleOf(own)}`.slice(0, 100),
      send: body === undefined ? { event: id } : { delivery: body },
      expect: { status: '2xx' },
    };
  });
  return `${JSON.stringify({ scenarios: [{ name: name.slice(0, 200), steps }] }, null, 2)}\n`;
}

function titleOf(rows: readonly EventRow[]): string {
  const types = [...new Set(rows.map(({ type, kind }) => type ?? kind))].join(', ');
  return rows.length === 1 ? types : `${rows.length} × ${types}`;
}

function deliveriesOf(fixture: string): readonly (FixtureDelivery | undefined)[] {
  const read = parseJson(fixture, Infinity) as { readonly deliveries?: readonly FixtureDelivery[] } | undefined;
  return read?.deliveries ?? [];
}

/** The delivery with only the chosen events; undefined if a scenario can't contain it. */
function bodyOf(delivery: FixtureDelivery | undefined, rows: readonly EventRow[]): object | undefined {
  if (delivery?.source !== 'campaign-monitor' || delivery.format !== 'json') return undefined;
  const { body } = delivery;
  if (typeof body !== 'object' || body === null || !('Events' in body) || !Array.isArray(body.Events)) return undefined;
  const chosen = new Set(rows.map(({ inDelivery }) => inDelivery.position));
  const events = (body.Events as unknown[]).filter(
    (each, index) => typeof each === 'object' && each !== null && (chosen.size === 0 || chosen.has(index + 1)),
  );
  return events.length === 0 ? undefined : { ...body, Events: events };
}
