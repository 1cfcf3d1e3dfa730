import { category, untilStatusBar } from './relay.ts';
import { axeViolations, webviewDocument } from './webview.ts';
import { openWorkbench } from './workbench.ts';

describe('The form', () => {
  it('looks', async () => {
    const workbench = await openWorkbench({ ownServer: true, viewport: { width: 1500, height: 2200 } });
    await untilStatusBar(workbench, 'stopped');
    await workbench.runCommand(`${category}: New Instance…`);
    const frame = workbench.webviewFrame();
    await frame.getByRole('heading', { name: 'New Instance' }).waitFor();
    const doc = await webviewDocument(workbench);
    console.log((await axeViolations(doc)).join('\n'));
    await frame.locator('#create').press('Enter');
    await frame.getByText('Give the instance a name.').waitFor();
    await frame.locator('#do-generateKey').click();
    await frame.locator('#do-copyKey').waitFor();
    await frame.locator('summary').click();
    console.log((await axeViolations(doc)).join('\n'));
    await workbench.picture('form/errors');
    await frame.locator('#region').click();
    await workbench.picture('form/region');
    console.log((await axeViolations(doc)).join('\n'));
    await workbench.page.keyboard.press('Escape');
    await frame.locator('#do-useSandbox').click();
    await frame.getByText('The sandbox’s values are filled in.').waitFor();
    await frame.locator('#do-fillCallback').click();
    await frame.getByText('URL on this machine').waitFor();
    await workbench.picture('form/sandbox');
    console.log((await axeViolations(doc)).join('\n'));
    console.log(await doc.evaluate(`[...document.querySelectorAll('[data-field]')].map((e) => e.id + ' ' + e.shadowRoot.querySelector('input,textarea,[role=combobox]').ariaDescribedByElements?.map((x) => x.id))`));
    await workbench.close();
  });
});
