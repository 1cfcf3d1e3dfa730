import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { printable } from './text.ts';

/** Standard output of a command that ends: waits for a slow reader, and ends quietly when the reader has gone. */
export async function print(text: string | Uint8Array): Promise<void> {
  const { stdout } = process;
  if (stdout.listenerCount('error') === 0) stdout.on('error', endOnBrokenPipe);
  if (!stdout.write(text)) await once(stdout, 'drain');
}

function endOnBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit();
  throw error;
}

/** Prints a value as one line of JSON. */
export async function printJson(value: unknown): Promise<void> {
  await print(`${jsonLine(value)}\n`);
}

/** A value as JSON that drives no terminal: what cannot be seen is escaped, which reads back the same. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\p{Control}\p{Format}\p{Line_Separator}\p{Paragraph_Separator}]/gu,
    (character) =>
      Array.from(
        { length: character.length },
        (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
      ).join(''),
  );
}

/** Text with something from outside: as it is for a file or a pipe, escaped for a terminal, which it could drive. */
export async function printSafely(text: string): Promise<void> {
  await print(process.stdout.isTTY ? printable(text, '\n\t') : text);
}

/** A remark beside the output. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

export interface LiveWriterOptions {
  /** How much may wait for the reader before lines are left out, in bytes. */
  readonly limit?: number;
  /** The line that says how many were left out. */
  readonly missed: (count: number) => string;
  /** Called once when nobody reads any more. */
  readonly onClosed?: () => void;
}

/**
 * Writes lines as they happen, without ever waiting for whoever reads them: beyond a limit lines are left out and
 * counted, and once the reader has caught up one line tells how many.
 */
export class LiveWriter {
  readonly #stream: Writable;
  readonly #limit: number;
  readonly #options: LiveWriterOptions;
  #missed = 0;
  #closed = false;

  constructor(stream: Writable, options: LiveWriterOptions) {
    this.#stream = stream;
    this.#limit = options.limit ?? 1_048_576;
    this.#options = options;
    unblock(stream);
    stream.on('drain', () => this.#drained());
    stream.on('error', () => this.#close());
    stream.on('close', () => this.#close());
  }

  /** @param line without its line feed */
  write(line: string): void {
    if (this.#closed) return;
    if (this.#missed > 0 || this.#stream.writableLength > this.#limit) {
      this.#missed++;
    } else {
      this.#stream.write(`${line}\n`);
    }
  }

  /** Counts lines that others have left out already. */
  miss(count: number): void {
    if (count === 0 || this.#closed) return;
    this.#missed += count;
    if (!this.#stream.writableNeedDrain) this.#drained();
  }

  /** Resolves when the reader has everything or has gone, or after `milliseconds`. */
  async flushed(milliseconds: number): Promise<void> {
    if (this.#isRead()) return;
    const end = new AbortController();
    const { signal } = end;
    const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    const stop = (): void => end.abort();
    const timer = setTimeout(stop, milliseconds).unref();
    this.#stream.once('close', stop);
    // What was left out is told as soon as there is room, and is waited for, too.
    while (!this.#isRead() && !signal.aborted) await Promise.race([this.#written(), ended]);
    this.#stream.off('close', stop);
    clearTimeout(timer);
  }

  #isRead(): boolean {
    return this.#closed || this.#stream.destroyed || this.#stream.writableLength === 0;
  }

  /** Resolves when the reader has what was written so far: little of it makes no "drain". */
  #written(): Promise<void> {
    return new Promise((resolve) => this.#stream.write('', () => resolve()));
  }

  #drained(): void {
    if (this.#missed === 0 || this.#closed) return;
    const count = this.#missed;
    this.#missed = 0;
    this.#stream.write(`${this.#options.missed(count)}\n`);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.onClosed?.();
  }
}

/**
 * Makes writing to a terminal (and on Windows to a pipe) asynchronous: Node sets these to blocking, and a terminal
 * that is held with Ctrl-S would then hold the relay.
 */
function unblock(stream: Writable): void {
  const { _handle: handle } = stream as { _handle?: { setBlocking?: (blocking: boolean) => void } };
  handle?.setBlocking?.(false);
}

/** A line on a terminal's standard error that says how far something long has come; nothing where it is no terminal. */
export class Progress {
  readonly #noun: string;
  readonly #total: number | undefined;
  #last = 0;

  /** @param noun what is counted, in the plural; `total` where it is known */
  constructor(noun: string, total?: number) {
    this.#noun = noun;
    this.#total = total;
  }

  /** Shows the count, ten times a second at most. */
  update(done: number): void {
    const now = performance.now();
    if (!process.stderr.isTTY || now - this.#last < 100) return;
    this.#last = now;
    const of = this.#total === undefined ? '' : ` of ${this.#total}`;
    process.stderr.write(`\r\x1b[K${done}${of} ${this.#noun}`.slice(0, 4 + process.stderr.columns));
  }

  /** Takes the line away. */
  end(): void {
    if (process.stderr.isTTY && this.#last !== 0) process.stderr.write('\r\x1b[K');
  }
}
