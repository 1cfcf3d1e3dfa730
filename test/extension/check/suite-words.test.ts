import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readScenarioBytes } from '../../../src/check/scenario-file.ts';
import { fileProblem } from '../../../src/extension/check/suite-words.ts';
import type { Localiser } from '../../../src/extension/ui/localiser.ts';

const bundle = new URL('../../../l10n/bundle.l10n.de.json', import.meta.url);
const texts = JSON.parse(readFileSync(bundle, 'utf8')) as Readonly<Record<string, string>>;
const filled = (text: string, args: readonly unknown[]): string =>
  text.replace(/\{(\d)\}/g, (_all, index: string) => String(args[Number(index)]));
const english: Localiser = { t: (message, ...args) => filled(message, args) };
const german: Localiser = { t: (message, ...args) => filled(texts[message] ?? message, args) };

const step = { send: { sample: 'Subscribe' } };
const withSteps = (...steps: unknown[]): string => JSON.stringify({ scenarios: [{ name: 'it', steps }] });
const times = (count: number, each: unknown): unknown[] => Array.from({ length: count }, () => each);

async function problem(text: string): Promise<Error> {
  return readScenarioBytes(Buffer.from(text)).then(
    () => assert.fail('accepted'),
    (error: unknown) => error as Error,
  );
}

describe('Why a file of scenarios is not shown', () => {
  it('is said with what to do where a bound is passed, in the user’s language', async () => {
    const asking = { ...step, expect: { answer: times(20, '1>0') } };
    for (const [text, said, gesagt] of [
      [' '.repeat(1_048_577), /^Longer than 1048576 bytes\. Make several/, /^Länger als 1048576 Bytes\. Teilen/],
      ['['.repeat(500), /^Nested deeper than 50\. Make several/, /^Tiefer als 50 verschachtelt\. Teilen/],
      [JSON.stringify(times(40_000, 1)), /^More than 30000 values\. Make/, /^Mehr als 30000 Werte\. Teilen/],
      [
        JSON.stringify(Object.fromEntries(times(300, 1).map((_, at) => [at, 1]))),
        /more than 200 keys\. Make/,
        /200 Schlüssel\./,
      ],
      [
        JSON.stringify({ scenarios: times(60, { name: 'it', steps: [asking] }) }),
        /^More than 1000 expressions\. Make/,
        /^Mehr als 1000 Ausdrücke/,
      ],
      ['{', /^Not JSON: /, /^Kein JSON: /],
      [withSteps({ send: {} }), /\(scenarios\[0\]\.steps\[0\][^(]*\)$|^Missing: scenarios/, /scenarios\[0\]/],
      [
        withSteps({ ...step, again: 1 }),
        /^Unknown key "again" in scenarios\[0\]\.steps\[0\]$/,
        /^Unbekannter Schlüssel "again" in scenarios\[0\]\.steps\[0\]$/,
      ],
      [
        JSON.stringify({ scenarios: [{ steps: [step] }] }),
        /^Missing: scenarios\[0\]\.name$/,
        /^Es fehlt: scenarios\[0\]\.name$/,
      ],
      [withSteps({ wait: 'long' }), /^must be a number \(scenarios\[0\]\.steps\[0\]\.wait\)$/, /scenarios\[0\]/],
    ] as const) {
      const error = await problem(text);
      assert.match(fileProblem(error, english), said);
      assert.match(fileProblem(error, german), gesagt);
    }
  });
});
