import { say } from '../../common/say.ts';
import { hookSecret } from '../../common/hook-path.ts';
import { maskPlaces } from '../../common/masking.ts';
import { printable } from '../ui/printable.ts';
import type { PlacedInstance } from './instance-node.ts';

/** The most urgent first. */
export type InstanceState = 'invalid' | 'disabled' | 'events-off' | 'elsewhere' | 'old-url' | 'not-reached' | 'here';

export function instanceState(facts: PlacedInstance): InstanceState {
  if (!facts.valid) return 'invalid';
  if (facts.disabled) return 'disabled';
  if (!facts.eventsEnabled) return 'events-off';
  switch (facts.place) {
    case 'current':
      return 'here';
    case 'old':
      return 'old-url';
    case 'asleep':
    case 'stopped':
      return 'not-reached';
    case 'other':
    case 'foreign':
    case 'none':
      return 'elsewhere';
  }
}

export function descriptionOf(facts: PlacedInstance): string {
  const parts: string[] = [];
  if (!facts.valid) parts.push(say('not valid: re-authorize'));
  if (facts.disabled) parts.push(say('disabled'));
  parts.push(facts.eventsEnabled ? say('events on') : say('events off'));
  if (facts.eventsEnabled || facts.place !== 'none') parts.push(placeWords(facts));
  return parts.join(' · ');
}

function placeWords({ place, callbackUrl }: Pick<PlacedInstance, 'place' | 'callbackUrl'>): string {
  return {
    current: say('to this relay'),
    asleep: say('to this relay (no public URL)'),
    stopped: say('to this relay (not running)'),
    old: say('to an old URL of this machine'),
    other: say('to another folder’s relay'),
    foreign: say('to {0}', hostOf(callbackUrl)),
    none: say('no callback'),
  }[place];
}

function hostOf(url: string): string {
  return URL.canParse(url) ? printable(new URL(url).host) : shownUrl(url);
}

/** Masks a relay's secret, a user name, a password and query values. */
export function shownUrl(url: string): string {
  return printable(
    maskPlaces(url, [hookSecret])
      .replace(/^(https?:\/\/)[^/?#]*@/i, '$1********@')
      .replace(/([?&][^=?&#]*=)[^&#]*/g, '$1********'),
  );
}

export function documentName(name: string): string {
  return printable(name, 60).replace(/[/\\]/g, '-');
}

export function spokenOf(facts: PlacedInstance): string {
  const parts = [
    say('instance {0}', printable(facts.name)),
    facts.valid ? '' : say('not valid: re-authorize'),
    facts.disabled ? say('disabled') : '',
    facts.eventsEnabled ? say('events on') : say('events off'),
    placeWords(facts),
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** Flags for package.json's `viewItem =~ /;flag;/`. */
export function flagsOf(facts: PlacedInstance): string {
  const flags = ['instance'];
  if (facts.place !== 'current') flags.push('notHere');
  if (!facts.valid) flags.push('invalid');
  return `;${flags.join(';')};`;
}
