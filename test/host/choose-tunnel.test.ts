import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { chooseTunnel } from '../../src/extension/public-url/choose-tunnel.ts';
import { setting } from '../../src/extension/configuration.ts';
import { until } from './relay-stage.ts';
import { setSetting, User } from './session-stage.ts';

/** Takes the place of VS Code's quick inputs: what is offered in each, and what is answered. */
class Inputs {
  readonly offered: vscode.QuickPickItem[][] = [];
  readonly #createQuickPick = vscode.window.createQuickPick;
  readonly #createInputBox = vscode.window.createInputBox;

  /** @param answers the label of the choice, and then the texts, in their order */
  constructor(answers: readonly string[]) {
    const left = [...answers];
    vscode.window.createQuickPick = <T extends vscode.QuickPickItem>(): vscode.QuickPick<T> => {
      const accepted = new vscode.EventEmitter<void>();
      const pick = this.#createQuickPick<T>();
      const show = pick.show.bind(pick);
      return new Proxy(pick, {
        get: (target, name) => {
          if (name === 'onDidAccept') return accepted.event;
          if (name !== 'show') return Reflect.get(target, name) as unknown;
          return () => {
            show();
            this.offered.push([...target.items]);
            const label = left.shift();
            target.activeItems = target.items.filter((each) => each.label === label);
            accepted.fire();
          };
        },
        set: (target, name, value) => Reflect.set(target, name, value),
      });
    };
    vscode.window.createInputBox = () => {
      const accepted = new vscode.EventEmitter<void>();
      const box = this.#createInputBox();
      const show = box.show.bind(box);
      return new Proxy(box, {
        get: (target, name) => {
          if (name === 'onDidAccept') return accepted.event;
          if (name !== 'show') return Reflect.get(target, name) as unknown;
          return () => {
            show();
            target.value = left.shift() ?? '';
            accepted.fire();
          };
        },
        set: (target, name, value) => Reflect.set(target, name, value),
      });
    };
  }

  putBack(): void {
    vscode.window.createQuickPick = this.#createQuickPick;
    vscode.window.createInputBox = this.#createInputBox;
  }
}

describe('the choice of a tunnel', function () {
  this.timeout(60_000);
  let programs: string;
  let user: User;
  let inputs: Inputs;
  const path = process.env['PATH'];

  beforeEach(() => {
    programs = mkdtempSync(join(tmpdir(), 'cm-relay-tunnels-'));
    process.env['PATH'] = programs;
    user = new User();
  });
  afterEach(async () => {
    process.env['PATH'] = path;
    inputs.putBack();
    user.putBack();
    await setSetting('tunnel.kind', 'none');
    await setSetting('tunnel.programs', undefined);
    rmSync(programs, { recursive: true });
  });

  const install = (name: string, output = ''): void =>
    writeFileSync(join(programs, name), `#!/bin/sh\nprintf '%s' '${output}'\n`, { mode: 0o755 });

  it('shows what is installed first, with what is known of each, and writes the setting', async () => {
    install('devtunnel', 'Logged in as jane using GitHub.');
    install('tailscale', '{"BackendState": "NeedsLogin"}');
    inputs = new Inputs(['devtunnel']);
    assert.equal(await chooseTunnel(), true);
    const [items = []] = inputs.offered;
    assert.deepEqual(
      items.slice(0, 3).map(({ label, description }) => [label, description]),
      [
        ['devtunnel', 'installed, signed in'],
        ['tailscale', 'installed, not signed in'],
        ['localtunnel', 'nothing to install'],
      ],
    );
    assert.match(items[0]?.detail ?? '', /^free with an account · the URL stays the same with your own name · /);
    assert.ok(items.some(({ label, description }) => label === 'ngrok' && description === 'not installed'));
    assert.equal(setting('tunnel.kind'), 'devtunnel');
  });

  it('leads to what is missing: a program, or an account', async () => {
    install('tailscale', '{"BackendState": "NeedsLogin"}');
    inputs = new Inputs(['ngrok']);
    const missing = chooseTunnel();
    const first = await until(() => user.message('ngrok isn’t installed.'));
    assert.deepEqual(first?.buttons, ['Open Website']);
    first.choose(undefined);
    assert.equal(await missing, false);
    inputs.putBack();
    inputs = new Inputs(['tailscale']);
    const signedOut = chooseTunnel();
    const second = await until(() => user.message('Run "tailscale up" in a terminal'));
    second?.choose('Copy Command');
    assert.equal(await signedOut, false);
    assert.equal(await vscode.env.clipboard.readText(), 'tailscale up');
    assert.notEqual(setting('tunnel.kind'), 'tailscale');
  });

  it('asks for an SSH server and its host name, and takes no option of ssh for one', async () => {
    install('ssh');
    inputs = new Inputs(['ssh', 'me@example.org:2222', 'hooks.example.org']);
    assert.equal(await chooseTunnel(), true);
    assert.equal(setting('tunnel.kind'), 'ssh');
    const { sshServer, sshHostname } = setting('tunnel.programs');
    assert.deepEqual([sshServer, sshHostname], ['me@example.org:2222', 'hooks.example.org']);
  });

  it('starts no program of the workspace to find out', async () => {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    assert.ok(folder);
    const planted = mkdtempSync(join(folder, 'bin-'));
    try {
      writeFileSync(join(planted, 'devtunnel'), '#!/bin/sh\necho "Logged in as evil"; touch "$0.ran"\n', {
        mode: 0o755,
      });
      process.env['PATH'] = planted;
      inputs = new Inputs(['No tunnel']);
      assert.equal(await chooseTunnel(), false);
      assert.equal(inputs.offered[0]?.find(({ label }) => label === 'devtunnel')?.description, 'not installed');
    } finally {
      rmSync(planted, { recursive: true });
    }
  });
});
