import { render } from 'lit/html.js';
import type { CheckTexts, CheckView, HostMessage, PageMessage, SuiteView } from '../../extension/check/messages.ts';
import { Host } from '../shared/host.ts';
import { restoreScroll, type ReadingState } from '../shared/page-state.ts';
import { suiteTemplate, type Handlers } from './template.ts';

/** Contains no requests, responses, or findings. */
interface PageState extends ReadingState {
  readonly failedOnly?: boolean;
  /** The extension finds the callback's checks by this key after a reload. */
  readonly callback?: string;
}

const host = new Host<PageMessage, HostMessage, PageState>();
const root = document.querySelector('main');
let texts: CheckTexts | undefined;
let suite: SuiteView | undefined;
let checks: readonly CheckView[] = [];
const restoreScrolled = restoreScroll(host);

const handlers: Handlers = {
  run: (only) => host.say({ type: 'run', only: only === null ? null : [...only] }),
  stop: () => host.say({ type: 'stop' }),
  chooseProbe: () => host.say({ type: 'chooseProbe' }),
  save: (format) => host.say({ type: 'save', format }),
  toggleFailedOnly() {
    host.savePageState({ failedOnly: host.pageState.failedOnly !== true });
    draw();
  },
};

function draw(): void {
  if (root === null || suite === undefined || texts === undefined) return;
  const { failedOnly = false } = host.pageState;
  render(suiteTemplate({ texts, suite, checks, failedOnly, store: host }, handlers), root);
  restoreScrolled();
}

host.onMessages({
  suite(message) {
    ({ suite, texts, checks } = message);
    host.savePageState({ callback: suite.callback });
    draw();
  },
  changed(message) {
    ({ suite } = message);
    const changed = new Map(message.checks.map((each) => [each.id, each]));
    checks = checks.map((each) => changed.get(each.id) ?? each);
    draw();
  },
});

host.say({ type: 'ready' });
