/** The steps of the walkthrough, as a person sees them. */
import type { Locator } from 'playwright-core';
import type { Workbench } from './workbench.ts';

export const steps = {
  start: 'Start the relay',
  sample: 'Send sample events',
  look: 'Look at an event',
  callback: 'Forward to your callback',
  public: 'Receive real events',
};
/** Opens the walkthrough as VS Code does it. @param title as the language of the window has it */
export async function openWalkthrough(
  workbench: Workbench,
  title = 'Get Started with Campaign Monitor Relay',
): Promise<void> {
  await workbench.runCommandThatAsks('Welcome: Open Walkthrough...', title);
  await workbench.pick(title);
}

/** A step by its title. */
export function stepOf(workbench: Workbench, title: string): Locator {
  return workbench.page
    .locator('.gettingStartedContainer .getting-started-step')
    .filter({ has: workbench.page.getByText(title, { exact: true }) });
}

/** Waits until a step is ticked. */
export function ticked(workbench: Workbench, title: string): Promise<void> {
  return stepOf(workbench, title).locator('.codicon-getting-started-step-checked').waitFor();
}
