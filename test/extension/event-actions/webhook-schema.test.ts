import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { webhookEventTypes } from '../../../src/campaign-monitor/event-types.ts';
import { sampleDeliveries } from '../../../src/campaign-monitor/samples.ts';

interface Schema {
  readonly description?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly { readonly enum?: readonly string[] }[];
  readonly allOf?: readonly {
    readonly if: Schema & { properties: { Type: { const: string } } };
    readonly then: Schema;
  }[];
}

const schema = JSON.parse(
  readFileSync(new URL('../../../media/webhook.schema.json', import.meta.url), 'utf8'),
) as Schema;

/** Whether every field of a value is described, and every required one there. */
function check(value: unknown, described: Schema, path: string): void {
  if (Array.isArray(value)) {
    assert.ok(described.items, path);
    for (const [i, item] of value.entries()) check(item, described.items, `${path}[${i}]`);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [name, field] of Object.entries(value)) {
    const property = described.properties?.[name];
    assert.ok(property?.description, `${path}.${name} is not described`);
    check(field, property, `${path}.${name}`);
  }
  for (const name of described.required ?? []) assert.ok(Object.hasOwn(value, name), `${path}.${name} is missing`);
  for (const { if: condition, then } of described.allOf ?? []) {
    if ((value as { Type?: string }).Type !== condition.properties.Type.const) continue;
    assert.deepEqual(
      then.required?.filter((name) => !Object.hasOwn(value, name)),
      [],
      path,
    );
  }
}

describe('The schema of an edited body', () => {
  it('describes every field that Campaign Monitor sends, and requires none that it leaves out', () => {
    const deliveries = sampleDeliveries({ types: webhookEventTypes, count: 6, batch: 20, mixed: true });
    for (const { body } of deliveries) check(body, schema, 'body');
    for (const name of ['subscribe', 'update', 'deactivate', 'subscribe-batch-of-two']) {
      const file = new URL(`../../fixtures/campaign-monitor/${name}.json`, import.meta.url);
      check(JSON.parse(readFileSync(file, 'utf8')), schema, name);
    }
  });

  it('offers the types that a webhook can be asked for', () => {
    const type = schema.properties?.['Events']?.items?.properties?.['Type'];
    assert.deepEqual(type?.anyOf?.[0]?.enum, webhookEventTypes);
  });
});
