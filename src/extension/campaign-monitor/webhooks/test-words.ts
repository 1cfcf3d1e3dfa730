/** Why a webhook's test failed, in words, and what helps. */
import type { TestFailure } from '../../../campaign-monitor/test-failure.ts';
import { inMessage } from '../../ui/printable.ts';
import type { Localiser } from '../../ui/localiser.ts';
import type { Place } from '../../relay/public-url/url-place.ts';

/** A step that this tool can take. */
export type TestStep = 'move' | 'open-public-url' | 'start' | 'none';

export interface TestWords {
  /** What happened and why. */
  readonly why: string;
  readonly next: string;
  readonly step: TestStep;
}

/** @param place whose the tested webhook is */
export function testWords(failure: TestFailure, place: Place, l10n: Localiser): TestWords {
  const why = whyOf(failure, l10n);
  switch (place) {
    case 'old':
      return {
        why,
        next: l10n.t('It points to an old URL of this machine. Register the relay anew, which moves it.'),
        step: 'move',
      };
    case 'asleep':
      return {
        why,
        next: l10n.t('The relay has no public URL now. Open it, then test again.'),
        step: 'open-public-url',
      };
    case 'stopped':
      return { why, next: l10n.t('The relay does not run. Start it, then test again.'), step: 'start' };
    case 'other':
      return { why, next: l10n.t('Start the relay in the folder that it belongs to.'), step: 'none' };
    case 'current':
    case 'foreign':
      return { why, next: nextOf(failure, place, l10n), step: 'none' };
  }
}

function whyOf(failure: TestFailure, l10n: Localiser): string {
  switch (failure.kind) {
    case 'wrong-address':
      return l10n.t('The server answered {0}: it does not know this path', failure.httpStatus);
    case 'relay-gone':
      return l10n.t('A tunnel or proxy answered {0}: what is behind it is not there', failure.httpStatus);
    case 'guarded':
      return l10n.t('A tunnel or proxy answered {0}: it asks who is there', failure.httpStatus);
    case 'redirected':
      return l10n.t('The server answered {0}, a redirect, which is not followed', failure.httpStatus);
    case 'answered':
      return l10n.t('The server answered {0}', failure.httpStatus);
    case 'too-slow':
      return l10n.t('No answer came in time');
    case 'unknown-host':
      return l10n.t('The host of its URL does not exist');
    case 'not-reachable':
      return l10n.t('Nobody listens at its URL');
    case 'bad-certificate':
      return l10n.t('The certificate of its host is not trusted');
    case 'connection-lost':
      return l10n.t('The connection broke off before an answer came');
    case 'unexplained':
      return failure.word === null && failure.message === ''
        ? l10n.t('Campaign Monitor does not say why')
        : inMessage([failure.word ?? '', failure.message].filter((part) => part !== '').join(': '));
  }
}

function nextOf(failure: TestFailure, place: 'current' | 'foreign', l10n: Localiser): string {
  if (place === 'foreign') return l10n.t('It is not this tool’s: ask whoever runs the server.');
  switch (failure.kind) {
    case 'too-slow':
    case 'connection-lost':
    case 'relay-gone':
      return l10n.t('Check in the status bar that the public URL answers, then test again.');
    case 'guarded':
      return l10n.t('Choose a tunnel that lets programs through without asking.');
    case 'bad-certificate':
      return l10n.t('Use a tunnel or a URL with a valid certificate.');
    case 'unknown-host':
    case 'not-reachable':
    case 'wrong-address':
    case 'redirected':
    case 'answered':
    case 'unexplained':
      return l10n.t('Check the tunnel’s settings, close and open the public URL, then test again.');
  }
}
