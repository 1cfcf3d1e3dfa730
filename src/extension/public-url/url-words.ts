import type { Localiser } from '../ui/localiser.ts';
import type { StaleState, UrlAction } from './url-keeper.ts';

export function titleOf(action: UrlAction, state: StaleState, l10n: Localiser): string {
  switch (action) {
    case 'update':
      if (state === 'unfinished') return l10n.t('Finishing changes of webhooks');
      // They were deactivated when the relay stopped; only webhooks are.
      return state === 'idle' ? l10n.t('Activating webhooks') : l10n.t('Updating webhooks and instances');
    case 'deactivate':
      return l10n.t('Deactivating webhooks');
    case 'delete':
      return l10n.t('Deleting webhooks');
  }
}

/** @param words the number of what was changed, and which */
export function doneText(action: UrlAction, state: StaleState, words: string, l10n: Localiser): string {
  switch (action) {
    case 'update':
      if (state === 'unfinished') return l10n.t('Changes finished: {0}.', words);
      return state === 'idle' ? l10n.t('Activated: {0}.', words) : l10n.t('Updated to this relay’s URL: {0}.', words);
    case 'deactivate':
      return l10n.t('Deactivated: {0}.', words);
    case 'delete':
      return l10n.t('Deleted: {0}.', words);
  }
}
