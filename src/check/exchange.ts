/** One request to a callback, sent as its manner says, and what came of it. */
import { request as requestByHttp } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as requestByHttps } from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';
import { loopbackLookup } from '../common/loopback.ts';
import type { SecretMask } from '../common/masking.ts';
import { boundAnswers } from '../common/read-bound.ts';
import { withTexts } from '../common/words.ts';
import type { Said } from '../common/words.ts';
import type { Message } from './messages.ts';
import type { Target } from './target.ts';
import { words } from './words.ts';

/** How much of an answer's body is kept, in bytes. */
const keptBytes = 65_536;

/** What came of one request. `ms`: from when the connection stood, or from the beginning where none was made. */
export type Answer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: [string, string][];
      /** The first 64 KiB. */
      readonly body: Buffer;
      readonly truncated: boolean;
      readonly ms: number;
    }
  /** No connection could be made. */
  | { readonly kind: 'unreachable'; readonly error: Said; readonly ms: number }
  /** A time-out, or a connection that broke. */
  | { readonly kind: 'broken'; readonly error: Said; readonly ms: number }
  /** The sender ended the connection, as the request's manner says. */
  | { readonly kind: 'left'; readonly ms: number };

/**
 * Sends a request, on a connection of its own. Redirects are not followed. Secrets in the answer are masked.
 * @param timeoutMs for the whole exchange
 * @throws the signal's reason where that gives it up
 */
export async function exchange(
  target: Target,
  message: Message,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Answer> {
  signal.throwIfAborted();
  const started = performance.now();
  let connectedAt: number | undefined;
  /** Why it was ended here: it was late, or a flood. */
  let cut: Said | undefined;
  const since = (): number => performance.now() - (connectedAt ?? started);
  const { manner, body } = message;
  const send = target.url.protocol === 'https:' ? requestByHttps : requestByHttp;
  const own = new Set(target.headers.map(([name]) => name.toLowerCase()));
  const request = send(target.url, {
    method: 'POST',
    agent: false,
    lookup: loopbackLookup,
    rejectUnauthorized: !target.insecureTls,
    headers: [
      ...[['Host', target.url.host] as const, ...message.headers]
        .filter(([name]) => !own.has(name.toLowerCase()))
        .flat(),
      ...target.headers.flat(),
      ...['Content-Length', String(body.byteLength), 'Connection', 'close'],
    ],
  });
  request.on('socket', (socket) => {
    socket.setNoDelay(true);
    boundAnswers(socket, keptBytes, (error) => {
      cut = error.message;
      request.destroy(error);
    });
    socket.once(
      target.url.protocol === 'https:' ? 'secureConnect' : 'connect',
      () => (connectedAt = performance.now()),
    );
  });
  const end = new AbortController();
  const timer = setTimeout(() => {
    cut = connectedAt === undefined ? words('no-connection') : words('no-complete-answer', timeoutMs);
    request.destroy(new Error('out of time'));
  }, timeoutMs);
  const giveUp = (): void => void request.destroy(new Error('given up'));
  signal.addEventListener('abort', giveUp);
  try {
    const answer = answerTo(request, since, () => cut);
    // What goes wrong with the request is told by its answer.
    write(request, message, end.signal).catch(() => undefined);
    const came = masked(await answer, target.mask);
    signal.throwIfAborted();
    const isLeft = manner.kind === 'unanswered' || manner.kind === 'cut';
    // Where it could not be sent at all, that is what there is to say.
    return isLeft && came.kind !== 'unreachable' ? { kind: 'left', ms: since() } : came;
  } finally {
    end.abort();
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
    request.destroy();
  }
}

/** A callback may say back what it was sent. */
function masked(answer: Answer, mask: SecretMask): Answer {
  if (answer.kind === 'left') return answer;
  if (answer.kind !== 'answer') {
    const inText = (text: string): string => mask.in(text);
    const { error } = answer;
    return { ...answer, error: typeof error === 'string' ? inText(error) : withTexts(error, inText) };
  }
  return {
    ...answer,
    headers: answer.headers.map(([name, value]) => [mask.in(name), mask.in(value)]),
    body: mask.inBytes(answer.body, { cut: answer.truncated }),
  };
}

/** Writes the body, and ends the connection where the manner says so. */
async function write(request: ClientRequest, { manner, body }: Message, signal: AbortSignal): Promise<void> {
  switch (manner.kind) {
    case 'whole':
      request.end(body);
      return;
    case 'slow': {
      const pieces = piecesOf(body);
      for (const [at, piece] of pieces.entries()) {
        if (at > 0) await wait(manner.ms / (pieces.length - 1), undefined, { signal });
        request.write(piece);
      }
      request.end();
      return;
    }
    case 'cut':
      await flushed((done) => request.write(body.subarray(0, Math.ceil(body.byteLength / 2)), done));
      request.destroy();
      return;
    case 'unanswered':
      await flushed((done) => request.end(body, done));
      // Ends the connection once the system has all of it.
      request.socket?.destroySoon();
      return;
  }
}

/** A body in at most 40 pieces, which end within a character where there is one: decoding each by itself shows. */
export function piecesOf(body: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  const size = Math.ceil(body.byteLength / 40);
  for (let rest = body; rest.byteLength > 0;) {
    // The second byte of a character, or a later one, is 10xxxxxx.
    const within = rest.subarray(size, 2 * size).findIndex((byte) => byte >> 6 === 0b10);
    const end = size + Math.max(0, within);
    pieces.push(rest.subarray(0, end));
    rest = rest.subarray(end);
  }
  return pieces;
}

function flushed(begin: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    begin((error) => {
      if (error instanceof Error) reject(error);
      else resolve();
    });
  });
}

/** Never rejects. @param cut why it was ended on this side, once it was */
function answerTo(request: ClientRequest, since: () => number, cut: () => Said | undefined): Promise<Answer> {
  return new Promise((resolve) => {
    let isConnected = false;
    let isAnswered = false;
    request.once('socket', (socket) => socket.once('connect', () => (isConnected = true)));
    const failed = (own: Said): void => {
      // What a stream says that was ended is that it was ended.
      resolve({ kind: isConnected ? 'broken' : 'unreachable', error: cut() ?? own, ms: since() });
    };
    request.on('error', (error) => failed(worded(error)));
    // One that was destroyed tells no error of its own.
    request.once('close', () => {
      if (!isAnswered) failed(words('closed'));
    });
    request.once('response', (response) => {
      isAnswered = true;
      read(response).then(
        ({ body, truncated }) => {
          resolve({
            kind: 'answer',
            status: response.statusCode ?? 0,
            headers: flat(response),
            body,
            truncated,
            ms: since(),
          });
        },
        (error: unknown) => failed(worded(error as Error)),
      );
    });
  });
}

async function read(response: IncomingMessage): Promise<{ body: Buffer; truncated: boolean }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    // Leaving the loop ends the stream.
    if (bytes > keptBytes) break;
  }
  return { body: Buffer.concat(chunks).subarray(0, keptBytes), truncated: bytes > keptBytes };
}

function flat({ rawHeaders }: IncomingMessage): [string, string][] {
  const headers: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) headers.push([rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '']);
  return headers;
}

/** One for each address of a name: the first says why. */
function worded(error: Error & { code?: string }): Said {
  const [first] = error instanceof AggregateError ? (error.errors as Error[]) : [];
  const message = error.message || first?.message || error.code;
  if (message === undefined) return words('unknown-error');
  return /self.signed|certificate/i.test(message) ? words('accepts-certificate', message) : message;
}
