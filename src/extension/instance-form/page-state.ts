/** Stored on disk by VS Code, so without a callback URL that may contain a secret. */
import { holdsHookSecret } from '../../common/hook-path.ts';
import type { CreatedInstance, FormFields } from './messages.ts';

export interface FormPageState {
  readonly fields: FormFields;
  readonly created?: CreatedInstance | undefined;
}

export const relayUrlPlaceholder = '{relay}';

export function fieldsForPageState(fields: FormFields): FormFields {
  // User and password, or a query: matched as text, because the URL may be incomplete.
  if (/[?@]/.test(fields.callbackUrl)) return { ...fields, callbackUrl: '' };
  return holdsHookSecret(fields.callbackUrl) ? { ...fields, callbackUrl: relayUrlPlaceholder } : fields;
}
