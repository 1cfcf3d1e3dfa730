/** What of a form VS Code keeps for the page, on disk: no callback URL in which a secret stands or may stand. */
import { holdsHookSecret } from '../../common/hook-path.ts';
import type { CreatedInstance, FormFields } from './messages.ts';

/** What the page keeps. */
export interface FormPageState {
  readonly fields: FormFields;
  /** The instance whose page stands in place of the form. */
  readonly created?: CreatedInstance | undefined;
}

/** Stands for the relay's URL: it is filled in anew where the form comes back. */
export const relayUrlPlaceholder = '{relay}';

/** The fields as they may be kept. */
export function fieldsForPageState(fields: FormFields): FormFields {
  // A user and password, or a query: as text, since it may be half typed.
  if (/[?@]/.test(fields.callbackUrl)) return { ...fields, callbackUrl: '' };
  return holdsHookSecret(fields.callbackUrl) ? { ...fields, callbackUrl: relayUrlPlaceholder } : fields;
}
