import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { heldCount } from '../../protocol/event-row.ts';
import type { AnsweringOnPurpose } from '../../protocol/answering.ts';
import type { Sending } from '../../protocol/debug.ts';
import type { DestinationStatus } from '../../protocol/status.ts';
import { commandId } from '../commands.ts';
import { prefix } from '../prefix.ts';
import { isTunnelFailing, eventCount } from './context-keys.ts';
import { stateOfDestination } from '../destinations/destination-words.ts';
import { onPurposeText, pausedText, type PausedSending } from '../sending/sending-words.ts';
import { placeOf } from '../ui/phrases.ts';
import type { Session, SessionState } from '../session/session.ts';

type RunningStatus = Extract<SessionState, { kind: 'running' }>['status'];

interface Shown {
  readonly text: string;
  readonly tooltip: string;
  readonly warning?: 'error' | 'warning' | undefined;
}

/** Hidden if no relay has run in this folder. */
export function createStatusBarItem(context: vscode.ExtensionContext, session: Session): void {
  const item = vscode.window.createStatusBarItem(`${prefix}.status`, vscode.StatusBarAlignment.Left, 0);
  item.name = say('Campaign Monitor Relay');
  item.command = commandId('showStatus');
  const show = (state: SessionState): void => {
    const { text, tooltip, warning } = shown(state);
    item.text = text;
    item.tooltip = tooltip;
    item.accessibilityInformation = { label: tooltip, role: 'button' };
    item.backgroundColor = warning && new vscode.ThemeColor(`statusBarItem.${warning}Background`);
    if (state.kind === 'stopped' && !existsSync(session.dataDir)) item.hide();
    else item.show();
  };
  show(session.state);
  context.subscriptions.push(item, session.onDidChange(show));
}

function shown(state: SessionState): Shown {
  switch (state.kind) {
    case 'stopped':
      return {
        text: '$(circle-slash) CM Relay',
        tooltip:
          state.elsewhere === true
            ? say('Campaign Monitor Relay: stopped by another window or a terminal')
            : say('Campaign Monitor Relay: stopped'),
      };
    case 'starting':
      return { text: '$(loading~spin) CM Relay', tooltip: say('Campaign Monitor Relay: starting') };
    case 'failed':
      return {
        text: '$(error) CM Relay',
        tooltip: say('Campaign Monitor Relay: {0}', state.message),
        warning: 'error',
      };
    case 'running': {
      const { status } = state;
      const { sending, answering } = status;
      const told = sending.state === 'paused' ? paused(running(status), sending) : running(status);
      return withDestinations(answering.state === 'on-purpose' ? onPurpose(told, answering, sending) : told, status);
    }
  }
}

function withDestinations({ text, tooltip, warning }: Shown, { destinations }: RunningStatus): Shown {
  const isBad = ({ state }: DestinationStatus): boolean => state === 'down' || state === 'failing';
  const lines = destinations
    .filter((each) => isBad(each) || each.timeoutLifted)
    .map((each) => `${placeOf(each.url)}: ${stateOfDestination(each, undefined)}`);
  const marked = destinations.some(isBad);
  return {
    text: marked ? `${text} $(warning)` : text,
    tooltip: [tooltip, ...lines].join('\n'),
    warning: warning ?? (marked ? 'warning' : undefined),
  };
}

function paused({ tooltip, warning }: Shown, sending: PausedSending): Shown {
  const { language } = vscode.env;
  const held = heldCount(sending.held).toLocaleString(language);
  return {
    text: say('$(debug-pause) CM Relay paused, {0} held', held),
    tooltip: [pausedText(sending, { now: Date.now(), language }), tooltip].join('\n'),
    warning: warning ?? 'warning',
  };
}

/** Deliveries with a forced response are still forwarded. */
function onPurpose({ text, tooltip, warning }: Shown, answering: AnsweringOnPurpose, { state }: Sending): Shown {
  const { status } = answering;
  return {
    text: state === 'paused' ? `${text} $(reply) ${status}` : say('$(reply) CM Relay answers {0}', status),
    tooltip: [onPurposeText(answering, { now: Date.now(), language: vscode.env.language }), tooltip].join('\n'),
    warning: warning ?? 'warning',
  };
}

function running(status: RunningStatus): Shown {
  const { tunnel } = status;
  const received = eventCount(status).toLocaleString(vscode.env.language);
  if (isTunnelFailing(tunnel)) {
    const warning = tunnel.state === 'failed' ? 'error' : 'warning';
    const tooltip = say('Campaign Monitor Relay: no public URL. {0}', tunnel.reason);
    return { text: `$(${warning}) CM Relay ${received}`, tooltip, warning };
  }
  switch (tunnel.state) {
    case 'open': {
      const { host } = new URL(tunnel.url);
      return {
        text: `$(broadcast) ${host} ${received}`,
        tooltip: say('Campaign Monitor Relay: open at {0}; events: {1}', host, received),
      };
    }
    case 'closed':
      return {
        text: `$(plug) CM Relay ${received}`,
        tooltip: say('Campaign Monitor Relay: reachable from this machine only; events: {0}', received),
      };
    default:
      return {
        text: `$(loading~spin) CM Relay ${received}`,
        tooltip: say('Campaign Monitor Relay: opening public URL. {0}', tunnel.reason),
      };
  }
}
