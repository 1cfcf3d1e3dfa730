/** A tooltip of a row: its facts below each other. */
import * as vscode from 'vscode';
import { plainMarkdown } from './printable.ts';

/** @param facts from outside too: nothing of them is markup. What has no value is left out. */
export function factsTooltip(facts: readonly (readonly [name: string, value: string])[]): vscode.MarkdownString {
  const tooltip = new vscode.MarkdownString();
  tooltip.value = facts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `**${plainMarkdown(name)}** ${plainMarkdown(value)}`)
    .join('  \n');
  return tooltip;
}
