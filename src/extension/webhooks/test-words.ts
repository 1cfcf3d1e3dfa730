import { say } from '../../common/say.ts';
import type { TestFailure } from '../../campaign-monitor/test-failure.ts';
import type { Place } from '../public-url/url-place.ts';

export type TestStep = 'move' | 'open-public-url' | 'start' | 'none';

export interface TestWords {
  readonly next: string;
  readonly step: TestStep;
}

export function testWords(failure: TestFailure, place: Place): TestWords {
  switch (place) {
    case 'old':
      return {
        next: say('The webhook points to an old URL of this machine. To update the webhook, register the relay again.'),
        step: 'move',
      };
    case 'asleep':
      return {
        next: say('The relay has no public URL. Open a public URL, and then test again.'),
        step: 'open-public-url',
      };
    case 'stopped':
      return { next: say('The relay isn’t running. Start it, and then test again.'), step: 'start' };
    case 'other':
      return { next: say('Start the relay in the folder that the webhook belongs to.'), step: 'none' };
    case 'current':
    case 'foreign':
      return { next: nextOf(failure, place), step: 'none' };
  }
}

function nextOf(failure: TestFailure, place: 'current' | 'foreign'): string {
  if (place === 'foreign') return say('The webhook points to another server. Contact whoever runs that server.');
  switch (failure.kind) {
    case 'too-slow':
    case 'connection-lost':
    case 'relay-gone':
      return say('Check in the status bar that the public URL answers, and then test again.');
    case 'guarded':
      return say('Choose a tunnel that doesn’t require visitors to sign in.');
    case 'bad-certificate':
      return say('Use a tunnel or a URL with a valid certificate.');
    case 'unknown-host':
    case 'not-reachable':
    case 'wrong-address':
    case 'redirected':
    case 'answered':
    case 'unexplained':
      return say('Check the tunnel settings, close and reopen the public URL, and then test again.');
  }
}
