import assert from 'node:assert/strict';
import {
  attaches,
  candidatesIn,
  RememberedConfigurations,
} from '../../../src/extension/debug/handler-configurations.ts';
import type { HandlerConfiguration } from '../../../src/extension/debug/handler-configurations.ts';

const folder = 'file:///work';
const named = (name: string, more: object = {}): object => ({ type: 'node', request: 'launch', name, ...more });
const namesIn = (launch: unknown, port = '3000'): string[] =>
  candidatesIn(launch, folder, port).map(({ name }) => name);

describe('The launch configurations that may start a handler', () => {
  it('are those of launch.json, those first that name the port', () => {
    const configurations = [
      named('One'),
      named('By environment', { env: { PORT: '3000' } }),
      named('Another port', { args: ['13000', '30001'] }),
      named('By argument', { args: ['--port=3000'] }),
    ];
    assert.deepEqual(namesIn({ configurations }), ['By environment', 'By argument', 'One', 'Another port']);
  });

  it('leave out browsers, extensions and the debugger of deliveries', () => {
    const configurations = ['chrome', 'pwa-msedge', 'firefox', 'extensionHost', 'pwa-extensionHost', 'campaign-monitor']
      .map((type) => named(type, { type }))
      .concat(named('Python', { type: 'debugpy' }), named('Node', { type: 'pwa-node' }));
    assert.deepEqual(namesIn({ configurations }), ['Python', 'Node']);
  });

  it('are compounds, too, with the sessions that they start', () => {
    const launch = {
      configurations: [named('Server', { env: { PORT: 3000 } }), named('Page', { type: 'chrome' }), named('Worker')],
      compounds: [
        { name: 'All', configurations: ['Page', 'Server', { name: 'Worker', folder: 'work' }] },
        { name: 'Nothing of ours', configurations: ['Page'] },
      ],
    };
    const all = candidatesIn(launch, folder, '3000').find(({ name }) => name === 'All');
    assert.deepEqual(all, {
      ...{ name: 'All', folder, compound: true, type: 'node', namesPort: true, attaches: false },
      sessions: ['Server', 'Worker'],
    });
    assert.deepEqual(namesIn(launch), ['Server', 'All', 'Worker']);
  });

  it('start a program, or attach to one that runs', () => {
    const launch = {
      configurations: [named('Server'), named('Its worker', { request: 'attach' }), named('It', { request: 'attach' })],
      compounds: [
        { name: 'Both', configurations: ['Server', 'It'] },
        { name: 'Attached', configurations: ['It', 'Its worker'] },
      ],
    };
    const all = candidatesIn(launch, folder, '3000');
    const attaching = all.filter(({ name }) => attaches({ kind: 'named', name, folder }, all));
    assert.deepEqual(
      attaching.map(({ name }) => name),
      ['Its worker', 'It', 'Attached'],
    );
    assert.equal(attaches({ kind: 'attach', port: 9229 }, all), true);
    assert.equal(attaches({ kind: 'named', name: 'Gone', folder }, all), false);
  });

  it('are none where launch.json holds anything else', () => {
    for (const launch of [
      undefined,
      null,
      7,
      [],
      {},
      { configurations: 'x' },
      { configurations: [null, 7, {}, { name: 'x' }] },
    ])
      assert.deepEqual(namesIn(launch), []);
    assert.deepEqual(
      namesIn({
        configurations: [named('x')],
        compounds: [null, {}, { name: 'y' }, { name: 'z', configurations: [null, 7] }],
      }),
      ['x'],
    );
  });
});

describe('How a handler is debugged', () => {
  const kept = (): ConstructorParameters<typeof RememberedConfigurations>[0] => {
    const values = new Map<string, unknown>();
    return {
      get: (key) => values.get(key),
      // As VS Code keeps it.
      update: (key, value) => Promise.resolve(void values.set(key, JSON.parse(JSON.stringify(value)))),
    };
  };

  it('is remembered for each destination, changed and forgotten', async () => {
    const state = kept();
    const mine: HandlerConfiguration = { kind: 'named', name: 'Server', folder };
    await new RememberedConfigurations(state, 'key').set('t1', mine);
    await new RememberedConfigurations(state, 'key').set('t2', { kind: 'attach', port: 9229 });
    const remembered = new RememberedConfigurations(state, 'key');
    assert.deepEqual(
      [...remembered.all],
      [
        ['t1', mine],
        ['t2', { kind: 'attach', port: 9229 }],
      ],
    );
    await remembered.set('t2', { kind: 'attach', port: 9230 });
    await remembered.set('t1', undefined);
    assert.deepEqual([...remembered.all], [['t2', { kind: 'attach', port: 9230 }]]);
  });
});
