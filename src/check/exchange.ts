import { request as requestByHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as requestByHttps } from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';
import { inEnglish, say, type Say } from '../common/say.ts';
import { loopbackLookup } from '../common/loopback.ts';
import type { SecretMask } from '../common/masking.ts';
import { boundAnswers } from '../common/read-bound.ts';
import type { Message } from './messages.ts';
import type { Target } from './target.ts';

const keptBytes = 65_536;

interface NoAnswer {
  /** In English in every language, for conditions. */
  readonly error: string;
  readonly text?: string;
  readonly ms: number;
}

type Wording = (say: Say) => string;

/** `ms`: since the connection was made, or since the start if there was none. */
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
  | (NoAnswer & { readonly kind: 'unreachable' })
  | (NoAnswer & { readonly kind: 'broken' })
  | { readonly kind: 'left'; readonly ms: number };

/** Uses its own connection, and follows no redirects. @param timeoutMs for everything @throws the signal's reason */
export async function exchange(
  target: Target,
  message: Message,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Answer> {
  signal.throwIfAborted();
  const started = performance.now();
  let connectedAt: number | undefined;
  let cut: Wording | undefined;
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
      'Content-Length',
      String(body.byteLength),
      'Connection',
      'close',
    ],
  });
  request.on('socket', (socket) => {
    socket.setNoDelay(true);
    boundAnswers(socket, keptBytes, (error) => {
      cut = () => error.message;
      request.destroy(error);
    });
    socket.once(
      target.url.protocol === 'https:' ? 'secureConnect' : 'connect',
      () => (connectedAt = performance.now()),
    );
  });
  const end = new AbortController();
  const timer = setTimeout(() => {
    const isConnected = connectedAt !== undefined;
    cut = (say) => (isConnected ? say('no complete answer within {0} ms', timeoutMs) : say('no connection in time'));
    request.destroy(new Error('out of time'));
  }, timeoutMs);
  const giveUp = (): void => void request.destroy(new Error('given up'));
  signal.addEventListener('abort', giveUp);
  try {
    const answer = answerTo(request, since, () => cut);
    write(request, message, end.signal).catch(() => undefined);
    const came = masked(await answer, target.mask);
    signal.throwIfAborted();
    const isLeft = manner.kind === 'unanswered' || manner.kind === 'cut';
    return isLeft && came.kind !== 'unreachable' ? { kind: 'left', ms: since() } : came;
  } finally {
    end.abort();
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
    request.destroy();
  }
}

/** A callback may return what it was sent. */
function masked(answer: Answer, mask: SecretMask): Answer {
  if (answer.kind === 'left') return answer;
  if (answer.kind !== 'answer') {
    const { error, text } = answer;
    return { ...answer, error: mask.in(error), ...(text !== undefined && { text: mask.in(text) }) };
  }
  return {
    ...answer,
    headers: answer.headers.map(([name, value]) => [mask.in(name), mask.in(value)]),
    body: mask.inBytes(answer.body, { cut: answer.truncated }),
  };
}

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
      // Closes the connection once the system has everything.
      request.socket?.destroySoon();
      return;
  }
}

/** At most 40 pieces that end within a character if possible, for callbacks that decode each separately. */
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

/** Never rejects. @param cut why this side closed the connection, if it did */
function answerTo(request: ClientRequest, since: () => number, cut: () => Wording | undefined): Promise<Answer> {
  return new Promise((resolve) => {
    let isConnected = false;
    let isAnswered = false;
    request.once('socket', (socket) => socket.once('connect', () => (isConnected = true)));
    const failed = (own: Wording): void => {
      // A stream that was destroyed here only reports that.
      const why = cut() ?? own;
      const kind = isConnected ? 'broken' : 'unreachable';
      resolve({ kind, error: why(inEnglish), text: why(say), ms: since() });
    };
    request.on('error', (error) => failed(worded(error)));
    // A destroyed request may emit no error.
    request.once('close', () => {
      if (!isAnswered) failed((say) => say('the connection was closed without an answer'));
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
    if (bytes > keptBytes) break;
  }
  return { body: Buffer.concat(chunks).subarray(0, keptBytes), truncated: bytes > keptBytes };
}

function flat({ rawHeaders }: IncomingMessage): [string, string][] {
  const headers: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) headers.push([rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '']);
  return headers;
}

/** An AggregateError has one error per address of the name: use the first. */
function worded(error: Error & { code?: string }): Wording {
  const [first] = error instanceof AggregateError ? (error.errors as Error[]) : [];
  const message = error.message || first?.message || error.code;
  if (message === undefined) return (say) => say('unknown error');
  return /self.signed|certificate/i.test(message)
    ? (say) => say('{0}: to accept this certificate, set "insecureTls" for the destination', message)
    : () => message;
}
