import { anonymize } from '../../campaign-monitor/anonymize.ts';
import { indentJson } from '../../export/indented-json.ts';
import { maskSecrets, textOf } from '../../export/item.ts';
import { isHopHeader } from '../../common/hop-headers.ts';
import { maskedValue } from '../../common/masking.ts';
import { signatureHeader } from '../../open-connectors/signature.ts';
import type { EventRow, Headers } from '../../protocol/history.ts';
import { parseJson } from '../../common/parse-json.ts';

export interface TestFileParts {
  readonly subject: string;
  readonly title: string;
  readonly comment: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly replaced: boolean;
}

/**
 * Posts the exact bytes, so that a signature stays valid unless the body is replaced. Masked headers are read from the
 * environment.
 */
export function testFile(given: TestFileParts): string {
  const parts = given.replaced ? withReplaced(given) : given;
  const headers = parts.headers
    .filter(([name]) => !isHopHeader(name))
    .map(([name, value]) => `    [${quote(name)}, ${value === maskedValue ? fromEnvironment(name) : quote(value)}],`);
  return [
    `// ${parts.comment.replace(/[\r\n\u2028\u2029]+/g, ' ')}`,
    "import assert from 'node:assert/strict';",
    '',
    `const url = process.env.CALLBACK_URL ?? ${quote(maskSecrets(parts.url))};`,
    '',
    `const body = ${bodyExpression(parts.body)};`,
    '',
    `describe(${quote(parts.subject)}, () => {`,
    `  it(${quote(parts.title)}, async () => {`,
    '    const headers = [',
    ...headers.map((line) => `  ${line}`),
    '    ];',
    "    const response = await fetch(url, { method: 'POST', headers, body });",
    '    assert.ok(response.ok, `answered ${response.status}: ${await response.text()}`);',
    '  });',
    '});',
    '',
  ].join('\n');
}

function withReplaced(parts: TestFileParts): TestFileParts {
  const [made] = anonymize([{ headers: [], body: parts.body }]);
  // A body that isn't JSON is a string.
  const body = typeof made?.body === 'string' && made.format !== 'json' ? made.body : JSON.stringify(made?.body);
  return {
    ...parts,
    body: Buffer.from(body),
    headers: parts.headers.map(([name, value]) => [
      name,
      name.toLowerCase() === signatureHeader.toLowerCase() ? maskedValue : value,
    ]),
  };
}

function fromEnvironment(name: string): string {
  return `process.env.CALLBACK_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')} ?? ''`;
}

/** Readable if that yields the same bytes. */
function bodyExpression(body: Buffer): string {
  const text = textOf(body);
  if (text === undefined) return `Buffer.from(${quote(body.toString('base64'))}, 'base64')`;
  // In a literal, "__proto__" isn't an own field. Node can't parse what is nested too deeply.
  const indented = text.includes('__proto__') || unseen.test(text) ? undefined : indentJson(text);
  if (indented?.kind === 'indented') {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && JSON.stringify(value) === text) return `JSON.stringify(${indented.text})`;
  }
  return quote(text);
}

/** Invisible characters, and those that make a line read differently from how it runs. */
const unseen = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

function quote(text: string): string {
  if (!/['\\]/.test(text) && !unseen.test(text)) return `'${text}'`;
  return JSON.stringify(text).replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}

interface FixtureDelivery {
  readonly source: string;
  readonly format: string;
  readonly body: unknown;
}

type ScenarioStep = Readonly<Record<string, unknown>>;

/** @param fixture has a delivery for each one in `rows`, in order; null to send those in the history by ID */
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

/** Undefined if a scenario can't contain the delivery. */
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
