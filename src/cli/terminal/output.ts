import { once } from 'node:events';
import { fstatSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { escapedJson } from '../../common/unprintable.ts';
import { CommandError, report } from '../errors.ts';
import { inSameDirectory } from '../same-directory.ts';
import { printable, widthOf, wrapped } from './text.ts';
import { commandProcess } from './command-process.ts';

/**
 * Ends the process where standard output cannot be written: quietly where its reader has gone, and with an error where
 * its disk is full. To be called before anything is written. A {@link LiveWriter} says itself what happens then.
 */
export function watchOutput(): void {
  commandProcess().stdout.on('error', endOnBrokenOutput);
  // Nobody is left who could be told.
  commandProcess().stderr.on('error', () => undefined);
}

function endOnBrokenOutput(error: NodeJS.ErrnoException): void {
  commandProcess().exit(hasNoReader(error) ? undefined : report(outputError(error)));
}

function hasNoReader({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'ECONNRESET' || code === 'EOF';
}

/** Why nothing more can be written to standard output. */
function outputError(error: Error): CommandError {
  return new CommandError(
    `cannot write to standard output: ${error.message}`,
    'Free some disk space, or send the output elsewhere.',
  );
}

/** Standard output of a command that ends: waits for a slow reader. */
export async function print(text: string | Uint8Array): Promise<void> {
  if (!commandProcess().stdout.write(text)) await once(commandProcess().stdout, 'drain');
}

/** Prints a value as one line of JSON. */
export async function printJson(value: unknown): Promise<void> {
  await print(`${jsonLine(value)}\n`);
}

/** A value as JSON that drives no terminal: what cannot be seen is escaped, which reads back the same. */
export function jsonLine(value: unknown): string {
  return escapedJson(JSON.stringify(value));
}

/** Text with something from outside: as it is for a file or a pipe, escaped for a terminal, which it could drive. */
export async function printSafely(text: string): Promise<void> {
  await print(commandProcess().stdout.isTTY ? printable(text, '\n\t') : text);
}

/** A remark beside the output. */
export function note(text: string): void {
  commandProcess().stderr.write(`${fitted(printable(inSameDirectory(text)), commandProcess().stderr)}\n`);
}

/** Text for a stream: where that is a terminal, its lines are broken between words. */
export function fitted(text: string, stream: NodeJS.WriteStream, hang?: number): string {
  return wrapped(text, widthOf(stream), hang);
}

/** Back to the beginning of a terminal's line, which is empty then. */
const eraseLine = '\r\x1b[K';

export interface LiveWriterOptions {
  /** How much may wait for the reader before lines are left out, in bytes. */
  readonly limit?: number;
  /** The line that says how many were left out. */
  readonly missed: (count: number) => string;
  /** Whether it matters that a pipe's reader has gone while nothing is written. */
  readonly probes?: boolean;
}

/** Whether somebody still reads a pipe is known from writing alone: so often it is asked, in milliseconds. */
const firstProbeMs = 250;
const mostProbeMs = 60_000;

/**
 * Writes lines as they happen, without ever waiting for whoever reads them: beyond a limit lines are left out and
 * counted, and once the reader has caught up one line tells how many. Where it is asked for, a pipe's reader that goes
 * while nothing happens is noticed, too: now and then a space is written, which means nothing before a line.
 */
export class LiveWriter {
  /** Resolves when nothing more can be written: with null where nobody reads any more, else with what to say of it. */
  readonly closed: Promise<CommandError | null>;
  readonly #stream: Writable;
  readonly #limit: number;
  readonly #options: LiveWriterOptions;
  readonly #probes: boolean;
  #missed = 0;
  #closed = false;
  #tellClosed: (error: CommandError | null) => void = () => undefined;
  #probe: NodeJS.Timeout | undefined;
  /** What stands below the last line of a terminal. */
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

  /** @param line without its line feed */
  write(line: string): void {
    if (this.#closed) return;
    if (this.#missed > 0 || this.#stream.writableLength > this.#limit) {
      this.#missed++;
    } else {
      this.#stream.write(this.#footer === '' ? `${line}\n` : `${eraseLine}${line}\n${this.#footer}`);
      this.#probeIn(firstProbeMs);
    }
  }

  /** What stands below the last line, which only a terminal has; empty for nothing. @param text one line of it at most */
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
      // What waits for the reader tells as well.
      if (this.#stream.writableLength === 0) this.#stream.write(' ');
      this.#probeIn(Math.min(2 * milliseconds, mostProbeMs));
    }, milliseconds).unref();
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

  #close(error: CommandError | null): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#probe);
    this.#tellClosed(error);
  }
}

/** Whether another program reads it. */
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
    if (!commandProcess().stderr.isTTY || now - this.#last < 100) return;
    this.#last = now;
    const of = this.#total === undefined ? '' : ` of ${this.#total}`;
    commandProcess().stderr.write(`\r\x1b[K${done}${of} ${this.#noun}`.slice(0, 4 + widthOf(commandProcess().stderr)));
  }

  /** Takes the line away. */
  end(): void {
    if (commandProcess().stderr.isTTY && this.#last !== 0) commandProcess().stderr.write('\r\x1b[K');
  }
}
