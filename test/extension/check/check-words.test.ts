import assert from 'node:assert/strict';
import { readScenarioBytes } from '../../../src/check/scenario-file.ts';
import { commandProbe } from '../../../src/check/probe.ts';
import { checkError, probeTodo } from '../../../src/extension/check/check-words.ts';
import { CheckError } from '../../../src/check/check-error.ts';
import { SecretMask } from '../../../src/common/masking.ts';
import { inGerman } from '../../common/in-german.ts';

const lenient = (english: string): string => english;

const step = { send: { sample: 'Subscribe' } };
const withSteps = (...steps: unknown[]): string => JSON.stringify({ scenarios: [{ name: 'it', steps }] });
const times = (count: number, each: unknown): unknown[] => Array.from({ length: count }, () => each);

async function problem(text: string): Promise<Error> {
  return readScenarioBytes(Buffer.from(text)).then(
    () => assert.fail('accepted'),
    (error: unknown) => error as Error,
  );
}

describe('Why a probe gives no number', () => {
  it('is said in the user’s language', async () => {
    const command = ['node', '-e', 'console.log("[1]")'];
    const failure = (): Promise<unknown> =>
      commandProbe(command, '.', new SecretMask([]))
        .read(new AbortController().signal)
        .catch((reason: unknown) => reason);
    const error = await failure();
    const inOther = await inGerman(failure, lenient);
    assert.match(
      checkError(error),
      /^the contact count "node .* didn’t return a whole number: \[1\]\. Specify where the number is/,
    );
    assert.match(
      checkError(inOther),
      /^die Kontaktzahl "node .* hat keine ganze Zahl geliefert: \[1\]\. Geben Sie an, wo/,
    );
    assert.ok(error instanceof CheckError && inOther instanceof CheckError);
    assert.match(probeTodo(error), /^Nothing was sent to your callback\. Specify where the number is/);
    assert.match(
      inGerman(() => probeTodo(inOther), lenient),
      /^An Ihren Callback wurde nichts gesendet\. Geben Sie an, wo/,
    );
    assert.match(probeTodo(new CheckError('none')), /^Nothing was sent .* set up the contact count again\.$/);
  });
});

describe('Why a file of scenarios is not shown', () => {
  it('is said with what to do where a bound is passed, in the user’s language', async () => {
    const asking = { ...step, expect: { answer: times(20, '1>0') } };
    for (const [text, said, gesagt] of [
      [' '.repeat(1_048_577), /^is longer than 1048576 bytes\. Send large/, /^ist länger als 1048576 Bytes\. Senden/],
      [
        '['.repeat(500),
        /^is nested more than 50 levels deep\. Send/,
        /^ist tiefer als 50 Ebenen verschachtelt\. Senden/,
      ],
      [JSON.stringify(times(40_000, 1)), /^has more than 30000 values\. Send/, /^hat mehr als 30000 Werte\. Senden/],
      [
        JSON.stringify(Object.fromEntries(times(300, 1).map((_, at) => [at, 1]))),
        /more than 200 keys\. Send/,
        /200 Schlüsseln\./,
      ],
      [
        JSON.stringify({ scenarios: times(60, { name: 'it', steps: [asking] }) }),
        /^has more than 1000 expressions\. Split/,
        /^hat mehr als 1000 Ausdrücke\. Teilen/,
      ],
      ['{', /^isn’t JSON: .*\. See docs/, /^ist kein JSON: .*\. Das Format/],
      [withSteps({ send: {} }), /\(scenarios\[0\]\.steps\[0\][^(]*\)$/, /scenarios\[0\]/],
      [
        withSteps({ ...step, again: 1 }),
        /^unknown key "again" \(scenarios\[0\]\.steps\[0\]\)$/,
        /^unbekannter Schlüssel "again" \(scenarios\[0\]\.steps\[0\]\)$/,
      ],
      [
        JSON.stringify({ scenarios: [{ steps: [step] }] }),
        /^is missing \(scenarios\[0\]\.name\)$/,
        /^fehlt \(scenarios\[0\]\.name\)$/,
      ],
      [
        withSteps({ wait: 'long' }),
        /^must be a number \(scenarios\[0\]\.steps\[0\]\.wait\)$/,
        /^muss sein: eine Zahl \(scen/,
      ],
    ] as const) {
      assert.match(checkError(await problem(text)), said);
      assert.match(checkError(await inGerman(() => problem(text), lenient)), gesagt);
    }
  });
});
