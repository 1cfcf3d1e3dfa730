import { promisify } from 'node:util';
import {
  brotliDecompress,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  gunzip,
  inflate,
  inflateRaw,
} from 'node:zlib';
import { keptRefusedBytes } from '../../normalizer/delivery-limits.ts';

const gunzipAll = promisify(gunzip);
const inflateAll = promisify(inflate);
const inflateRawAll = promisify(inflateRaw);
const brotliAll = promisify(brotliDecompress);

export type Decompressed =
  | { readonly kind: 'plain'; readonly body: Buffer }
  | { readonly kind: 'long'; readonly head: Buffer }
  | { readonly kind: 'broken'; readonly reason: string };

/** @param coding the Content-Encoding, lower case @param limit on the result, in bytes */
export async function decompress(body: Buffer, coding: string, limit: number): Promise<Decompressed> {
  const options = { maxOutputLength: limit };
  try {
    switch (coding) {
      case 'identity':
      case '':
        return { kind: 'plain', body };
      case 'gzip':
      case 'x-gzip':
        return { kind: 'plain', body: body.length === 0 ? body : await gunzipAll(body, options) };
      case 'deflate':
        return {
          kind: 'plain',
          body: body.length === 0 ? body : await (hasZlibHeader(body) ? inflateAll : inflateRawAll)(body, options),
        };
      case 'br':
        return { kind: 'plain', body: body.length === 0 ? body : await brotliAll(body, options) };
      default:
        return {
          kind: 'broken',
          reason: `Content-Encoding ${coding.slice(0, 40)} is not supported: send gzip, deflate, br, or none`,
        };
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      return { kind: 'long', head: (await headOf(body, coding, keptRefusedBytes)) ?? Buffer.alloc(0) };
    }
    return { kind: 'broken', reason: `the body is not valid ${coding}: ${(error as Error).message}` };
  }
}

export function headOf(body: Buffer, coding: string, most: number): Promise<Buffer | undefined> {
  const stream =
    coding === 'br'
      ? createBrotliDecompress()
      : coding === 'deflate'
        ? hasZlibHeader(body)
          ? createInflate()
          : createInflateRaw()
        : createGunzip();
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const done = (): void => {
      stream.destroy();
      resolve(length === 0 ? undefined : Buffer.concat(chunks).subarray(0, most));
    };
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= most) done();
    });
    stream.on('end', done).on('error', done);
    stream.end(body);
  });
}

/** RFC 1950: compression method 8, and the first two bytes as a number divisible by 31. */
function hasZlibHeader(body: Buffer): boolean {
  const [first = 0, second = 0] = body;
  return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0;
}
