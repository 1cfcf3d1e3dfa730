import { appendFileSync, renameSync, statSync } from 'node:fs';
import type { LogEntry } from './relay.ts';

/** A log file is renamed to `….1` when it has grown to this, in bytes: two files are kept. */
const mostBytes = 1_048_576;

/**
 * Writes log entries to a file, a line each.
 * @param file the path
 * @returns what takes the entries; it never throws, since a log is no reason to stop
 */
export function logToFile(file: string): (entry: LogEntry) => void {
  let bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return ({ time, level, message }) => {
    // A message may quote others: it stays one line, and drives no terminal that shows the file.
    const line = `${time} ${level} ${message.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')}\n`;
    try {
      if (bytes > mostBytes) {
        renameSync(file, `${file}.1`);
        bytes = 0;
      }
      appendFileSync(file, line, { mode: 0o600 });
      bytes += Buffer.byteLength(line);
    } catch {
      // The disk may be full, which the store says.
    }
  };
}
