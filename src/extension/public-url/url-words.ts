import { say } from '../../common/say.ts';
import type { StaleState, UrlAction } from './url-keeper.ts';

export function titleOf(action: UrlAction, state: StaleState): string {
  switch (action) {
    case 'update':
      if (state === 'unfinished') return say('Finishing changes of webhooks');
      // They were deactivated when the relay stopped; only webhooks are.
      return state === 'idle' ? say('Activating webhooks') : say('Updating webhooks and instances');
    case 'deactivate':
      return say('Deactivating webhooks');
    case 'delete':
      return say('Deleting webhooks');
  }
}

/** @param words the number of what was changed, and which */
export function doneText(action: UrlAction, state: StaleState, words: string): string {
  switch (action) {
    case 'update':
      if (state === 'unfinished') return say('Changes finished: {0}.', words);
      return state === 'idle' ? say('Activated: {0}.', words) : say('Updated to this relay’s URL: {0}.', words);
    case 'deactivate':
      return say('Deactivated: {0}.', words);
    case 'delete':
      return say('Deleted: {0}.', words);
  }
}
