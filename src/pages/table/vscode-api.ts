/** What VS Code gives a page. */
import type { PageMessage } from '../../extension/events/table/messages.ts';

interface VsCodeApi {
  postMessage(message: PageMessage): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

/** It can be asked for once. */
export const vscode: VsCodeApi = acquireVsCodeApi();
