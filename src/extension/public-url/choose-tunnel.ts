import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { SurveyedTunnel } from '../../protocol/tunnel-survey.ts';
import { setting, trimText, whereSaid, writeSetting } from '../configuration.ts';
import { prefix } from '../prefix.ts';
import { openSettings } from '../session/session-messages.ts';
import type { ReadSetting, SettingValue } from '../settings.ts';
import { offer } from '../ui/offer.ts';
import { working } from '../ui/progress.ts';
import { alone, askChoice, askText, only } from '../ui/questions.ts';
import { copy } from '../ui/status-message.ts';
import { ifAnswered, inSteps, type Step } from '../ui/steps.ts';

type Kind = SettingValue<'tunnel.kind'>;

interface Server {
  readonly sshServer?: string;
  readonly sshHostname?: string;
}

interface TunnelItem extends vscode.QuickPickItem {
  readonly tunnel: Kind;
  readonly surveyed?: SurveyedTunnel;
}

/** Resolves to whether the settings now have a tunnel to open. */
export async function chooseTunnel(): Promise<boolean> {
  const { surveyTunnels } = await import('../deferred.ts');
  const { paths } = programsSaid();
  const notBelow = (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath);
  const all = await working(say('Looking for tunnel programs'), (signal) =>
    surveyTunnels({ environment: process.env, paths, notBelow, signal }),
  );
  const items = await itemsOf(all);
  const kind = setting('tunnel.kind');
  const chosen = await only(
    askChoice(alone(say('Choose a tunnel')), {
      placeholder: say('Every delivery passes through the tunnel’s service, which can read it'),
      items,
      active: kind === 'none' ? undefined : items.find(({ tunnel }) => tunnel === kind),
      matchOnDescription: true,
    }),
  );
  return chosen !== undefined && (await use(chosen));
}

async function itemsOf(all: readonly SurveyedTunnel[]): Promise<TunnelItem[]> {
  const { costText, obstacleText } = await import('../deferred.ts');
  const items = all.map((surveyed): TunnelItem => {
    const { name, stable, cost, obstacles } = surveyed;
    const url = {
      always: say('the URL stays the same'),
      'with-name': say('the URL stays the same with your own name'),
      no: say('each start gets another URL'),
    }[stable];
    const facts = [costText(cost), url, ...obstacles.map(obstacleText)];
    return { label: name, description: stateOf(surveyed), detail: facts.join(' · '), tunnel: name, surveyed };
  });
  const isHere = ({ surveyed }: TunnelItem): boolean => surveyed?.installed !== null;
  return [
    ...items.filter(isHere),
    {
      label: say('Your own URL'),
      detail: say('A reverse proxy or port forwarding that leads here'),
      tunnel: 'fixed',
    },
    {
      label: say('Your own command'),
      detail: say('A tunnel program that you describe in the settings'),
      tunnel: 'command',
    },
    { label: say('No tunnel'), detail: say('Reachable from this machine only'), tunnel: 'none' },
    ...items.filter((item) => !isHere(item)),
  ];
}

function stateOf({ installed, signedIn }: SurveyedTunnel): string {
  if (installed === null) return say('not installed');
  const here = installed === 'built-in' ? say('nothing to install') : say('installed');
  if (signedIn === 'yes') return `${here}, ${say('signed in')}`;
  return signedIn === 'no' ? `${here}, ${say('not signed in')}` : here;
}

async function use({ tunnel, surveyed }: TunnelItem): Promise<boolean> {
  if (surveyed?.installed === null) {
    const { install } = surveyed;
    await offer('Information', say('{0} isn’t installed. Install it, and then choose it again.', tunnel), {
      ...(install !== null && {
        [say('Open Website')]: () => vscode.env.openExternal(vscode.Uri.parse(install)),
      }),
    });
    return false;
  }
  if (surveyed?.signedIn === 'no' && surveyed.signIn !== null) {
    const { signIn } = surveyed;
    await offer(
      'Information',
      say('You aren’t signed in. Run "{0}" in a terminal, and then choose it again.', signIn),
      {
        [say('Copy Command')]: () => copy(signIn),
      },
    );
    return false;
  }
  if (tunnel === 'ssh' && !(await askForServer())) return false;
  if (tunnel === 'fixed' && !(await askForUrl())) return false;
  if (tunnel === 'command' && programsSaid().programs.command.program === undefined) {
    await openSettings(`${prefix}.tunnel.programs`);
    return false;
  }
  await writeSetting('tunnel.kind', tunnel, whereSaid('tunnel.kind').target);
  return tunnel !== 'none';
}

async function askForServer(): Promise<boolean> {
  const { settingsSchema } = await import('../deferred.ts');
  const { programs } = programsSaid();
  const step =
    (field: keyof Server, member: 'server' | 'name', prompt: string, wrong: string): Step<Server> =>
    async (known, place) => {
      const answer = await askText(place, {
        prompt,
        value: known[field] ?? programs[field],
        check: (text) =>
          text !== '' && settingsSchema.safeParse({ tunnel: { kind: 'ssh', [member]: text } }).success
            ? undefined
            : wrong,
      });
      return ifAnswered(answer, (text) => ({ [field]: text }));
    };
  const steps = [
    step(
      'sshServer',
      'server',
      say('SSH server, as [user@]host[:port]'),
      say('Enter [user@]host[:port], such as me@example.org.'),
    ),
    step(
      'sshHostname',
      'name',
      say('Host name of the public URL that leads to this server'),
      say('Enter only a host name, such as hooks.example.org.'),
    ),
  ];
  const given = await inSteps<Server>(say('Your own SSH server'), {}, () => steps);
  if (given === undefined) return false;
  await writeSetting('tunnel.programs', { ...programs, ...given });
  return true;
}

async function askForUrl(): Promise<boolean> {
  const url = await only(
    askText(alone(say('Your own URL')), {
      prompt: say('Public URL that forwards to the relay’s port'),
      value: trimText(setting('tunnel.url')),
      check: (text) =>
        /^https:\/\/(?![^/?#]*@)[^\s/?#]+/i.test(text) && URL.canParse(text)
          ? undefined
          : say('Enter a URL that starts with https://, without a user name or password.'),
    }),
  );
  if (url === undefined) return false;
  await writeSetting('tunnel.url', url, whereSaid('tunnel.url').target);
  return true;
}

function programsSaid(): {
  readonly programs: ReadSetting<'tunnel.programs'>;
  readonly paths: Readonly<Record<string, string>>;
} {
  const programs = setting('tunnel.programs');
  const { cloudflaredPath, ngrokPath, devtunnelPath, tailscalePath, zrok2Path, sshPath } = programs;
  const all = {
    cloudflared: cloudflaredPath,
    ngrok: ngrokPath,
    devtunnel: devtunnelPath,
    tailscale: tailscalePath,
    zrok2: zrok2Path,
    ssh: sshPath,
    pinggy: sshPath,
    'localhost.run': sshPath,
  };
  return { programs, paths: Object.fromEntries(Object.entries(all).filter(([, path]) => path.trim() !== '')) };
}
