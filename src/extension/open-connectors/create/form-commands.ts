/** The commands about the form. */
import type { CommandHandlers } from '../../commands.ts';
import type { FormPanel } from './form-panel.ts';

/** The handlers of **New Instance…** and **New Instance in the Sandbox…**. */
export function createFormCommands(form: FormPanel): CommandHandlers<'form'> {
  return { newInstance: () => form.open(), newSandboxInstance: () => form.openForSandbox() };
}
