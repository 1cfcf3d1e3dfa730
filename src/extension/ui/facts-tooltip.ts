import * as vscode from 'vscode';
import { plainMarkdown } from './printable.ts';

/** @param facts may be from outside: none of it becomes markup. Facts without a value are left out. */
export function factsTooltip(facts: readonly (readonly [name: string, value: string])[]): vscode.MarkdownString {
  const tooltip = new vscode.MarkdownString();
  tooltip.value = facts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `**${plainMarkdown(name)}** ${plainMarkdown(value)}`)
    .join('  \n');
  return tooltip;
}
