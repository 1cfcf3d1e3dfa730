/** The commands about the form. */
import type { CommandHandlers } from '../../commands.ts';
import type { FormPanel } from './form-panel.ts';

/** The handler of **New Instance…**; asked for the sandbox, it fills in the sandbox's values. */
export function createFormCommands(form: FormPanel): CommandHandlers<'form'> {
  return {
    newInstance: (where?: unknown) => (where === 'sandbox' ? form.openForSandbox() : form.open()),
  };
}
