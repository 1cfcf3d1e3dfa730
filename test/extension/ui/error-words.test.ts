import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CampaignMonitorError, campaignMonitorErrorKinds } from '../../../src/campaign-monitor/api-error.ts';
import { CampaignMonitorOAuthError, campaignMonitorOAuthErrorKinds } from '../../../src/campaign-monitor/oauth.ts';
import { UnsafeSocketFolderError } from '../../../src/protocol/control-channel.ts';
import { messageOf, nextOf, nextOfRelay, withNext } from '../../../src/extension/ui/error-words.ts';
import { AuthorizationUrlError } from '../../../src/oauth/authorize.ts';
import {
  openConnectorsAdvice,
  OpenConnectorsError,
  openConnectorsErrorKinds,
} from '../../../src/open-connectors/api-error.ts';
import { OpenConnectorsHostError, openConnectorsHostProblems } from '../../../src/open-connectors/host.ts';
import { DataDirectoryError } from '../../../src/protocol/data-directory.ts';
import { NoRelayError, relayAdvice, RelayRequestError } from '../../../src/protocol/errors.ts';
import type { RelayAdvice } from '../../../src/protocol/errors.ts';
import { germanTexts as german, inGerman } from '../../common/in-german.ts';

const root = join(import.meta.dirname, '..', '..', '..');
/** One of each, and of each kind. */
const errors: readonly (Error & { readonly next?: string | undefined })[] = [
  ...campaignMonitorErrorKinds.map((kind) => new CampaignMonitorError(kind, 'failed')),
  ...campaignMonitorOAuthErrorKinds.map((kind) => new CampaignMonitorOAuthError(kind, 'failed')),
  ...openConnectorsAdvice.map((advice) => new OpenConnectorsError('failed', { kind: 'refused', advice })),
  ...openConnectorsHostProblems.map((problem) => new OpenConnectorsHostError(problem)),
  ...(Object.keys(relayAdvice) as RelayAdvice[]).map(
    (advice) => new RelayRequestError('failed', 'internal', { advice }),
  ),
  new NoRelayError('/data'),
  new DataDirectoryError('/data', 'belongs to another user', 'choose-data-directory'),
  new UnsafeSocketFolderError('/run/cm', 'is open to others'),
  new AuthorizationUrlError(),
];

/** One of each vendor's, and of each kind, with an English message that must not come through. */
const ofVendors: readonly Error[] = [
  ...campaignMonitorErrorKinds.map(
    (kind) => new CampaignMonitorError(kind, 'it failed', { code: 9, said: 'Said so.' }),
  ),
  ...campaignMonitorErrorKinds.map((kind) => new CampaignMonitorError(kind, 'it failed', { status: 502 })),
  ...campaignMonitorOAuthErrorKinds.map(
    (kind) => new CampaignMonitorOAuthError(kind, 'it failed', { said: 'Said so.' }),
  ),
  ...openConnectorsErrorKinds.flatMap((kind) => [
    new OpenConnectorsError('it failed', { kind, advice: 'check-host', said: 'Said so.', status: 502 }),
    new OpenConnectorsError('it failed', { kind, advice: 'check-host', status: 502 }),
    new OpenConnectorsError('it failed', { kind, advice: 'give-secret-itself' }),
    new OpenConnectorsError('it failed', { kind, advice: 'enter-user-secret' }),
  ]),
  ...openConnectorsHostProblems.map((problem) => new OpenConnectorsHostError(problem)),
];

describe('what happened', () => {
  it('is said in the user’s language for each error of a vendor’s, with what the vendor said', () => {
    for (const error of ofVendors) {
      const message = inGerman(() => messageOf(error));
      assert.ok(message !== '' && !message.includes('it failed') && !message.includes(error.message), message);
      assert.doesNotMatch(message, /undefined|null|\{\d\}|: $/);
    }
    assert.equal(
      inGerman(() => messageOf(new CampaignMonitorError('bad-api-key', 'x', { code: 100, said: 'Invalid API Key.' }))),
      'Campaign Monitor hat diesen API-Schlüssel abgelehnt: Invalid API Key (Code 100)',
    );
    assert.equal(
      inGerman(() => messageOf(new OpenConnectorsError('x', { kind: 'refused', advice: 'refresh', said: 'Not now' }))),
      'Open Connectors hat die Anfrage abgelehnt: Not now',
    );
  });

  it('is what any other error says', () => {
    assert.equal(messageOf(new Error('Kaputt')), 'Kaputt');
    assert.equal(messageOf('kaputt'), 'kaputt');
  });

  it('stands before what to do next', () => {
    const error = new OpenConnectorsError('x', { kind: 'timed-out', advice: 'wait' });
    assert.equal(withNext(error), `${messageOf(error)}. ${nextOf(error)}`);
  });
});

