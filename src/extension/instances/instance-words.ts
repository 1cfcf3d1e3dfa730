/** An instance in words. Makes text from outside printable. */
import { hookSecret } from '../../common/hook-path.ts';
import { maskPlaces } from '../../common/masking.ts';
import type { Localiser } from '../ui/localiser.ts';
import { printable } from '../ui/printable.ts';
import type { PlacedInstance } from './placed-instance.ts';

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

export function descriptionOf(facts: PlacedInstance, l10n: Localiser): string {
  const parts: string[] = [];
  if (!facts.valid) parts.push(l10n.t('not valid: re-authorise'));
  if (facts.disabled) parts.push(l10n.t('disabled'));
  parts.push(facts.eventsEnabled ? l10n.t('events on') : l10n.t('events off'));
  if (facts.eventsEnabled || facts.place !== 'none') parts.push(placeWords(facts, l10n));
  return parts.join(' · ');
}

function placeWords({ place, callbackUrl }: Pick<PlacedInstance, 'place' | 'callbackUrl'>, l10n: Localiser): string {
  switch (place) {
    case 'current':
      return l10n.t('to this relay');
    case 'asleep':
      return l10n.t('to this relay (no public URL)');
    case 'stopped':
      return l10n.t('to this relay (not running)');
    case 'old':
      return l10n.t('to an old URL of this machine');
    case 'other':
      return l10n.t('to another folder’s relay');
    case 'foreign':
      return l10n.t('to {0}', hostOf(callbackUrl));
    case 'none':
      return l10n.t('no callback');
  }
}

function hostOf(url: string): string {
  return URL.canParse(url) ? printable(new URL(url).host) : shownUrl(url);
}

/** A callback URL for display: a relay's secret in it is masked, as are user name and password. */
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

export function spokenOf(facts: PlacedInstance, l10n: Localiser): string {
  const parts = [
    l10n.t('instance {0}', printable(facts.name)),
    facts.valid ? '' : l10n.t('not valid: re-authorise'),
    facts.disabled ? l10n.t('disabled') : '',
    facts.eventsEnabled ? l10n.t('events on') : l10n.t('events off'),
    placeWords(facts, l10n),
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** Which commands apply: matched in package.json as `viewItem =~ /;flag;/`. */
export function flagsOf(facts: PlacedInstance): string {
  const flags = ['instance'];
  if (facts.place !== 'current') flags.push('notHere');
  if (!facts.valid) flags.push('invalid');
  return `;${flags.join(';')};`;
}
