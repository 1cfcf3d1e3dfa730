import assert from 'node:assert/strict';
import { arrangeCommandLine } from '../../src/cli/command-line.ts';
import { createProgram } from '../../src/cli/program.ts';

describe('arrangeCommandLine', () => {
  const program = createProgram();
  const lines: readonly (readonly [given: string, arranged: string])[] = [
    ['', ''],
    ['--version', '--version'],
    ['events --data-dir D --json', '--data-dir=D events --json'],
    ['--data-dir D debug break add --at mapped', '--data-dir=D debug break add --at mapped'],
    ['debug --data-dir=D break --trust-data-dir add', '--data-dir=D --trust-data-dir debug break add'],
    ['events --data-dir', '--data-dir'],
    ['events -- --data-dir D', 'events -- --data-dir D'],
    ['sandbox --port 9 stop', 'sandbox --port 9 stop'],
    ['help', '--help'],
    ['help debug break add', 'debug break add --help'],
    ['--data-dir D help events', 'events --help'],
    ['help url open-connectors', 'url --help'],
  ];
  const split = (line: string): string[] => line.split(' ').filter((word) => word !== '');
  for (const [given, arranged] of lines) {
    it(`arranges ${given === '' ? 'nothing' : given}`, () => {
      assert.deepEqual(arrangeCommandLine(split(given), program), split(arranged));
    });
  }
});
