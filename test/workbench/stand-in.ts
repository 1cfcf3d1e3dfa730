/** A small extension, written to a temporary folder, on which the test bed itself is tested. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from './workbench.ts';

const manifest = {
  name: 'stand-in',
  publisher: 'test',
  version: '1.0.0',
  engines: { vscode: '^1.101.0' },
  main: './main.js',
  l10n: './l10n',
  activationEvents: ['onStartupFinished'],
  capabilities: { untrustedWorkspaces: { supported: true } },
  contributes: {
    commands: [
      { command: 'standIn.greet', title: '%greet%', category: 'Stand-in' },
      { command: 'standIn.page', title: 'Open the Page', category: 'Stand-in' },
      { command: 'standIn.ask', title: 'Ask', category: 'Stand-in' },
    ],
    viewsContainers: { activitybar: [{ id: 'standIn', title: 'Stand-in', icon: 'icon.svg' }] },
    views: {
      standIn: [
        { id: 'standIn.things', name: 'Things' },
        { id: 'standIn.empty', name: 'Empty' },
      ],
    },
    viewsWelcome: [{ view: 'standIn.empty', contents: 'Nothing here yet.\n[Greet](command:standIn.greet)' }],
  },
};

const main = `
const vscode = require('vscode');
exports.activate = () => {
  const item = vscode.window.createStatusBarItem('state', vscode.StatusBarAlignment.Left, 100);
  item.text = '$(radio-tower) ' + [vscode.env.language, vscode.workspace.isTrusted ? 'trusted' : 'restricted'].join(' ');
  item.show();
  const log = vscode.window.createOutputChannel('Stand-in', { log: true });
  const things = Array.from({ length: 1000 }, (_, index) => 'thing ' + index);
  vscode.window.registerTreeDataProvider('standIn.things', {
    getChildren: (element) => (element === undefined ? things : ['part of ' + element]),
    getTreeItem: (element) => ({
      label: element,
      description: element.length + ' letters',
      collapsibleState: element.startsWith('part') ? 0 : 1,
    }),
  });
  vscode.window.registerTreeDataProvider('standIn.empty', { getChildren: () => [], getTreeItem: (element) => element });
  vscode.commands.registerCommand('standIn.greet', async () => {
    const answer = await vscode.window.showInformationMessage(vscode.l10n.t('Hello'), 'Well', 'Ill');
    item.text = 'answered ' + answer;
  });
  vscode.commands.registerCommand('standIn.ask', async () => {
    const colour = await vscode.window.showQuickPick(['red', 'green'], { title: 'Colour' });
    const name = await vscode.window.showInputBox({ prompt: 'Name' });
    const sure = await vscode.window.showWarningMessage('Sure?', { modal: true }, 'Yes, sure');
    item.text = [colour, name, sure].join(' ');
    log.info('logged ' + name);
    log.show();
  });
  vscode.commands.registerCommand('standIn.page', () => {
    const panel = vscode.window.createWebviewPanel('page', 'Page', vscode.ViewColumn.One, { enableScripts: true });
    panel.webview.html = '<h1>Inside</h1><button onclick="this.textContent = \\'pressed\\'">press</button>';
  });
};
`;

const files: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify(manifest),
  'package.nls.json': JSON.stringify({ greet: 'Greet' }),
  'package.nls.de.json': JSON.stringify({ greet: 'Grüßen' }),
  'l10n/bundle.l10n.de.json': JSON.stringify({ Hello: 'Hallo' }),
  'icon.svg': '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><circle cx="12" cy="12" r="8"/></svg>',
  'main.js': main,
};

/** Writes the extension and returns its folder, for `extensionDevelopmentPath`. */
export function writeStandIn(): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}
