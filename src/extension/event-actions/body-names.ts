/** What the name of a document says of the body in it. */
import type { Source } from '../../protocol/history.ts';

/** How a document's name ends decides whose body it holds, and which schema checks it. */
export const bodyEndings: Readonly<Record<Source, string>> = {
  'campaign-monitor': '.campaign-monitor.json',
  'open-connectors': '.open-connectors.json',
};

/** Stands before that in the name of one that is to be released in the place of what is held, behind the event's id. */
export const heldMark = '.held';

/** The event in the place of which a document's body is to be released; undefined where it is not. */
export function heldEventOf(fileName: string): string | undefined {
  return / (e\d+)(?:-\d+)?\.held\.(?:campaign-monitor|open-connectors)\.json$/.exec(fileName)?.[1];
}
