import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { listenFlagNames, listenFlags, listenOptions } from '../../src/cli/listen-flags.ts';
import { commandsOf, createProgram } from '../../src/cli/program.ts';

const docs = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');

/** The flags that the table of a command's section has, in order. */
function documented(command: string): string[] {
  const [, section = ''] = docs.split(`\n## \`cm-relay ${command}\`\n`);
  const [own = ''] = section.split('\n## ');
  return [...own.matchAll(/^\| `(--[^`|]*)`/gm)].map(([, term = '']) => term);
}

describe('the flags of listen', () => {
  it('are each known to commander by the name that they have here', () => {
    assert.deepEqual(
      listenOptions().map((option) => option.attributeName()),
      listenFlagNames,
    );
  });

  it('say their defaults as the settings have them', () => {
    assert.match(listenFlags.retain.help, /default: 50000/);
    assert.match(
      listenFlags.retry.help,
      /^fast: 5 retries after 1 s to 16 s; sap: 5 retries after 8 s to 9 h; cloud-elements: 9 retries after 4 s to 3 days; none /,
    );
    assert.match(listenFlags.tunnelHost.help, /default: https:\/\/localtunnel\.me/);
  });
});

describe('the flags of a command', () => {
  for (const command of createProgram().commands) {
    const all = commandsOf(command).flatMap((each) => each.command.options);
    const terms = all.map(({ flags }) => flags);
    if (terms.length === 0) continue;
    it(`are those of the table in docs/cli.md: ${command.name()}`, () => {
      const found = documented(command.name());
      if (command.commands.length === 0) assert.deepEqual(found, terms);
      // Flags that several of its commands take stand in one row, in whatever order.
      else assert.deepEqual([...new Set(found)].toSorted(), [...new Set(terms)].toSorted());
    });
  }
});
