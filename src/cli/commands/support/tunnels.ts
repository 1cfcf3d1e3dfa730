import type { Command } from 'commander';
import { costText, obstacleText, surveyTunnels, type SurveyedTunnel } from '../../../protocol/tunnel-survey.ts';
import { jsonFlag, newCommand, type CommonOptions } from '../../flags.ts';
import { print, printJson } from '../../terminal/output.ts';
import { pad } from '../../terminal/text.ts';
import { commandProcess } from '../../terminal/command-process.ts';

export function tunnelsCommand(): Command {
  return newCommand(
    'tunnels',
    'list the tunnels that can give the relay a public URL',
    'For each tunnel, says whether its program is installed, whether you are signed in, whether its URL stays the same, and what it costs. To find out, it asks the installed programs.',
    ['cm-relay tunnels', "cm-relay tunnels --json | jq -r '.[] | select(.installed != null) | .name'"],
    'cm-relay listen --tunnel NAME opens one.',
  )
    .addOption(jsonFlag('print a JSON array: [{"name","installed","signedIn","stable","cost","obstacles",…}]'))
    .action(tunnels);
}

async function tunnels({ json }: CommonOptions & { json?: boolean }): Promise<void> {
  const all = await surveyTunnels({ environment: commandProcess().env });
  if (json === true) await printJson(all);
  else await print(asTable(all));
}

function asTable(all: readonly SurveyedTunnel[]): string {
  const rows = [
    ['TUNNEL', 'INSTALLED', 'SIGNED IN', 'SAME URL', 'COST'],
    ...all.map((each) => [
      each.name,
      each.installed === null ? 'no' : each.installed === 'built-in' ? 'built in' : 'yes',
      each.signedIn === 'not-needed' ? 'not needed' : each.signedIn,
      { always: 'yes', 'with-name': 'with a name', no: 'no' }[each.stable],
      costText(each.cost),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, at) => (at === row.length - 1 ? cell : pad(cell, (widths[at] ?? 0) + 2)))
      .join('')
      .trimEnd(),
  );
  const notes = all.flatMap((each) => notesOf(each).map((text) => `${each.name}: ${text}`));
  return `${[...lines, '', ...notes].join('\n')}\n`;
}

function notesOf({ installed, signedIn, signIn, install, obstacles }: SurveyedTunnel): string[] {
  return [
    ...(installed === null && install !== null ? [`to install it, see ${install}`] : []),
    ...(signedIn === 'no' && signIn !== null ? [`to sign in, run ${signIn}`] : []),
    ...obstacles.map(obstacleText),
  ];
}
