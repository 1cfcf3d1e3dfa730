/** The texts of the event editor's page, in the user's language. */
import * as vscode from 'vscode';
import type { EditorTexts } from './messages.ts';

/** All of them, by name. */
export function editorTexts(): EditorTexts {
  const { l10n } = vscode;
  return {
    actions: l10n.t('Actions'),
    replay: l10n.t('Replay'),
    replayTo: l10n.t('Replay To…'),
    editAndResend: l10n.t('Edit and Resend'),
    discard: l10n.t('Discard'),
    copyAs: l10n.t('Copy As'),
    copyAsCurl: l10n.t('cURL'),
    copyAsHttp: l10n.t('.http Request'),
    copyAsHar: l10n.t('HAR'),
    copyAsFixture: l10n.t('Shareable Fixture'),
    copyAddress: l10n.t('Address'),
    compare: l10n.t('Compare'),
    compareWithNotification: l10n.t('Body with Notification'),
    compareAnswers: l10n.t('Last Two Answers'),
    createTest: l10n.t('Create Test…'),
    manageSecrets: l10n.t('Manage Keys and Secrets…'),
    start: l10n.t('Start Relay'),
    showLog: l10n.t('Show Log'),
    tryAgain: l10n.t('Try Again'),
    openAsText: l10n.t('Open as Text'),
    body: l10n.t('Body'),
    event: l10n.t('This Event Alone'),
    notification: l10n.t('Notification'),
    attempts: l10n.t('Attempts and Answers'),
    headers: l10n.t('Headers'),
    answer: l10n.t('The answer'),
    timeline: l10n.t('Timeline'),
    leftOut: l10n.t('{0} earlier steps are in Attempts and Answers.'),
    columns: l10n.t('What came in, was sent and was answered'),
    cameIn: l10n.t('Came In'),
    sent: l10n.t('Sent'),
    answered: l10n.t('Answered'),
    mapping: l10n.t('What became of its fields'),
    mappedFrom: l10n.t('Campaign Monitor'),
    mappedTo: l10n.t('Open Connectors'),
    mappedByConnector: l10n.t('set by the connector'),
    headerName: l10n.t('Name'),
    headerValue: l10n.t('Value'),
    thisEvent: l10n.t('This event'),
    empty: l10n.t('It is empty.'),
    inSeconds: l10n.t('in {0} s'),
    inMinutes: l10n.t('in {0} min'),
    inHours: l10n.t('in {0} h'),
    dueNow: l10n.t('due'),
  };
}
