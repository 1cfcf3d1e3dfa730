import { once } from 'node:events';
import { fstatSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { escapedJson } from '../../common/unprintable.ts';
import { CommandError, report } from '../errors.ts';
import { inSameDirectory } from '../same-directory.ts';
import { printable, widthOf, wrapped } from './text.ts';
import { commandProcess } from './command-process.ts';

/** Ends the process if standard output can't be written: without an error if its reader has gone. Call it first. */
export function watchOutput(): void {
  commandProcess().stdout.on('error', endOnBrokenOutput);
  // There is no other place to report it.
  commandProcess().stderr.on('error', () => undefined);
}

function endOnBrokenOutput(error: NodeJS.ErrnoException): void {
  commandProcess().exit(hasNoReader(error) ? undefined : report(outputError(error)));
}

function hasNoReader({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'ECONNRESET' || code === 'EOF';
}

function outputError(error: Error): CommandError {
  return new CommandError(
    `cannot write to standard output: ${error.message}`,
    'Free some disk space, or send the output elsewhere.',
  );
}

export async function print(text: string | Uint8Array): Promise<void> {
  if (!commandProcess().stdout.write(text)) await once(commandProcess().stdout, 'drain');
}

export async function printJson(value: unknown): Promise<void> {
  await print(`${jsonLine(value)}\n`);
}

/** Escapes unprintable characters; the JSON parses to the same. */
export function jsonLine(value: unknown): string {
  return escapedJson(JSON.stringify(value));
}

/** Text from outside could control a terminal, so it is escaped for one. */
export async function printSafely(text: string): Promise<void> {
  await print(commandProcess().stdout.isTTY ? printable(text, '\n\t') : text);
}

export function note(text: string): void {
  commandProcess().stderr.write(`${fitted(printable(inSameDirectory(text)), commandProcess().stderr)}\n`);
}

export function fitted(text: string, stream: NodeJS.WriteStream, hang?: number): string {
  return wrapped(text, widthOf(stream), hang);
}

const eraseLine = '\r\x1b[K';

export interface LiveWriterOptions {
  /** Bytes that may wait for the reader before lines are left out. */
  readonly limit?: number;
  readonly missed: (count: number) => string;
  /** Whether to notice that a pipe's reader has gone while nothing is written. */
  readonly probes?: boolean;
}

/** Only writing shows whether a pipe still has a reader. */
const firstProbeMs = 250;
const mostProbeMs = 60_000;

/**
 * Doesn't wait for the reader: beyond a limit, lines are left out, and one line later reports their number. To notice
 * that a pipe's reader has gone, it writes a space from time to time, which has no meaning before a line.
 */
export class LiveWriter {
  /** Resolves with null if the reader has gone, else with the error. */
  readonly closed: Promise<CommandError | null>;
  readonly #stream: Writable;
  readonly #limit: number;
  readonly #options: LiveWriterOptions;
  readonly #probes: boolean;
  #missed = 0;
  #closed = false;
  #tellClosed: (error: CommandError | null) => void = () => undefined;
  #probe: NodeJS.Timeout | undefined;
  #footer = '';

  constructor(stream: Writable, options: LiveWriterOptions) {
    this.#stream = stream;
    this.#limit = options.limit ?? 1_048_576;
    this.#options = options;
    this.#probes = options.probes === true && isPipe(stream);
    this.closed = new Promise((resolve) => (this.#tellClosed = resolve));
    unblock(stream);
    stream.off('error', endOnBrokenOutput);
    stream.on('drain', () => this.#drained());
    stream.on('error', (error) => this.#close(hasNoReader(error) ? null : outputError(error)));
    stream.on('close', () => this.#close(null));
  }

  write(line: string): void {
    if (this.#closed) return;
    if (this.#missed > 0 || this.#stream.writableLength > this.#limit) {
      this.#missed++;
    } else {
      this.#stream.write(this.#footer === '' ? `${line}\n` : `${eraseLine}${line}\n${this.#footer}`);
      this.#probeIn(firstProbeMs);
    }
  }

  footer(text: string): void {
    if (this.#closed || text === this.#footer) return;
    this.#footer = text;
    this.#stream.write(`${eraseLine}${text}`);
  }

  #probeIn(milliseconds: number): void {
    if (!this.#probes) return;
    clearTimeout(this.#probe);
    this.#probe = setTimeout(() => {
      if (this.#closed) return;
      // Data that waits for the reader also shows whether there is one.
      if (this.#stream.writableLength === 0) this.#stream.write(' ');
      this.#probeIn(Math.min(2 * milliseconds, mostProbeMs));
    }, milliseconds).unref();
  }

  miss(count: number): void {
    if (count === 0 || this.#closed) return;
    this.#missed += count;
    if (!this.#stream.writableNeedDrain) this.#drained();
  }

  async flushed(milliseconds: number): Promise<void> {
    if (this.#isRead()) return;
    const end = new AbortController();
    const { signal } = end;
    const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    const stop = (): void => end.abort();
    const timer = setTimeout(stop, milliseconds).unref();
    this.#stream.once('close', stop);
    // This includes the line with the number of lines left out.
    while (!this.#isRead() && !signal.aborted) await Promise.race([this.#written(), ended]);
    this.#stream.off('close', stop);
    clearTimeout(timer);
  }

  #isRead(): boolean {
    return this.#closed || this.#stream.destroyed || this.#stream.writableLength === 0;
  }

  /** A small amount causes no "drain". */
  #written(): Promise<void> {
    return new Promise((resolve) => this.#stream.write('', () => resolve()));
  }

  #drained(): void {
    if (this.#missed === 0 || this.#closed) return;
    const count = this.#missed;
    this.#missed = 0;
    this.#stream.write(`${this.#options.missed(count)}\n`);
  }

  #close(error: CommandError | null): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#probe);
    this.#tellClosed(error);
  }
}

function isPipe(stream: Writable): boolean {
  const { fd } = stream as { fd?: number };
  if (typeof fd !== 'number') return false;
  try {
    const stat = fstatSync(fd);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}

/** Node.js blocks on writing to a terminal (and on Windows to a pipe), so Ctrl-S would block the relay. */
function unblock(stream: Writable): void {
  const { _handle: handle } = stream as { _handle?: { setBlocking?: (blocking: boolean) => void } };
  handle?.setBlocking?.(false);
}

export class Progress {
  readonly #noun: string;
  readonly #total: number | undefined;
  #last = 0;

  constructor(noun: string, total?: number) {
    this.#noun = noun;
    this.#total = total;
  }

  update(done: number): void {
    const now = performance.now();
    if (!commandProcess().stderr.isTTY || now - this.#last < 100) return;
    this.#last = now;
    const of = this.#total === undefined ? '' : ` of ${this.#total}`;
    commandProcess().stderr.write(`\r\x1b[K${done}${of} ${this.#noun}`.slice(0, 4 + widthOf(commandProcess().stderr)));
  }

  end(): void {
    if (commandProcess().stderr.isTTY && this.#last !== 0) commandProcess().stderr.write('\r\x1b[K');
  }
}
