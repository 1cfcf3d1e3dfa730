/** What VS Code and the relay know the debugger of deliveries by. */
import * as vscode from 'vscode';

/** The type of a launch configuration. */
export const debugType = 'campaign-monitor';

/** Whose the breakpoints of this window are: a folder is open in one window, and without one windows share a relay. */
export function breakpointOwner(): string {
  return vscode.workspace.workspaceFolders === undefined ? `VS Code ${vscode.env.sessionId.slice(0, 40)}` : 'VS Code';
}
