/** Keys and credentials, as a person gives them. */
import { category } from './relay.ts';
import type { Workbench } from './workbench.ts';

/**
 * Gives a key or credentials by Manage Keys and Secrets….
 * @param kind how the choice begins that leads there
 * @param answers what each box is given, told by its title
 */
export async function giveSecret(
  workbench: Workbench,
  kind: 'Signature Key' | 'Verify Key' | 'Destination Credentials',
  ...answers: (readonly [title: string, answer: string])[]
): Promise<void> {
  const { quickInputWidget } = workbench;
  await workbench.runCommandThatAsks(`${category}: Manage Keys and Secrets…`, 'Keys and Secrets');
  await workbench.enter('Keys and Secrets', kind);
  for (const [title, answer] of answers) {
    await quickInputWidget.filter({ hasText: title }).waitFor();
    const box = quickInputWidget.locator('.quick-input-box input').first();
    await box.fill(answer);
    await box.press('Enter');
  }
  await quickInputWidget.waitFor({ state: 'hidden' });
}
