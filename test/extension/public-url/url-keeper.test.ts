import assert from 'node:assert/strict';
import { UrlKeeper } from '../../../src/extension/public-url/url-keeper.ts';
import type {
  AskedState,
  Choice,
  UrlAction,
  StaleRegistration,
  StaleState,
  RelayPosition,
  UpdateVendors,
  UrlFailure,
  UrlHolder,
  UrlKeeperParts,
} from '../../../src/extension/public-url/url-keeper.ts';

function names(all: readonly StaleRegistration[]): string {
  return all.map(({ name }) => name).join(',');
}

/** A vendor that keeps URLs by id, each at a host, and a user who answers. */
class Scene implements UrlKeeperParts, UrlHolder {
  readonly holders: UrlHolder[] = [this];
  host: string | null = 'one.example';
  pid = 1;
  relay = 'relay';
  /** Whether no public URL is being opened. */
  settled = false;
  keep: UpdateVendors = 'ask';
  answer: 'once' | 'always' | 'delete' | undefined = 'once';
  again = false;
  /** The settings cannot be written. */
  unwritable = false;
  ids: number[];
  /** The state of what is not where the relay is. */
  state: StaleState = 'behind';
  kind: StaleRegistration['kind'] = 'instance';
  /** The next update breaks off, and leaves it unfinished. */
  breaksHalfWay = false;
  readonly hosts = new Map<number, string>();
  readonly broken = new Set<number>();
  readonly log: string[] = [];
  /** When the user comes to this window. */
  attentive: Promise<void> = Promise.resolve();
  /** Done while the user is being asked. */
  meanwhile: () => void = () => undefined;

  constructor(hosts: Readonly<Record<number, string>>) {
    this.ids = Object.keys(hosts).map(Number);
    for (const [id, host] of Object.entries(hosts)) this.hosts.set(Number(id), host);
  }

  position(): RelayPosition {
    return { pid: this.pid, relay: this.relay, publicUrl: this.host, settled: this.settled };
  }

  setting(): UpdateVendors {
    return this.keep;
  }

  mayHave(state: StaleState): Promise<boolean> {
    return Promise.resolve(state === this.state && this.ids.length > 0);
  }

  async look(state: StaleState, failures: UrlFailure[]): Promise<readonly StaleRegistration[]> {
    if (state !== this.state) return [];
    const left: StaleRegistration[] = [];
    for (const id of this.ids) {
      this.log.push(`read ${id}`);
      try {
        await this.#mayFail(id);
      } catch (error) {
        failures.push({ kind: this.kind, name: `i${id}`, error: error as Error });
        continue;
      }
      const host = this.hosts.get(id);
      if (host === undefined || host === this.host) continue;
      const update = (): Promise<boolean> => this.#set(id);
      const remove = (): Promise<boolean> => {
        this.log.push(`delete ${id}`);
        return Promise.resolve(this.hosts.delete(id));
      };
      left.push({
        kind: this.kind,
        name: `i${id}`,
        actions: { update, ...(this.kind === 'webhook' && { delete: remove }) },
      });
    }
    return left;
  }

  async #set(id: number): Promise<boolean> {
    await this.#mayFail(id);
    if (this.breaksHalfWay) {
      this.breaksHalfWay = false;
      this.state = 'unfinished';
      throw new Error('half-way');
    }
    const host = this.host ?? 'local';
    this.log.push(`set ${id} ${host}`);
    this.hosts.set(id, host);
    return true;
  }

  attention(): Promise<void> {
    return this.attentive;
  }

  ask(_state: AskedState, left: readonly StaleRegistration[]): Promise<Choice | undefined> {
    this.log.push(`ask ${names(left)}`);
    this.meanwhile();
    const { answer } = this;
    if (answer === undefined) return Promise.resolve(undefined);
    if (answer === 'delete') return Promise.resolve({ action: 'delete' });
    return Promise.resolve({ action: 'update', ...(answer === 'always' && { always: true as const }) });
  }

  /** The states of which work and its end were told. */
  readonly told: StaleState[] = [];

  async working(_deed: UrlAction, work: (signal: AbortSignal) => Promise<void>, state: StaleState): Promise<void> {
    this.told.push(state);
    await work(new AbortController().signal);
  }

  allowAlways(): Promise<void> {
    if (this.unwritable) return Promise.reject(new Error('unsaved settings'));
    this.keep = 'always';
    return Promise.resolve();
  }

  done(action: UrlAction, changed: readonly StaleRegistration[], state: StaleState): void {
    this.told.push(state);
    this.log.push(`done ${names(changed)} ${action === 'update' ? (this.host ?? 'local') : action}`);
  }

  failed(failures: readonly UrlFailure[]): Promise<boolean> {
    this.log.push(`failed ${failures.map(({ error }) => error.message).join(',')}`);
    this.broken.clear();
    this.unwritable = false;
    const { again } = this;
    this.again = false;
    return Promise.resolve(again);
  }

  /** What was done, reading aside. */
  get actions(): string[] {
    return this.log.filter((line) => !line.startsWith('read'));
  }

  #mayFail(id: number): Promise<void> {
    return this.broken.has(id) ? Promise.reject(new Error(`no ${id}`)) : Promise.resolve();
  }
}