describe('what to do next about an error', () => {
  it('does not name a setting that VS Code does not have', () => {
    const error = new RelayRequestError('too large', 'conflict', { advice: 'send-smaller-body' });
    assert.equal(
      inGerman(() => nextOf(error)),
      'Senden Sie einen kleineren Body.',
    );
  });

  for (const error of errors) {
    const { kind, advice } = error as { kind?: string; advice?: string };
    it(`is said in the user’s language: ${error.name} ${advice ?? kind ?? ''}`, () => {
      const next = inGerman(() => nextOf(error));
      assert.ok(next !== undefined && next !== '');
      assert.ok(
        Object.values(german).some((text) => text.replace('{0}', '') === next.replace(/api\.\S+/, '')),
        next,
      );
      assert.notEqual(next, error.next);
    });
  }

  it('is VS Code’s own where a terminal’s would not help', () => {
    const gone = new CampaignMonitorError('not-found', 'failed');
    assert.equal(nextOf(gone), 'The webhook or list may have been deleted. Refresh the Webhooks view.');
    assert.equal(
      gone.next,
      'The webhook or list may have been deleted. To see all webhooks, run cm-relay webhooks list.',
    );
    assert.equal(
      nextOf(new DataDirectoryError('/data', 'stays accessible', 'choose-file-system')),
      'Move VS Code’s user data to a file system that stores permissions.',
    );
  });

  it('is to sign in again for every sign-in that no longer counts', () => {
    for (const kind of ['invalid-token', 'expired-token', 'revoked-token'] as const)
      assert.equal(new CampaignMonitorError(kind, 'failed').next, 'Sign in to Campaign Monitor again.');
  });

  it('is translated for every error of the rooms that know no VS Code', () => {
    const rooms = ['campaign-monitor/**/*', 'open-connectors/**/*', 'protocol/**/*', 'endpoint'];
    const found = rooms
      .flatMap((room) => globSync(`src/${room}.ts`, { cwd: root }))
      // What the relay throws, clients are told as a RelayRequestError.
      .filter((path) => !path.endsWith('event-filter.ts'))
      .flatMap((path) =>
        readFileSync(join(root, path), 'utf8')
          .split(/^(?:export )?class /m)
          .slice(1),
      )
      .filter((body) => /^ {2}readonly next\b/m.test(body))
      .map((body) => /override readonly name = '(\w+)'/.exec(body)?.[1] ?? body.slice(0, 40));
    assert.deepEqual(
      found.filter((name) => !errors.some((error) => error.name === name)),
      [],
    );
    assert.ok(found.length > 5, found.join());
  });

  it('is the error’s own where that is translated already, and nothing where there is none', () => {
    assert.equal(nextOf(Object.assign(new Error('failed'), { next: 'Weiter.' })), 'Weiter.');
    assert.equal(nextOf(new Error('failed')), undefined);
    assert.equal(nextOf('failed'), undefined);
    assert.equal(withNext(new Error('failed')), 'failed');
  });

  it('follows a message with one full stop between them', () => {
    assert.equal(withNext(Object.assign(new Error('failed'), { next: 'Weiter.' })), 'failed. Weiter.');
    assert.equal(withNext(Object.assign(new Error('It failed.'), { next: 'Weiter.' })), 'It failed. Weiter.');
  });

  it('is the relay’s sentence where a newer one names what this version does not know', () => {
    const told = { next: 'Do {0} that.', advice: 'of-the-future' };
    // As VS Code says what it has in no other language.
    const lenient = (english: string): string => english;
    assert.equal(
      inGerman(() => nextOfRelay(told), lenient),
      'Do {0} that.',
    );
    const refused = RelayRequestError.of('failed', 1, told);
    assert.equal(
      inGerman(() => nextOf(refused), lenient),
      'Do {0} that.',
    );
    assert.equal(nextOf(RelayRequestError.of('failed', 1, undefined)), undefined);
  });
});
