import assert from 'node:assert/strict';
import type { PlacedInstance } from '../../../../src/extension/open-connectors/instances/placed-instance.ts';
import type { CallbackUrls } from '../../../../src/extension/relay/urls.ts';
import { UrlKeeper } from '../../../../src/extension/open-connectors/instances/url-keeper.ts';
import type {
  KeepUrl,
  UrlFailure,
  UrlKeeperParts,
} from '../../../../src/extension/open-connectors/instances/url-keeper.ts';
import type { Instance } from '../../../../src/open-connectors/answers.ts';
import { callbackAt, instance, otherSecret, relayAt } from './instances.ts';

function posting(id: number, url: string): Instance {
  return instance({ id, name: `i${id}` }, { 'event.notification.callback.url': url });
}

function names(all: readonly PlacedInstance[]): string {
  return all.map(({ name }) => name).join(',');
}

/** A platform with instances, and a user who answers. */
class Scene implements UrlKeeperParts {
  host: string | null = 'one.example';
  keep: KeepUrl = 'ask';
  answer: 'once' | 'always' | undefined = 'once';
  again = false;
  /** The settings cannot be written. */
  unwritable = false;
  ids: number[];
  readonly instances = new Map<number, Instance>();
  readonly broken = new Set<number>();
  readonly log: string[] = [];
  /** When the user comes to this window. */
  attentive: Promise<void> = Promise.resolve();
  /** Done while the user is being asked. */
  meanwhile: () => void = () => undefined;

  constructor(callbacks: Readonly<Record<number, string>>) {
    this.ids = Object.keys(callbacks).map(Number);
    for (const [id, url] of Object.entries(callbacks)) this.instances.set(Number(id), posting(Number(id), url));
  }

  relay(): CallbackUrls {
    return relayAt(this.host);
  }

  setting(): KeepUrl {
    return this.keep;
  }

  managed(): { id: number; name: string }[] {
    return this.ids.map((id) => ({ id, name: `i${id}` }));
  }

  async read(id: number): Promise<Instance | undefined> {
    this.log.push(`read ${id}`);
    await this.#mayFail(id);
    return this.instances.get(id);
  }

  async setCallback(id: number, url: string): Promise<void> {
    await this.#mayFail(id);
    this.log.push(`set ${id} ${new URL(url).host}`);
    this.instances.set(id, posting(id, url));
  }

  attention(): Promise<void> {
    return this.attentive;
  }

  ask(stale: readonly PlacedInstance[]): Promise<'once' | 'always' | undefined> {
    this.log.push(`ask ${names(stale)}`);
    this.meanwhile();
    return Promise.resolve(this.answer);
  }

  allowAlways(): Promise<void> {
    if (this.unwritable) return Promise.reject(new Error('unsaved settings'));
    this.keep = 'always';
    return Promise.resolve();
  }

  done(updated: readonly PlacedInstance[], url: string): void {
    this.log.push(`done ${names(updated)} ${new URL(url).host}`);
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
  get deeds(): string[] {
    return this.log.filter((line) => !line.startsWith('read'));
  }

  #mayFail(id: number): Promise<void> {
    return this.broken.has(id) ? Promise.reject(new Error(`no ${id}`)) : Promise.resolve();
  }
}

