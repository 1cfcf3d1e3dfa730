import assert from 'node:assert/strict';
import { commandsOf, createProgram } from '../../src/cli/program.ts';
import { inSameDirectory } from '../../src/cli/same-directory.ts';
import { eachWithOwn, post, run, type Callback, type Workplace } from './harness.ts';

describe('what a command advises, where it was given a data directory', function () {
  this.timeout(120_000);
  let place: Workplace;
  let callback: Callback;

  eachWithOwn((own) => ({ place, callback } = own));

  for (const [text, said] of [
    ['List with `cm-relay events`.', 'List with `cm-relay events --data-dir /d`.'],
    ['cm-relay show e1 --raw', 'cm-relay show --data-dir /d e1 --raw'],
    ['cm-relay show e1 --data-dir /x --raw', 'cm-relay show e1 --data-dir /x --raw'],
    [
      'cm-relay stop --data-dir /x, then cm-relay listen',
      'cm-relay stop --data-dir /x, then cm-relay listen --data-dir /d',
    ],
    [
      'cm-relay debug break list, cm-relay sandbox stop',
      'cm-relay debug break list --data-dir /d, cm-relay sandbox stop',
    ],
    ['cm-relay help listen', 'cm-relay help listen'],
  ] as const) {
    it(`is about the same: ${text}`, () => assert.equal(inSameDirectory(text, ' --data-dir /d'), said));
  }

  it('is so of each command that uses one', () => {
    const without = ['check', 'completion', 'sandbox', 'sandbox stop', 'sandbox subscribe', 'tunnels'];
    for (const { words, command } of commandsOf(createProgram())) {
      const line = ['cm-relay', ...words].join(' ');
      if (words.length === 0 || command.commands.length > 0 || without.includes(words.join(' '))) continue;
      assert.equal(inSameDirectory(line, ' --data-dir /d'), `${line} --data-dir /d`);
    }
  });

  it('names it, whoever says it', async () => {
    const { campaignMonitorUrl } = await place.listen([callback.url]).ready();
    const hint = `--data-dir ${place.dataDir}`;
    assert.ok((await place.run('show', 'e99')).err.includes(`cm-relay events ${hint}`));
    const events = Array.from({ length: 80 }, (_, at) => ({ Type: 'Subscribe', EmailAddress: `a${at}@example.org` }));
    await post(campaignMonitorUrl, JSON.stringify({ ListID: 'l', Events: events }));
    assert.ok((await place.run('show', 'd1')).out.includes(`cm-relay show ${hint} n1, and so on.`));
    assert.ok((await place.run('resend', '--failed')).err.includes(`cm-relay events ${hint}`));
    assert.doesNotMatch((await run(['show', 'e99'])).err, /--data-dir/);
  });

  it('starts the relay for where it went before', async () => {
    const relay = place.listen([`${callback.url}?token=planted`]);
    await relay.ready();
    await relay.end();
    const { err } = await place.run('retry');
    assert.match(
      err,
      /cm-relay listen --data-dir \S+\. The relay then forwards to http:\S+\/callback\?token=\*+ again\./,
    );
    assert.doesNotMatch(err, /3000/);
  });
});
