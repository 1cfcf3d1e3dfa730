/** What of a form VS Code keeps for the page, on disk: no URL of a relay, since its secret stands in it. */
import type { FormFields } from './messages.ts';

/** Stands for the relay's URL: it is filled in anew where the form comes back. */
export const keptRelayUrl = '{relay}';

/** The fields as they may be kept. */
export function fieldsToKeep(fields: FormFields): FormFields {
  return /\/hooks\/[0-9a-f]{32}(?:\/|$)/i.test(fields.callbackUrl) ? { ...fields, callbackUrl: keptRelayUrl } : fields;
}
