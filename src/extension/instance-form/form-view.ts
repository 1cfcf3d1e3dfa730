import { say } from '../../common/say.ts';
import type * as client from '../deferred.ts';
import type { FormState } from './form-state.ts';
import type { FieldNote, FormView, Region } from './messages.ts';
import { fieldLabel, problemText } from './problem-texts.ts';
import { formTexts } from './texts.ts';

/** The part of the view that depends on the fields. Contains no secrets, only which ones are set. */
export function viewOfFields(
  { checkForm, previewOf }: Pick<typeof client, 'checkForm' | 'previewOf'>,
  { fields, typed, stored }: Pick<FormState, 'fields' | 'typed' | 'stored'>,
): Pick<FormView, 'notes' | 'secretsSet' | 'preview' | 'blocked'> {
  const problems = checkForm(fields, typed, stored);
  const errors = problems.filter(({ severity }) => severity === 'error');
  const notes = Object.fromEntries(
    problems.map((problem): [string, FieldNote] => [
      problem.field,
      { severity: problem.severity, text: problemText(problem), empty: problem.code === 'missing' },
    ]),
  );
  const set = Object.entries(typed).filter(([, value]) => value !== '');
  return {
    notes,
    secretsSet: {
      ...(stored && { userSecret: true, organizationSecret: true }),
      ...Object.fromEntries(set.map(([field]) => [field, true])),
    },
    preview: previewOf(fields, typed),
    blocked:
      errors.length === 0
        ? undefined
        : say('Fill in or fix: {0}.', errors.map(({ field }) => fieldLabel(field) ?? field).join(', ')),
  };
}

export function offeredRegions({
  regions,
  otherRegion,
  sandboxRegion,
}: Pick<typeof client, 'regions' | 'otherRegion' | 'sandboxRegion'>): Region[] {
  return [
    ...regions.map(({ id, label, host }) => ({ id, label: `${label} (${host})` })),
    { id: otherRegion, label: formTexts().otherRegion },
    { id: sandboxRegion, label: say('Sandbox on this machine') },
  ];
}
