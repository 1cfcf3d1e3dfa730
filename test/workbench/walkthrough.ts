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
/** Opens the walkthrough as VS Code does it. */
export async function openWalkthrough(workbench: Workbench): Promise<void> {
  await workbench.runCommandThatAsks('Welcome: Open Walkthrough...', 'Get Started with Campaign Monitor Relay');
  await workbench.pick('Get Started with Campaign Monitor Relay');
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
