import { appendFileSync, renameSync, statSync } from 'node:fs';
import type { LogEntry } from './relay.ts';

/** A log file of this size, in bytes, is renamed to `….1`; two files are kept. */
const mostBytes = 1_048_576;

/** Writes log entries to a file, one per line. Never throws, because logging must not stop the relay. */
export function logToFile(file: string): (entry: LogEntry) => void {
  let bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return ({ time, level, message }) => {
    // A message may quote others: keep it on one line, without control sequences for a terminal.
    const line = `${time} ${level} ${message.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')}\n`;
    try {
      if (bytes > mostBytes) {
        renameSync(file, `${file}.1`);
        bytes = 0;
      }
      appendFileSync(file, line, { mode: 0o600 });
      bytes += Buffer.byteLength(line);
    } catch {
      // The disk may be full, which the store reports.
    }
  };
}
