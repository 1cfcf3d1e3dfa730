import assert from 'node:assert/strict';
import { back, ifAnswered, inSteps, type Answer, type Step, type StepPlace } from '../../../src/extension/ui/steps.ts';

interface Known {
  readonly way?: 'short' | 'long';
  readonly first?: string;
  readonly second?: string;
}

/** What a user answers, one after another, and where each was asked. */
class User {
  readonly places: string[] = [];
  readonly seen: Known[] = [];
  readonly #answers: Answer<string>[];

  constructor(...answers: Answer<string>[]) {
    this.#answers = answers;
  }

  step(part: keyof Known): Step<Known> {
    return (known, { title, step, totalSteps }: StepPlace) => {
      this.places.push(`${title} ${part} ${step}/${totalSteps}`);
      this.seen.push(known);
      return Promise.resolve(ifAnswered(this.#answers.shift(), (answer) => ({ [part]: answer })));
    };
  }
}

describe('questions one after another', () => {
  const ask = (user: User, known: Known = {}): Promise<Known | undefined> =>
    inSteps('T', known, ({ way }) => [
      user.step('way'),
      user.step('first'),
      ...(way === 'long' ? [user.step('second')] : []),
    ]);

  it('grow by what was answered', async () => {
    const user = new User('long', 'a', 'b');
    assert.deepEqual(await ask(user), { way: 'long', first: 'a', second: 'b' });
    assert.deepEqual(user.places, ['T way 1/2', 'T first 2/3', 'T second 3/3']);
  });

  it('lead back, and know what was answered before', async () => {
    const user = new User('long', 'a', back, back, 'short', 'c');
    assert.deepEqual(await ask(user), { way: 'short', first: 'c' });
    assert.deepEqual(user.places, [
      'T way 1/2',
      'T first 2/3',
      'T second 3/3',
      'T first 2/3',
      'T way 1/3',
      'T first 2/2',
    ]);
    assert.deepEqual(user.seen[3], { way: 'long', first: 'a' });
  });

  it('begin with the first again where there is no way further back', async () => {
    const user = new User(back, 'short', 'a');
    assert.deepEqual(await ask(user), { way: 'short', first: 'a' });
    assert.deepEqual(user.places.slice(0, 2), ['T way 1/2', 'T way 1/2']);
  });
});
