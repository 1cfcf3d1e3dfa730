/**
 * The engine of checks and scenarios, and what shows its results: loaded when the first is run. Import it with
 * `await import('./engine.ts')`.
 */
export { runChecks } from '../../check/check.ts';
export { environmentUses } from '../../check/environment.ts';
export { commandProbe, keptPage, ProbeError, urlProbe } from '../../check/probe.ts';
export { counts, detailLines, outcomeWords, reportedCheck, toJson, toJUnit } from '../../check/report.ts';
export { asks, runScenario } from '../../check/run.ts';
export {
  mostScenarioBytes,
  readScenarioBytes,
  readScenarioFile,
  ScenarioFileError,
} from '../../check/scenario-file.ts';
export { newRun, SourceError, sourcesOf } from '../../check/sources.ts';
export { checksFor } from '../../check/suite.ts';
export { maskOfRun } from '../../check/target.ts';
export { ExpressionError } from '../../common/expressions/expressions.ts';
export { SecretMask } from '../../common/masking.ts';
export { destinationSchema, headerValue } from '../../protocol/settings.ts';
export { drawCheck } from './check-view.ts';
export { readCheckMessage } from './messages.ts';
