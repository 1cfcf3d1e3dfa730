import type { Source } from '../../protocol/history.ts';

/** The ending of a document's name decides whose body it has, and which schema checks it. */
export const bodyEndings: Readonly<Record<Source, string>> = {
  'campaign-monitor': '.campaign-monitor.json',
  'open-connectors': '.open-connectors.json',
};

/** Precedes the ending, after the event's ID, if the body is to be released in place of what is held. */
export const heldMark = '.held';

export function heldEventOf(fileName: string): string | undefined {
  return / (e\d+)(?:-\d+)?\.held\.(?:campaign-monitor|open-connectors)\.json$/.exec(fileName)?.[1];
}
