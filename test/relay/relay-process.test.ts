import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { logToFile } from '../../src/relay/relay-process.ts';
import { temporaryFolder } from './afterward.ts';

describe('The log file', () => {
  it("is its owner's alone, and has a line for each message, whatever a message quotes", () => {
    const file = join(temporaryFolder(), 'relay.log');
    const log = logToFile(file);
    const time = '2026-03-01T10:00:00.000Z';
    log({ time, level: 'warn', message: 'the server said: no\r\n2026-03-01 error forged \u001b[2J\u202e' });
    log({ time, level: 'info', message: 'ünïcode stays' });
    assert.equal(
      readFileSync(file, 'utf8'),
      `${time} warn the server said: no 2026-03-01 error forged  [2J \n${time} info ünïcode stays\n`,
    );
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });
});
