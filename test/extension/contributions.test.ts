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

  it('leave internal what rows and other commands run alone, and such commands stand in no menu', () => {
    const internal = [...described].filter(([, each]) => each.internal === true);
    assert.deepEqual(internal.map(([name]) => name).sort(), [...internalCommands].sort());
    for (const [name, { menus = [], keys = [] }] of internal) assert.deepEqual([...menus, ...keys], [], name);
  });
});
