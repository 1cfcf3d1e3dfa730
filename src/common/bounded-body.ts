/** Bodies of requests and responses from outside, read up to a limit: the sender may never end. */

export type BodyStream = AsyncIterable<Uint8Array>;

export class TooLongError extends Error {}

/** @throws TooLongError as soon as the body is longer; its message begins with "its answer" */
export async function readText(body: BodyStream | null, mostBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > mostBytes) throw new TooLongError(`its answer is longer than ${mostBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** The rest is not read. A character that is cut at the end becomes U+FFFD. */
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
