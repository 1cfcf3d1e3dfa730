import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { CheckResult } from '../../check/check.ts';
import type { SecretMask } from '../../common/masking.ts';
import { offer } from '../ui/offer.ts';
import { saveFile } from '../ui/save-file.ts';
import type * as engineModule from './engine.ts';
import type { ReportFormat } from './messages.ts';

const files: Readonly<Record<ReportFormat, { readonly name: string; readonly extension: string }>> = {
  junit: { name: 'JUnit', extension: 'xml' },
  json: { name: 'JSON', extension: 'json' },
  text: { name: 'Text', extension: 'txt' },
};

/** In the user's language. Secrets are masked in values before formatting, so that the format can't hide them. */
export function reportText(
  results: readonly CheckResult[],
  format: ReportFormat,
  {
    causeView,
    noveltyTracker,
    reportedCheck,
    sharedCauses,
    toJUnit,
    toJson,
    toText,
    withoutDetails,
    withTexts,
  }: typeof engineModule,
  mask: SecretMask,
): string {
  const reported = withTexts(
    results.map((each) => reportedCheck(each)),
    (each) => mask.in(each),
  );
  switch (format) {
    case 'junit':
      return toJUnit(reported);
    case 'json':
      return toJson(reported);
    case 'text': {
      const newsOf = noveltyTracker();
      const news = results.map((each) => newsOf(each).isNews);
      const viewer = { causes: [], mask };
      const top = sharedCauses(results).map((each) => `${causeView(each, viewer).text}\n`);
      const checks = reported.map((each, index) => (news[index] === true ? each : withoutDetails(each)));
      return `${top.join('')}${top.length > 0 ? '\n' : ''}${toText(checks)}`;
    }
  }
}

export async function saveReport(format: ReportFormat, text: () => string): Promise<void> {
  const { name, extension } = files[format];
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(homedir());
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.joinPath(folder, `callback-check.${extension}`),
    filters: { [name]: [extension] },
    title: say('Save Report'),
  });
  if (target === undefined) return;
  await saveFile(target, text());
  await offer('Information', say('Report saved.'), {
    [say('Open')]: () => vscode.window.showTextDocument(target),
  });
}
