/** The part of a form that VS Code stores on disk: without a callback URL that may contain a secret. */
import { holdsHookSecret } from '../../common/hook-path.ts';
import type { CreatedInstance, FormFields } from './messages.ts';

export interface FormPageState {
  readonly fields: FormFields;
  /** The instance whose page replaces the form. */
  readonly created?: CreatedInstance | undefined;
}

/** Placeholder for the relay's URL: it is filled in again when the form is restored. */
export const relayUrlPlaceholder = '{relay}';

export function fieldsForPageState(fields: FormFields): FormFields {
  // A user and password, or a query: compared as text, because it may be incomplete.
  if (/[?@]/.test(fields.callbackUrl)) return { ...fields, callbackUrl: '' };
  return holdsHookSecret(fields.callbackUrl) ? { ...fields, callbackUrl: relayUrlPlaceholder } : fields;
}
