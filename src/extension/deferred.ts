/** Loaded on first use, to keep activation short: use `await import('./deferred.ts')`. */
export { checkDataDirectory, isUntrusted, trustDataDirectory } from '../protocol/data-directory.ts';
export { isRefusal, NoRelayError } from '../protocol/errors.ts';
export { keptChannelOf } from '../protocol/control-channel.ts';
export { connectToRelay, clientOverStream } from '../protocol/relay-client.ts';
export { destinationSchema, settingsSchema } from '../protocol/settings.ts';
export { compareVersions } from '../common/programs/versions.ts';
export { readPayload } from '../campaign-monitor/payload.ts';
export { documentedListId, maxEventsInDelivery } from '../campaign-monitor/samples.ts';
export { CampaignMonitorApi } from '../campaign-monitor/api.ts';
export { authorizeUrl, exchangeCode, refreshToken } from '../campaign-monitor/oauth.ts';
export { serviceAt } from '../campaign-monitor/service.ts';
export { explainTestFailure, testFailureText } from '../campaign-monitor/test-failure.ts';
export { diagnosticsText, fitForReport, logSection, problemsOf, relayDiagnostics } from '../export/diagnostics.ts';
export { bodyFileName, maskSecrets } from '../export/item.ts';
export { OpenConnectorsError } from '../open-connectors/api-error.ts';
export { OpenConnectorsApi } from '../open-connectors/api.ts';
export { fetchQueued } from '../open-connectors/fetch-queued.ts';
export { baseUrlOf, regions } from '../open-connectors/host.ts';
export { buildInstanceBody, emptyInstanceInput, parseListIds } from '../open-connectors/instance-body.ts';
export { checkInstanceInput } from '../open-connectors/instance-check.ts';
export { toInstanceCurl } from '../open-connectors/instance-curl.ts';
export { exportText } from './event-actions/export-items.ts';
export { editableBody } from './event-documents/content.ts';
export { scenarioFile } from './event-actions/test-file.ts';
export { sendSamples } from './event-actions/sample-posts.ts';
export { testFile } from './event-actions/test-file.ts';
export {
  answeredColumn,
  answerPlace,
  cameInColumn,
  columnKeys,
  drawEvent,
  readEvent,
  sentColumn,
} from './event-editor/event-view.ts';
export { readPageMessage as readEditorMessage } from './event-editor/messages.ts';
export { inOrder, mainNotification, readDocument } from './event-documents/content.ts';
export { maskHeaders } from './event-documents/content.ts';
export { readChosen, readTableMessage } from './event-table/messages.ts';
export { costText, obstacleText, surveyTunnels } from '../protocol/tunnel-survey.ts';
export { presetOf } from '../protocol/tunnel-presets.ts';
export { authorize } from '../oauth/authorize.ts';
export { listenOnLoopback } from '../oauth/loopback.ts';
export { loopbackCallback, planWays } from '../oauth/ways.ts';
export { instanceCurl, instanceReadCurl, instanceText } from '../export/instance-text.ts';
export { createInstance, readToken } from '../open-connectors/instance-creation.ts';
export {
  checkForm,
  emptyFields,
  instanceInput,
  otherRegion,
  previewOf,
  sandboxRegion,
} from './instance-form/fields.ts';
export { FormState } from './instance-form/form-state.ts';
export { readFormPageState, readPageMessage } from './instance-form/messages.ts';