describe('the keeper of URLs', () => {
  it('asks, sets the new URL and says so', async () => {
    const scene = new Scene({ 1: 'old.example', 2: 'one.example' });
    await new UrlKeeper(scene).follow();
    assert.deepEqual(scene.actions, ['ask i1', 'set 1 one.example', 'done i1 one.example']);
  });

  it('leaves it where the user does not want it, and asks no second time for the same URL', async () => {
    const scene = new Scene({ 1: 'old.example' });
    scene.answer = undefined;
    const keeper = new UrlKeeper(scene);
    await keeper.follow();
    await keeper.follow();
    assert.deepEqual(scene.actions, ['ask i1']);
    scene.host = 'two.example';
    await keeper.follow();
    assert.deepEqual(scene.actions, ['ask i1', 'ask i1']);
  });

  it('does not ask where it may always', async () => {
    const scene = new Scene({ 1: 'old.example' });
    scene.keep = 'always';
    await new UrlKeeper(scene).follow();
    assert.deepEqual(scene.actions, ['set 1 one.example', 'done i1 one.example']);
  });

  it('remembers that it always may', async () => {
    const scene = new Scene({ 1: 'old.example' });
    scene.answer = 'always';
    const keeper = new UrlKeeper(scene);
    await keeper.follow();
    scene.host = 'two.example';
    await keeper.follow();
    const first = ['ask i1', 'set 1 one.example', 'done i1 one.example'];
    assert.deepEqual(scene.actions, [...first, 'set 1 two.example', 'done i1 two.example']);
  });

  it('asks the platform nothing where it never may', async () => {
    const scene = new Scene({ 1: 'old.example' });
    scene.keep = 'never';
    await new UrlKeeper(scene).follow();
    assert.deepEqual(scene.log, []);
  });

  it('sets the URL of the moment where it changed while the user was asked', async () => {
    const scene = new Scene({ 1: 'old.example' });
    const keeper = new UrlKeeper(scene);
    scene.meanwhile = () => {
      scene.host = 'two.example';
      scene.meanwhile = () => undefined;
      void keeper.follow();
    };
    await keeper.follow();
    await keeper.follow();
    assert.deepEqual(scene.actions, ['ask i1', 'set 1 two.example', 'done i1 two.example']);
  });

  it('does for the others what it cannot do for one, says so, and tries again', async () => {
    const scene = new Scene({ 1: 'old.example', 2: 'old.example' });
    scene.broken.add(1);
    scene.again = true;
    await new UrlKeeper(scene).follow();
    assert.deepEqual(scene.actions, [
      'ask i2',
      'set 2 one.example',
      'done i2 one.example',
      'failed no 1',
      'ask i1',
      'set 1 one.example',
      'done i1 one.example',
    ]);
  });

  it('offers to finish what was broken off before the start, also where it never may update', async () => {
    for (const keep of ['ask', 'never'] as const) {
      const scene = new Scene({ 1: 'old.example' });
      scene.state = 'unfinished';
      scene.kind = 'webhook';
      scene.keep = keep;
      await new UrlKeeper(scene).follow();
      assert.deepEqual(scene.actions, ['ask i1', 'set 1 one.example', 'done i1 one.example']);
    }
  });

  it('follows the next URL while a question is open', async () => {
    const scene = new Scene({ 1: 'old.example' });
    const sandbox = new Scene({ 2: 'old.example' });
    sandbox.state = 'following';
    const asked: string[] = [];
    let answer: (choice: Choice | undefined) => void = () => undefined;
    const keeper = new UrlKeeper({
      ...{ holders: [scene, sandbox], attention: () => Promise.resolve() },
      position: () => scene.position(),
      setting: () => 'ask',
      ask: (_state, left) => {
        asked.push(names(left));
        return new Promise((resolve) => (answer = resolve));
      },
      working: (action, work, state) => scene.working(action, work, state),
      allowAlways: () => Promise.resolve(),
      done: () => undefined,
      failed: () => Promise.resolve(false),
    });
    const first = keeper.follow();
    while (asked.length === 0) await new Promise((done) => setImmediate(done));
    assert.equal(sandbox.hosts.get(2), 'one.example');
    scene.host = sandbox.host = 'two.example';
    const second = keeper.follow();
    while (sandbox.hosts.get(2) !== 'two.example') await new Promise((done) => setImmediate(done));
    assert.deepEqual(asked, ['i1'], 'one question at a time');
    answer({ action: 'update' });
    await Promise.all([first, second]);
    assert.equal(scene.hosts.get(1), 'two.example');
    assert.deepEqual(asked, ['i1']);
  });

  it('asks one question about all vendors', async () => {
    const webhooks = new Scene({ 1: 'old.example' });
    const instances = new Scene({ 2: 'old.example' });
    webhooks.holders.push(instances);
    await new UrlKeeper(webhooks).follow();
    assert.deepEqual(webhooks.actions, ['ask i1,i2', 'set 1 one.example', 'done i1,i2 one.example']);
    assert.deepEqual(instances.actions, ['set 2 one.example']);
  });
});
