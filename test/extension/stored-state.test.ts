import assert from 'node:assert/strict';
import { StoredState } from '../../src/extension/stored-state.ts';

/** As VS Code's: an update is sent in the next turn, and what was sent replaces the whole state when it is stored. */
class VsCodeState {
  #value: Record<string, unknown> = {};

  keys(): string[] {
    return Object.keys(this.#value);
  }

  get<T>(key: string, fallback?: T): T | undefined {
    return (this.#value[key] as T | undefined) ?? fallback;
  }

  update(key: string, value: unknown): Promise<void> {
    this.#value[key] = value;
    return new Promise((resolve) =>
      setImmediate(() => {
        const sent = JSON.stringify(this.#value);
        setImmediate(() => {
          this.#value = JSON.parse(sent) as Record<string, unknown>;
          resolve();
        });
      }),
    );
  }
}

describe('a state that VS Code stores', () => {
  let state: StoredState;

  beforeEach(() => (state = new StoredState(new VsCodeState())));

  it('keeps an update that is made while another is stored', async () => {
    const first = state.update('relays', ['one']);
    await new Promise(setImmediate);
    const second = state.update('registrations', ['hook']);
    assert.deepEqual(state.get('registrations', []), ['hook'], 'is read at once');
    await Promise.all([first, second]);
    assert.deepEqual([state.get('relays', []), state.get('registrations', [])], [['one'], ['hook']]);
  });

  it('removes what is updated to undefined, and reads the last of several updates', async () => {
    void state.update('hosts', ['a']);
    void state.update('hosts', ['a', 'b']);
    assert.deepEqual(state.get('hosts', []), ['a', 'b']);
    await state.update('hosts', undefined);
    assert.deepEqual(state.get('hosts', []), []);
    const cleared = state.update('hosts', undefined);
    void state.update('hosts', ['c']);
    const again = state.update('hosts', undefined);
    await cleared;
    assert.deepEqual(state.get('hosts', []), []);
    await again;
  });
});
