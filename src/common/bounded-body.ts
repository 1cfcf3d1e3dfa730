/** Bodies of requests and answers from outside, of which only so much is read: whoever sends may never end. */

/** What a body comes in: a web stream, or a stream of Node. */
export type BodyStream = AsyncIterable<Uint8Array>;

/** A body is longer than what may be read of it. */
export class TooLongError extends Error {}

/**
 * A whole body as text (UTF-8).
 * @param body null for none
 * @param mostBytes what it may come to, in bytes
 * @throws TooLongError where it is longer, as soon as that shows: the rest is not read. Its message begins with "its answer"
 */
export async function readText(body: BodyStream | null, mostBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  // Leaving the loop ends the stream.
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > mostBytes) throw new TooLongError(`its answer is longer than ${mostBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/**
 * The beginning of a body as text (UTF-8); the rest is not read.
 * @param body null for none
 * @param mostBytes how much is taken, in bytes; a character that is cut there becomes U+FFFD
 */
export async function readBeginning(body: BodyStream | null, mostBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes >= mostBytes) break;
  }
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.concat(chunks).subarray(0, mostBytes));
}
