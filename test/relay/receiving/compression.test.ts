import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { brotliCompressSync, deflateRawSync, deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { decompress, headOf, type Decompressed } from '../../../src/relay/receiving/compression.ts';

const compressors: Record<string, (body: Uint8Array) => Buffer> = {
  gzip: (body) => gzipSync(body),
  'x-gzip': (body) => gzipSync(body),
  deflate: (body) => deflateSync(body),
  'deflate without a header': (body) => deflateRawSync(body),
  br: (body) => brotliCompressSync(body),
};
const codingOf = (name: string): string => name.replace(/ .*/, '');

function plain(result: Decompressed): Buffer {
  if (result.kind !== 'plain') assert.fail(result.kind === 'broken' ? result.reason : result.kind);
  return result.body;
}

function broken(result: Decompressed): string {
  if (result.kind !== 'broken') assert.fail(result.kind);
  return result.reason;
}

describe('a compressed body', () => {
  for (const [name, compress] of Object.entries(compressors)) {
    const coding = codingOf(name);

    it(`unfolds to what was put in, ${name}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (body) => {
          assert.deepEqual(plain(await decompress(compress(body), coding, 2000)), Buffer.from(body));
        }),
        { numRuns: 50 },
      );
    });

    it(`is as long as the limit or is too long, ${name}`, async () => {
      const body = randomBytes(200_000);
      assert.deepEqual(plain(await decompress(compress(body), coding, 200_000)), body);
      const long = await decompress(compress(body), coding, 199_999);
      if (long.kind !== 'long') assert.fail(long.kind);
      assert.deepEqual(long.head, body.subarray(0, 65_536));
    });

    it(`is broken where it is cut or is something else, ${name}`, async () => {
      const whole = compress(randomBytes(1000));
      assert.match(
        broken(await decompress(whole.subarray(0, -20), coding, 10_000)),
        /^the body is not valid [a-z-]+: \S/,
      );
      assert.match(broken(await decompress(Buffer.from('{"Events":[]}'), coding, 10_000)), /^the body is not valid/);
    });

    it(`that would unfold to fifty megabytes is cut off at the limit, ${name}`, async () => {
      const bomb = compress(Buffer.alloc(50_000_000));
      assert.ok(bomb.length < 100_000);
      const result = await decompress(bomb, coding, 1_000_000);
      if (result.kind !== 'long') assert.fail(result.kind);
      assert.deepEqual(result.head, Buffer.alloc(65_536));
    });
  }

  it('in a coding that is not known says so', async () => {
    assert.match(broken(await decompress(Buffer.from('x'), 'zstd', 10)), /^Content-Encoding zstd is not supported/);
    assert.match(broken(await decompress(Buffer.from('x'), 'gzip, gzip', 10)), /not supported/);
    assert.ok(broken(await decompress(Buffer.from('x'), 'y'.repeat(10_000), 10)).length < 200);
  });

  it('with a byte changed is refused as zlib refuses it, or read', async () => {
    const whole = gzipSync(JSON.stringify({ ListID: 'a', Events: [{ Type: 'Subscribe', Name: 'Ada Sample' }] }));
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 0x55;
      let expected: Buffer | undefined;
      try {
        expected = gunzipSync(changed);
      } catch {
        // Refused.
      }
      const result = await decompress(changed, 'gzip', 10_000);
      if (expected === undefined) broken(result);
      else assert.deepEqual(plain(result), expected);
    }
  });
});

describe('the head of a compressed body', () => {
  for (const [name, compress] of Object.entries(compressors)) {
    it(`is its first bytes, though the end is missing, ${name}`, async () => {
      const body = randomBytes(300_000);
      const cut = compress(body).subarray(0, 200_000);
      assert.deepEqual(await headOf(cut, codingOf(name), 65_536), body.subarray(0, 65_536));
    });
  }

  it('is undefined where the body is not of that coding', async () => {
    assert.equal(await headOf(Buffer.from('plain text, no gzip'), 'gzip', 100), undefined);
    assert.equal(await headOf(Buffer.from('plain text, no zstd'), 'zstd', 100), undefined);
  });
});
