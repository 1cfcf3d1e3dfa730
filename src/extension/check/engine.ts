/**
 * The engine of checks and scenarios, and what shows its results: loaded when the first is run. Import it with
 * `await import('./engine.ts')`.
 */
export { commandOfFile, namedInFile, secretsOfFile, tryOnce, unnamedIn, neededProbes } from '../../check/run-probes.ts';
export { isSaidBy, noveltyTracker, sharedCauses } from '../../check/causes.ts';
export { runChecks } from '../../check/check.ts';
export { allChecksMs, answerWithinMs, settlingOf } from '../../check/settling.ts';
export { environmentUses } from '../../check/environment.ts';
export { commandProbe, keptPage, ProbeError, readProbeValue, urlProbe } from '../../check/probe.ts';
export { counts, countsLine, reportedCheck, toJson, toJUnit, toText, withoutDetails } from '../../check/report.ts';
export { reasonOf, runScenario } from '../../check/run.ts';
export { checkLength, readScenarioBytes, readScenarioFile } from '../../check/scenario-file.ts';
export { deliveryIn, newRun, sourcesOf } from '../../check/sources.ts';
export { checksFor } from '../../check/suite.ts';
export { targetTo } from '../../check/target.ts';
export { CheckError } from '../../check/check-error.ts';
export { ExpressionError } from '../../common/expressions/expressions.ts';
export { SecretMask } from '../../common/masking.ts';
export { destinationSchema, headerValue } from '../../protocol/settings.ts';
export { checkError, probeTodo, reportProblem, spanWords } from './check-words.ts';
export { causeView, drawCheck } from './check-view.ts';
export { saveRun, readSavedRun, nameOfCallback, withTexts } from './saved-results.ts';
export { readCheckMessage } from './messages.ts';
