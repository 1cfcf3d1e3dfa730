import assert from 'node:assert/strict';
import { play, type Played, type PlayOptions } from '../../src/check/play.ts';
import { anonymized, readRecording, RecordingError, writeRecording } from '../../src/check/recording.ts';
import type { RecordedDelivery } from '../../src/check/recording.ts';
import { Callback } from './callback.ts';

function recorded(atMs: number, address: string): RecordedDelivery {
  const events = [{ Type: 'Subscribe', Date: '2026-01-15 09:30:00', EmailAddress: address, Name: 'Ada' }];
  const body = Buffer.from(JSON.stringify({ ListID: 'aabb', Events: events }));
  return { atMs, source: 'campaign-monitor', contentType: 'application/json', body };
}

const two = [recorded(0, 'ada@example.org'), recorded(120, 'ada@example.org')];

describe('A recording', () => {
  it('reads back to the byte, also what is no text', () => {
    const bytes = { ...recorded(7, 'x'), body: Buffer.from([0xff, 0x00, 0xfe]) };
    const text = [...writeRecording([...two, bytes], new Date(0))].join('');
    assert.deepEqual(readRecording(text), [...two, bytes]);
    assert.equal(text.split('\n').length, 5);
  });

  it('is refused with the line that is wrong', () => {
    for (const none of ['{}', '', '\n{}']) assert.throws(() => readRecording(none), RecordingError);
    const [head = ''] = writeRecording([], new Date(0));
    assert.throws(() => readRecording(`${head}{"atMs":-1}`), /line 2: /);
    assert.throws(() => readRecording(`${head}\n\nnothing`), /line 4: /);
  });

  it('has addresses replaced by the same throughout', () => {
    const replaced = anonymized(two);
    const addresses = replaced.map(({ body }) => /"EmailAddress":"([^"]+)"/.exec(body.toString())?.[1]);
    assert.equal(addresses[0], addresses[1]);
    assert.ok(addresses[0] !== undefined && addresses[0] !== 'ada@example.org');
    assert.doesNotMatch(replaced.map(({ body }) => body.toString()).join(''), /Ada|aabb/);
    assert.deepEqual(
      replaced.map(({ atMs }) => atMs),
      [0, 120],
    );
  });

  describe('that is played', () => {
    let callback: Callback;
    beforeEach(async () => {
      callback = await Callback.open();
    });
    afterEach(() => callback.close());

    async function played(options: Partial<PlayOptions>, deliveries = two): Promise<Played[]> {
      const all: Played[] = [];
      await play(deliveries, {
        targetOf: () => callback.target(),
        shape: 'delivery',
        speed: 1,
        onPlayed: (each) => all.push(each),
        signal: new AbortController().signal,
        ...options,
      });
      return all;
    }

    it('comes to the byte, in its time', async () => {
      const started = performance.now();
      const all = await played({});
      assert.ok(performance.now() - started >= 115, 'it takes as long as it was');
      assert.deepEqual(
        callback.taken.map(({ body }) => body),
        two.map(({ body }) => body),
      );
      assert.deepEqual(
        all.map(({ number, answer }) => [number, answer.kind]),
        [
          [1, 'answer'],
          [2, 'answer'],
        ],
      );
    });

    it('does not wait for answers in its own time, and does step by step', async () => {
      const numbers: number[] = [];
      let answered = (): void => undefined;
      const after = new Promise<void>((resolve) => (answered = resolve));
      callback.answering = (_, index) => (index === 0 ? { after } : {});
      await played({
        speed: 10,
        onPlayed: ({ number }) => {
          numbers.push(number);
          answered();
        },
      });
      assert.deepEqual(numbers, [2, 1]);
      const steps: number[] = [];
      callback.answering = () => ({ afterMs: 20 });
      const all = await played({
        step: () => {
          steps.push(callback.taken.length);
          return Promise.resolve();
        },
      });
      assert.deepEqual(steps, [2, 3]);
      assert.deepEqual(
        all.map(({ number }) => number),
        [1, 2],
      );
    });

    it('is made notifications of, and is given up by its signal', async () => {
      const [first] = await played({ shape: 'notification', speed: Infinity });
      assert.equal(first?.message.label ?? '', 'notification');
      assert.match(callback.taken[0]?.body.toString() ?? '', /"raw":\{"ListID":"aabb"/);
      callback.answering = () => null;
      const stop = new AbortController();
      const going = played({ signal: stop.signal });
      await callback.received(3);
      stop.abort(new Error('enough'));
      await assert.rejects(going, /enough/);
    });
  });
});
