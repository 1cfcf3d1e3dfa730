/** The page of Check My Callback, in a webview: draws what the extension says, and keeps what its reader has opened. */
import { render } from 'lit/html.js';
import type { CheckTexts, CheckView, HostMessage, PageMessage, SuiteView } from '../../extension/check/messages.ts';
import { Host } from '../shared/host.ts';
import { keepScrolled } from '../shared/reading.ts';
import type { KeptReading } from '../shared/reading.ts';
import { suiteTemplate } from './template.ts';
import type { Handlers } from './template.ts';

/** Nothing of what was sent, answered or found is kept here. */
interface Kept extends KeptReading {
  readonly failedOnly?: boolean;
  /** Whose checks these are: by that the extension finds them again after a reload. */
  readonly callback?: string;
}

const host = new Host<PageMessage, HostMessage, Kept>();
const root = document.querySelector('main');
let texts: CheckTexts | undefined;
let suite: SuiteView | undefined;
let checks: readonly CheckView[] = [];
const restoreScrolled = keepScrolled(host);

const handlers: Handlers = {
  run: (only) => host.say({ type: 'run', only: only === null ? null : [...only] }),
  stop: () => host.say({ type: 'stop' }),
  chooseProbe: () => host.say({ type: 'chooseProbe' }),
  save: (format) => host.say({ type: 'save', format }),
  toggleFailedOnly() {
    host.keep({ failedOnly: host.kept.failedOnly !== true });
    draw();
  },
};

function draw(): void {
  if (root === null || suite === undefined || texts === undefined) return;
  const { failedOnly = false } = host.kept;
  render(suiteTemplate({ texts, suite, checks, failedOnly, keeper: host }, handlers), root);
  restoreScrolled();
}

host.hear({
  suite(message) {
    ({ suite, texts, checks } = message);
    host.keep({ callback: suite.callback });
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
