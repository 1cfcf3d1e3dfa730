/** The outcome of checks as a file. */
import { homedir } from 'node:os';
import * as vscode from 'vscode';
import type { CheckResult } from '../../check/check.ts';
import type { SecretMask } from '../../common/masking.ts';
import { sayIn } from '../ui/localiser.ts';
import { saveFile } from '../ui/save-file.ts';
import type * as engineModule from './engine.ts';
import type { ReportFormat } from './messages.ts';

const files: Readonly<Record<ReportFormat, { readonly name: string; readonly extension: string }>> = {
  junit: { name: 'JUnit', extension: 'xml' },
  json: { name: 'JSON', extension: 'json' },
  text: { name: 'Text', extension: 'txt' },
};

/** A report as text, in the user's language. Secrets are masked where they stand in a value: the format is not what they are looked for in. */
export function reportText(
  results: readonly CheckResult[],
  format: ReportFormat,
  { reportedCheck, toJUnit, toJson, toText }: typeof engineModule,
  mask: SecretMask,
): string {
  const say = sayIn(vscode.l10n);
  const reported = masked(
    results.map((each) => reportedCheck(each, say)),
    mask,
  );
  switch (format) {
    case 'junit':
      return toJUnit(reported, say);
    case 'json':
      return toJson(reported);
    case 'text':
      return toText(reported, say);
  }
}

function masked<T>(reported: T, mask: SecretMask): T {
  const inText = (_: string, each: unknown): unknown => (typeof each === 'string' ? mask.in(each) : each);
  return JSON.parse(JSON.stringify(reported), inText) as T;
}

/** Asks where a report goes, writes it, and offers to open it. */
export async function saveReport(format: ReportFormat, text: () => string): Promise<void> {
  const { l10n } = vscode;
  const { name, extension } = files[format];
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(homedir());
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.joinPath(folder, `callback-check.${extension}`),
    filters: { [name]: [extension] },
    title: l10n.t('Save Report'),
  });
  if (target === undefined) return;
  await saveFile(target, text());
  const open = l10n.t('Open');
  const choice = await vscode.window.showInformationMessage(l10n.t('The report is saved.'), open);
  if (choice === open) await vscode.window.showTextDocument(target);
}
