import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { DestinationNode } from '../destinations/destination-settings.ts';
import { CommandError } from '../ui/command-error.ts';
import { inMessage, printable } from '../ui/printable.ts';
import { tokenOf } from '../ui/progress.ts';
import type { HandlerConfiguration } from './handler-configurations.ts';
import { addLaunchConfiguration, folderOf, launchCandidates } from './launch-configurations.ts';

export interface HandlerQuestion {
  readonly name: string;
  /** Undefined if the settings don't have the destination. */
  readonly node?: DestinationNode | undefined;
  readonly port: string;
  readonly before: HandlerConfiguration | undefined;
  readonly signal?: AbortSignal | undefined;
}

const inspectorPort = 9229;

const nodeEndings = ['js', 'mjs', 'cjs', 'ts', 'mts', 'cts'];

const programs = `**/{server,index,app,main,handler}.{${nodeEndings.join(',')}}`;

export async function askHandlerConfiguration(question: HandlerQuestion): Promise<HandlerConfiguration | undefined> {
  const { name, port, before, signal } = question;
  type Choice = vscode.QuickPickItem & { readonly make?: () => Promise<HandlerConfiguration | undefined> };
  const several = (vscode.workspace.workspaceFolders?.length ?? 0) > 1;
  const known = launchCandidates(port).map((each): Choice => {
    const isBefore = before?.kind === 'named' && before.name === each.name && before.folder === each.folder;
    return {
      label: `${each.compound ? '$(layers)' : '$(debug-alt)'} ${printable(each.name)}`,
      description: [
        printable(each.type),
        several ? printable(folderOf(each.folder)?.name ?? say('workspace')) : '',
        each.namesPort ? say('uses port {0}', port) : '',
        isBefore ? say('now') : '',
      ]
        .filter((part) => part !== '')
        .join(' · '),
      make: () => Promise.resolve({ kind: 'named', name: each.name, folder: each.folder }),
    };
  });
  const others: Choice[] = [
    {
      label: say('$(plug) Attach to Node Process by Port…'),
      description: [
        say('started with node --inspect'),
        ...(before?.kind === 'attach' ? [say('now: port {0}', before.port)] : []),
      ].join(' · '),
      make: () => askInspectorPort(before, signal),
    },
  ];
  if ((vscode.workspace.workspaceFolders ?? []).length > 0) {
    others.push({
      label: say('$(add) Create Launch Configuration…'),
      description: say('runs a program with Node'),
      make: () => create(question),
    });
  }
  const items: Choice[] =
    known.length === 0
      ? others.reverse()
      : [
          { label: say('launch.json'), kind: vscode.QuickPickItemKind.Separator },
          ...known,
          { label: say('Other'), kind: vscode.QuickPickItemKind.Separator },
          ...others,
        ];
  const options: vscode.QuickPickOptions = {
    title: say('Debug My Handler: {0}', name),
    placeHolder: say('How do you start this server? (Remembered)'),
    matchOnDescription: true,
    ignoreFocusOut: true,
  };
  const choice = await vscode.window.showQuickPick(items, options, tokenOf(signal));
  return choice?.make?.();
}

export async function askInspectorPort(
  before?: HandlerConfiguration,
  signal?: AbortSignal,
): Promise<HandlerConfiguration | undefined> {
  const options: vscode.InputBoxOptions = {
    title: say('Debug My Handler'),
    prompt: say('Inspector port, which Node prints when you start it with --inspect'),
    value: String(before?.kind === 'attach' ? before.port : inspectorPort),
    ignoreFocusOut: true,
    validateInput: (typed) =>
      /^[1-9]\d{0,4}$/.test(typed.trim()) && Number(typed) <= 65_535
        ? undefined
        : say('Enter a whole number from 1 to {0}', 65_535),
  };
  const text = await vscode.window.showInputBox(options, tokenOf(signal));
  return text === undefined ? undefined : { kind: 'attach', port: Number(text.trim()) };
}

function askProgram(): Thenable<vscode.Uri[] | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  return vscode.window.showOpenDialog({
    ...(folder !== undefined && { defaultUri: folder }),
    filters: { [say('JavaScript and TypeScript')]: nodeEndings },
    openLabel: say('Choose'),
  });
}

async function create({ node, port, signal }: HandlerQuestion): Promise<HandlerConfiguration | undefined> {
  const found = await vscode.workspace.findFiles(programs, '**/{node_modules,dist,out,build}/**', 20);
  type Choice = vscode.QuickPickItem & { readonly uri?: vscode.Uri };
  const items: Choice[] = found
    .map((uri) => ({ label: printable(vscode.workspace.asRelativePath(uri)), uri }))
    .sort((one, other) => one.label.localeCompare(other.label));
  items.push({ label: say('$(folder-opened) Another File…') });
  const options: vscode.QuickPickOptions = {
    title: say('Create Launch Configuration'),
    placeHolder: say('Which program is your server?'),
    ignoreFocusOut: true,
  };
  const choice = await vscode.window.showQuickPick<Choice>(items, options, tokenOf(signal));
  if (choice === undefined) return undefined;
  const [program] = choice.uri ? [choice.uri] : ((await askProgram()) ?? []);
  if (program === undefined) return undefined;
  if (program.scheme !== 'file' || !nodeEndings.some((ending) => program.path.endsWith(`.${ending}`))) {
    throw new CommandError(
      say('Node can’t run {0}', inMessage(program.path)),
      say(
        'Choose a JavaScript or TypeScript file on disk. To start your server another way, add a configuration to launch.json.',
      ),
      { title: say('Choose Another'), command: 'chooseHandlerConfiguration', args: [node] },
    );
  }
  const folder = vscode.workspace.getWorkspaceFolder(program) ?? vscode.workspace.workspaceFolders?.[0];
  if (folder === undefined) return undefined;
  const name = await addLaunchConfiguration(folder, program, port);
  return { kind: 'named', name, folder: folder.uri.toString() };
}