describe('the keeper of callback URLs', () => {
  it('asks, sets the new URL and says so', async () => {
    const scene = new Scene({ 1: callbackAt('old.example'), 2: callbackAt('one.example') });
    await new UrlKeeper(scene).follow();
    assert.deepEqual(scene.deeds, ['ask i1', 'set 1 one.example', 'done i1 one.example']);
  });

  it('asks where the user is, and not what another window has settled by then', async () => {
    const settled = new Scene({ 1: callbackAt('old.example') });
    const open = new Scene({ 1: callbackAt('old.example') });
    for (const scene of [settled, open]) {
      let comes: () => void = () => undefined;
      scene.attentive = new Promise((resolve) => (comes = resolve));
      const following = new UrlKeeper(scene).follow();
      await new Promise((done) => setImmediate(done));
      assert.deepEqual(scene.log, [], 'nothing while the user is elsewhere');
      if (scene === settled) scene.instances.set(1, posting(1, callbackAt('one.example')));
      comes();
      await following;
    }
    assert.deepEqual(settled.deeds, []);
    assert.deepEqual(open.deeds, ['ask i1', 'set 1 one.example', 'done i1 one.example']);
  });

  it('touches no instance of another relay or callback', async () => {
    const scene = new Scene({ 1: callbackAt('old.example', otherSecret), 2: 'https://my.example/callback' });
    await new UrlKeeper(scene).follow();
    assert.deepEqual(scene.deeds, []);
  });

  it('leaves it where the user does not want it, and asks no second time for the same URL', async () => {
    const scene = new Scene({ 1: callbackAt('old.example') });
    scene.answer = undefined;
    const keeper = new UrlKeeper(scene);
    await keeper.follow();
    await keeper.follow();
    assert.deepEqual(scene.deeds, ['ask i1']);
    scene.host = 'two.example';
    await keeper.follow();
    assert.deepEqual(scene.deeds, ['ask i1', 'ask i1']);
  });

  it('does not ask where it may always', async () => {
    const scene = new Scene({ 1: callbackAt('old.example') });
    scene.keep = 'always';
    await new UrlKeeper(scene).follow();
    assert.deepEqual(scene.deeds, ['set 1 one.example', 'done i1 one.example']);
  });

  it('remembers that it always may', async () => {
    const scene = new Scene({ 1: callbackAt('old.example') });
    scene.answer = 'always';
    const keeper = new UrlKeeper(scene);
    await keeper.follow();
    scene.host = 'two.example';
    await keeper.follow();
    const first = ['ask i1', 'set 1 one.example', 'done i1 one.example'];
    assert.deepEqual(scene.deeds, [...first, 'set 1 two.example', 'done i1 two.example']);
  });

  it('sets the URL all the same where the settings cannot be written, says so, and tries that again', async () => {
    const scene = new Scene({ 1: callbackAt('old.example') });
    scene.answer = 'always';
    scene.unwritable = true;
    scene.again = true;
    const keeper = new UrlKeeper(scene);
    await keeper.follow();
    const first = ['ask i1', 'set 1 one.example', 'done i1 one.example', 'failed unsaved settings'];
    assert.deepEqual(scene.deeds, first);
    assert.equal(scene.keep, 'always');
    scene.host = 'two.example';
    await keeper.follow();
    assert.deepEqual(scene.deeds, [...first, 'set 1 two.example', 'done i1 two.example']);
  });

  it('looks at the next URL whatever went wrong with the one before', async () => {
    const scene = new Scene({ 1: callbackAt('old.example') });
    const { meanwhile } = scene;
    scene.meanwhile = () => {
      throw new Error('the window is closing');
    };
    const keeper = new UrlKeeper(scene);
    await assert.rejects(keeper.follow(), /closing/);
    // Said once: nothing new has happened to this URL.
    await keeper.follow();
    scene.meanwhile = meanwhile;
    scene.host = 'two.example';
    await keeper.follow();
    assert.deepEqual(scene.deeds, ['ask i1', 'ask i1', 'set 1 two.example', 'done i1 two.example']);
  });

  it('asks the platform nothing where it never may', async () => {
    const scene = new Scene({ 1: callbackAt('old.example') });
    scene.keep = 'never';
    await new UrlKeeper(scene).follow();
    assert.deepEqual(scene.log, []);
  });

  it('asks the platform nothing while there is no public URL, nor twice for the same', async () => {
    const scene = new Scene({ 1: callbackAt('one.example') });
    scene.host = null;
    const keeper = new UrlKeeper(scene);
    await keeper.follow();
    assert.deepEqual(scene.log, []);
    for (const host of ['one.example', null, 'one.example']) {
      scene.host = host;
      await keeper.follow();
    }
    assert.deepEqual(scene.log, ['read 1']);
  });

  it('sets the URL of the moment where it changed while the user was asked', async () => {
    const scene = new Scene({ 1: callbackAt('old.example') });
    const keeper = new UrlKeeper(scene);
    scene.meanwhile = () => {
      scene.host = 'two.example';
      scene.meanwhile = () => undefined;
      void keeper.follow();
    };
    await keeper.follow();
    await keeper.follow();
    assert.deepEqual(scene.deeds, ['ask i1', 'set 1 two.example', 'done i1 two.example']);
  });

  it('looks again when the URL comes back that went away while the user was asked', async () => {
    const scene = new Scene({ 1: callbackAt('old.example') });
    const keeper = new UrlKeeper(scene);
    scene.meanwhile = () => (scene.host = null);
    await keeper.follow();
    assert.deepEqual(scene.deeds, ['ask i1']);
    scene.meanwhile = () => undefined;
    scene.host = 'one.example';
    await keeper.follow();
    assert.deepEqual(scene.deeds, ['ask i1', 'ask i1', 'set 1 one.example', 'done i1 one.example']);
  });

  it('does for the others what it cannot do for one, says so, and tries again', async () => {
    const scene = new Scene({ 1: callbackAt('old.example'), 2: callbackAt('old.example') });
    scene.broken.add(1);
    scene.again = true;
    await new UrlKeeper(scene).follow();
    assert.deepEqual(scene.deeds, [
      'ask i2',
      'set 2 one.example',
      'done i2 one.example',
      'failed no 1',
      'ask i1',
      'set 1 one.example',
      'done i1 one.example',
    ]);
  });

  it('passes over what the platform has no longer', async () => {
    const scene = new Scene({ 1: callbackAt('old.example') });
    scene.ids = [9];
    await new UrlKeeper(scene).follow();
    assert.deepEqual(scene.deeds, []);
  });
});
