/** The texts of the page of Check My Callback, in the user's language. */
import { pageTexts } from '../ui/page-texts.ts';

/** All of them, by name. */
export const checkTexts = pageTexts((l10n) => ({
  actions: l10n.t('Actions'),
  runAgain: l10n.t('Run Again'),
  runFailed: l10n.t('Rerun Failed'),
  stop: l10n.t('Stop'),
  chooseProbe: l10n.t('Set Up Contact Count…'),
  saveReport: l10n.t('Save Report'),
  saveAsJunit: l10n.t('JUnit XML…'),
  saveAsJson: l10n.t('JSON…'),
  saveAsText: l10n.t('Text…'),
  failedOnly: l10n.t('Failed Only'),
  noneFailed: l10n.t('No failed checks.'),
  checks: l10n.t('Checks'),
  checkAgain: l10n.t('Run This Check'),
  causes: l10n.t('Fix first'),
  runThese: l10n.t('Rerun These Checks'),
  why: l10n.t('Why it matters'),
  platform: l10n.t('What the platform does'),
  fix: l10n.t('What to do'),
  expected: l10n.t('Expected'),
  actual: l10n.t('Actual'),
  sent: l10n.t('What was sent'),
  headers: l10n.t('Headers'),
  body: l10n.t('Body'),
  answer: l10n.t('Answer'),
  empty: l10n.t('Empty.'),
}));
