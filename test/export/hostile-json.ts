/** JSON whose shape costs more than its length: deep, wide, with long keys and strings, and much that is escaped. */
import fc from 'fast-check';

const depths = fc.constantFrom(50, 99, 101, 1000, 7000, 15_000, 100_000);
const counts = fc.constantFrom(1, 1000, 50_000);

export const hostileJson = fc.oneof(
  depths.map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  depths.map((depth) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`),
  depths.map((depth) => `${'[{"a":'.repeat(depth)}"\\u00e9"${'}]'.repeat(depth)}`),
  fc.tuple(depths, counts).map(([depth, count]) => `${'['.repeat(depth)}${'1,'.repeat(count)}1${']'.repeat(depth)}`),
  counts.map((count) => `[${'{},'.repeat(count)}[]]`),
  counts.map((count) => `{"${'k'.repeat(count)}":"${'\\u0000'.repeat(count)}"}`),
  counts.map((count) => `{${Array.from({ length: count }, (_, i) => `"k${i}":${i}`).join(',')}}`),
  counts.map((count) => JSON.stringify({ a: '\u0001\u202e"\\'.repeat(count) })),
  // JSON in a string of JSON, and so on: each level doubles the escapes.
  fc.nat({ max: 12 }).map((levels) => {
    let text = '[1]';
    for (let i = 0; i < levels; i++) text = JSON.stringify([text]);
    return text;
  }),
);

/** The same as the value of a vendor's event. */
export const hostileDelivery = hostileJson.map((json) => `{"ListID":"l","Events":[{"Type":"Subscribe","X":${json}}]}`);
