import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { jsonLine, LiveWriter } from '../../../src/cli/terminal/output.ts';

describe('a line of JSON', () => {
  it('holds nothing that drives a terminal or reorders its line, and reads back the same', () => {
    const value = { a: '\u009b2J \u007f \u202e \u2028 \u{e0001} ü📚', 'b\u0085': 1 };
    const line = jsonLine(value);
    assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    assert.match(line, /\\u009b2J .* ü📚/);
    assert.deepEqual(JSON.parse(line), value);
  });
});

/** A reader that takes nothing until it is told to. */
class HeldReader extends Writable {
  readonly received: string[] = [];
  #release: (() => void) | undefined;
  #open = false;

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.received.push(chunk.toString());
    if (this.#open) done();
    else this.#release = done;
  }

  open(): void {
    this.#open = true;
    this.#release?.();
  }
}

const missed = (count: number): string => `missed ${count}`;

describe('a live writer', () => {
  it('leaves lines out for a reader that has stopped, and says once how many when it has caught up', async () => {
    const reader = new HeldReader({ highWaterMark: 10 });
    const writer = new LiveWriter(reader, { missed, limit: 100 });
    for (let i = 0; i < 10; i++) writer.write('x'.repeat(49));
    const drained = once(reader, 'drain');
    reader.open();
    await drained;
    writer.write('after');
    const lines = reader.received.join('').trimEnd().split('\n');
    // Three lines of 50 bytes: the third is written at 100 waiting, the fourth meets more than the limit.
    assert.deepEqual(lines.slice(3), ['missed 7', 'after']);
    assert.equal(lines.length, 5);
  });

  it('keeps what waits below the limit', () => {
    const reader = new HeldReader({ highWaterMark: 10 });
    const writer = new LiveWriter(reader, { missed, limit: 1000 });
    for (let i = 0; i < 10_000; i++) writer.write('x'.repeat(99));
    assert.ok(reader.writableLength <= 1100, String(reader.writableLength));
    reader.open();
  });

  it('is flushed when the reader has all of it, little or much, and what was left out with it', async () => {
    for (const [lines, highWaterMark] of [
      [1, 65_536],
      [20, 65_536],
      [20, 10],
    ] as const) {
      const reader = new HeldReader({ highWaterMark });
      const writer = new LiveWriter(reader, { missed, limit: 100 });
      for (let i = 0; i < lines; i++) writer.write('x'.repeat(49));
      let isFlushed = false;
      const flushed = writer.flushed(3_600_000).then(() => (isFlushed = true));
      await new Promise(setImmediate);
      assert.equal(isFlushed, false);
      reader.open();
      await flushed;
      assert.equal(reader.writableLength, 0);
      const read = reader.received.join('').trimEnd().split('\n');
      if (highWaterMark === 10) assert.equal(read.at(-1), 'missed 17');
    }
    const held = new HeldReader();
    const writer = new LiveWriter(held, { missed });
    writer.write('a');
    const flushed = writer.flushed(3_600_000);
    held.destroy(new Error('broken pipe'));
    await flushed;
  });

  it('goes silent when nobody reads any more, or nothing can be written, and says which', async () => {
    for (const [code, said] of [
      ['EPIPE', null],
      ['ENOSPC', /cannot write to standard output: no room/],
    ] as const) {
      const stream = new PassThrough();
      const writer = new LiveWriter(stream, { missed });
      stream.destroy(Object.assign(new Error('no room'), { code }));
      const error = await writer.closed;
      if (said === null) assert.equal(error, null);
      else assert.match(error?.message ?? '', said);
      writer.write('a');
      writer.miss(3);
      await writer.flushed(10_000);
    }
  });
});
