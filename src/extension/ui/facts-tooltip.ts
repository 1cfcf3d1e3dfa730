import * as vscode from 'vscode';
import { plainMarkdown } from './printable.ts';

/** Omits facts without a value. Text from outside never becomes markup. */
export function factsTooltip(facts: readonly (readonly [name: string, value: string])[]): vscode.MarkdownString {
  const tooltip = new vscode.MarkdownString();
  tooltip.value = facts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `**${plainMarkdown(name)}** ${plainMarkdown(value)}`)
    .join('  \n');
  return tooltip;
}
