import assert from 'node:assert/strict';
import { internalCommands } from '../../src/extension/commands.ts';
import { contributions } from '../../src/extension/contributions.ts';
import type { CommandDescription } from '../../src/extension/describing.ts';

const described = new Map<string, CommandDescription>(
  Object.values(contributions).flatMap((part) => Object.entries<CommandDescription>(part)),
);

describe('The descriptions of commands', () => {
  it('name each command once', () => {
    const names = Object.values(contributions).flatMap((part) => Object.keys(part));
    assert.equal(new Set(names).size, names.length);
  });

  it('give titles that read well behind the category: capitals, no full stop, no category in them', () => {
    for (const [name, { title }] of described) {
      assert.match(title, /^[A-Z.]/, name);
      assert.doesNotMatch(title, /\.$|Campaign Monitor Relay/, name);
    }
  });

  it('give no menu or key to what only rows and other commands run', () => {
    for (const name of internalCommands) {
      const { menus = [], keys = [] }: CommandDescription = described.get(name) ?? { title: '' };
      assert.deepEqual([...menus, ...keys], [], name);
    }
  });
});
