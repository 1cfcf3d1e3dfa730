/** The known tunnel programs, each with the source of its description, and the version that prints its URL this way. */
import type { TunnelProgram } from './tunnel-program.ts';

/**
 * Common to SSH tunnels: nothing asks, a refused forwarding ends it, a dead connection is noticed within a minute, and
 * ssh keeps a new server's key in the relay's own file and refuses another one later (ssh_config(5),
 * https://man.openbsd.org/ssh_config). Names in that file are readable, so that the user finds a server's line.
 */
const sshArgs = [
  '-T',
  ...['-o', 'BatchMode=yes', '-o', 'ExitOnForwardFailure=yes'],
  ...['-o', 'ServerAliveInterval=15', '-o', 'ServerAliveCountMax=3'],
  ...['-o', 'StrictHostKeyChecking=accept-new', '-o', 'UserKnownHostsFile={knownHosts}'],
  ...['-o', 'GlobalKnownHostsFile={empty}', '-o', 'HashKnownHosts=no'],
  ...['-o', 'VerifyHostKeyDNS=no', '-o', 'NoHostAuthenticationForLocalhost=no'],
  ...['-o', 'UpdateHostKeys=no', '-o', 'ControlMaster=no', '-o', 'ControlPath=none'],
  // Whatever the user's ssh_config allows: this server gets a port, and nothing else.
  ...['-o', 'ForwardAgent=no', '-o', 'ForwardX11=no', '-o', 'PermitLocalCommand=no', '-o', 'Tunnel=no'],
];
const ssh = {
  program: 'ssh',
  environment: ['SSH_AUTH_SOCK'] as string[],
  install: 'https://www.openssh.com/portable.html',
} as const;

/** A quoted one has escaped quotation marks. */
const localhostRunTold =
  '^(?=.*"event":\\s*"tcpip-forward").*"message":\\s*"[a-z0-9.-]+ tunneled with tls termination, ';

export const tunnelPresets = {
  /**
   * https://learn.microsoft.com/azure/developer/dev-tunnels/cli-commands: `host -p PORT --allow-anonymous` prints
   * `Connect via browser: https://ID.REGION.devtunnels.ms:PORT, https://ID-PORT.REGION.devtunnels.ms` (1.0); a tunnel that was
   * created keeps its ID, for 30 days after its last use. `user show` prints `Logged in as …` or `Not logged in`.
   */
  devtunnel: {
    program: 'devtunnel',
    args: ['host', '-p', '{port}', '--allow-anonymous'],
    url: { from: 'output', pattern: '(https://[a-z0-9-]+-{port}\\.[a-z0-9]+\\.devtunnels\\.ms)(?![\\w.-])' },
    named: {
      args: ['host', '{name}'],
      setUp: [
        { args: ['create', '{name}', '--allow-anonymous'], mayFail: true },
        { args: ['port', 'create', '{name}', '-p', '{port}'], mayFail: true },
      ],
    },
    notSignedIn: 'not logged in|login required|please login',
    byHand: 'devtunnel host -p {port} --allow-anonymous',
    signIn: 'devtunnel user login',
    signedIn: { args: ['user', 'show'], pattern: '^Logged in as' },
    stable: 'with-name',
    obstacles: ['browser-warning'],
    cost: 'free-account',
    install: 'https://learn.microsoft.com/azure/developer/dev-tunnels/get-started',
  },
  /**
   * https://github.com/tailscale/tailscale/blob/main/cmd/tailscale/cli/serve_v2.go: in the foreground it prints
   * `Available on the internet:`, then the URL (main before 1.90); `Available within your tailnet:` where it is not public.
   * `status --json` has BackendState (https://github.com/tailscale/tailscale/blob/main/ipn/ipnstate/ipnstate.go).
   */
  tailscale: {
    program: 'tailscale',
    args: ['funnel', '{port}'],
    url: {
      from: 'output',
      pattern: '^(https://[a-z0-9.-]+\\.ts\\.net(?::\\d+)?)/?$',
      after: 'Available on the internet:',
    },
    notSignedIn: 'logged out|needs login',
    byHand: 'tailscale funnel {port}',
    signIn: 'tailscale up',
    signedIn: { args: ['status', '--json'], pattern: '"BackendState":\\s*"Running"' },
    needsYou: 'funnel is not enabled|enable funnel|funnel not available|access denied',
    stable: 'always',
    obstacles: ['own-tailnet-check'],
    cost: 'free-account',
    install: 'https://tailscale.com/download',
  },
  /**
   * https://github.com/openziti/zrok/blob/main/cmd/zrok2/sharePublic.go: `--headless` logs `access your zrok share at
   * the following endpoints:` and the endpoints, one host name a line, within a line of JSON if there is no terminal
   * (2.0); later it logs the path of each request. `create name` reserves a name in the namespace `public`. Whether
   * only browsers get the interstitial page is the frontend's setting (endpoints/publicProxy/http.go).
   */
  zrok2: {
    program: 'zrok2',
    args: ['share', 'public', 'http://127.0.0.1:{port}', '--headless', '--force-local'],
    url: {
      from: 'output',
      pattern: '^(?:\\\\n)?\\s*((?:https://)?[a-z0-9-]+(?:\\.[a-z0-9-]+)+)/?(?=\\s*$|\\\\n|")',
      after: 'access your zrok share at the following endpoints:',
      several: 'first',
    },
    named: {
      args: ['share', 'public', 'http://127.0.0.1:{port}', '--headless', '--force-local', '-n', 'public:{name}'],
      setUp: [{ args: ['create', 'name', '-n', 'public', '{name}'], mayFail: true }],
    },
    environment: ['ZROK2_*'],
    notSignedIn: 'did you .?zrok2 enable|unable to load environment',
    byHand: 'zrok2 share public http://127.0.0.1:{port}',
    signIn: 'zrok2 enable',
    signedIn: { args: ['status'], pattern: 'Account Token\\s*.\\s*<<SET>>' },
    stable: 'with-name',
    obstacles: ['browser-warning'],
    cost: 'free-account',
    install: 'https://docs.zrok.io/docs/guides/install/',
  },
  /**
   * https://github.com/cloudflare/cloudflared/blob/master/cmd/cloudflared/tunnel/quick_tunnel.go: RunQuickTunnel logs a
   * box with the URL, in 2022.11 (a user's log) as on master at 022b5424. Ingress rules of the user's own config.yml win over `--url`
   * (https://github.com/cloudflare/cloudflared/blob/master/ingress/ingress.go, ParseIngressFromConfigAndCLI), so an empty
   * one is named. A named tunnel's token is in TUNNEL_TOKEN or in the file that TUNNEL_TOKEN_FILE names
   * (cmd/cloudflared/tunnel/subcommands.go), and its rules are Cloudflare's dashboard's.
   */
  cloudflared: {
    program: 'cloudflared',
    args: ['tunnel', '--config', '{empty}', '--no-autoupdate', '--url', 'http://127.0.0.1:{port}'],
    url: {
      from: 'output',
      pattern: '\\|\\s+(https://[a-z0-9-]+\\.trycloudflare\\.com)\\s+\\|',
      after: 'Your quick Tunnel has been created!',
      several: 'first',
    },
    named: {
      args: ['tunnel', '--config', '{empty}', '--no-autoupdate', 'run'],
      url: { from: 'name', ready: 'Registered tunnel connection' },
    },
    // Not those that override its URL.
    environment: [
      ...['CLOUDFLARED_*', 'TUNNEL_TOKEN', 'TUNNEL_TOKEN_FILE', 'TUNNEL_EDGE_IP_VERSION', 'TUNNEL_EDGE_BIND_ADDRESS'],
      ...[
        'TUNNEL_REGION',
        'TUNNEL_TRANSPORT_PROTOCOL',
        'TUNNEL_LOGLEVEL',
        'TUNNEL_DNS_RESOLVER_ADDRS',
        'TUNNEL_CACERT',
      ],
    ],
    notSignedIn: 'Provided Tunnel token is not valid|requires the ID or name of the tunnel',
    byHand: 'cloudflared tunnel --url http://127.0.0.1:{port}',
    signIn: 'export TUNNEL_TOKEN_FILE=FILE',
    stable: 'with-name',
    obstacles: ['url-changes'],
    cost: 'free',
    install: 'https://developers.cloudflare.com/cloudflare-one/connections/connect-networks/downloads/',
  },
  /**
   * ngrok 3 logs a line of JSON, `{"lvl":"info","msg":"started tunnel","url":"https://…"}`
   * (https://ngrok.com/docs/agent/cli/), `--url` has replaced `--domain` since version 3.16, and ERR_NGROK_105, 106, 107
   * and 4018 are about the authtoken (https://ngrok.com/docs/errors/).
   */
  ngrok: {
    program: 'ngrok',
    args: ['http', '{port}', '--log', 'stdout', '--log-format', 'json'],
    url: { from: 'json', pointer: '/url', where: { msg: 'started tunnel' } },
    named: {
      args: ['http', '{port}', '--log', 'stdout', '--log-format', 'json', '--url={name}'],
      older: {
        saying: 'unknown flag: --url',
        args: ['http', '{port}', '--log', 'stdout', '--log-format', 'json', '--domain={name}'],
      },
    },
    environment: ['NGROK_*'],
    notSignedIn: '\\bERR_NGROK_(?:105|106|107|4018)\\b',
    byHand: 'ngrok http {port}',
    signIn: 'ngrok config add-authtoken',
    stable: 'with-name',
    obstacles: ['browser-warning'],
    cost: 'free-account',
    install: 'https://ngrok.com/download',
  },
  /**
   * https://pinggy.io/docs/usages/: the server ignores the remote port, works without a terminal (`-T`), and prints its
   * URLs (a service, read in November 2026); without an account it ends after 60 minutes.
   */
  pinggy: {
    ...ssh,
    args: [...sshArgs, '-R', '0:127.0.0.1:{port}', 'ssh://free.pinggy.io:443'],
    url: {
      from: 'output',
      pattern: '(https://[a-z0-9-]+(?:\\.[a-z0-9-]+)*\\.(?:pinggy\\.link|pinggy\\.net|pinggy-free\\.link))(?![\\w.-])',
      several: 'first',
    },
    byHand: 'ssh -p 443 -R 0:127.0.0.1:{port} free.pinggy.io',
    stable: 'no',
    obstacles: ['ends-after-an-hour', 'browser-warning'],
    cost: 'free',
  },
  /**
   * https://localhost.run/docs/: `nokey@localhost.run` needs no account; its domain changes after some hours. Each
   * forwarding is told as `… tunneled with tls termination, https://…` (a service, read in November 2026), within JSON after `-- --output json`.
   */
  'localhost.run': {
    ...ssh,
    args: [...sshArgs, '-R', '80:127.0.0.1:{port}', 'ssh://nokey@localhost.run', '--', '--output', 'json'],
    url: {
      from: 'output',
      pattern: `${localhostRunTold}(https://[a-z0-9-]+\\.(?:lhr\\.life|lhr\\.rocks))(?![\\w.-])`,
      several: 'latest',
    },
    named: {
      args: [...sshArgs, '-R', '{name}:80:127.0.0.1:{port}', 'ssh://localhost.run', '--', '--output', 'json'],
      url: { from: 'output', pattern: `${localhostRunTold}(https://{name})(?![\\w.-])`, several: 'latest' },
    },
    byHand: 'ssh -R 80:127.0.0.1:{port} nokey@localhost.run',
    stable: 'with-name',
    obstacles: ['url-changes'],
    cost: 'free',
  },
  /**
   * https://man.openbsd.org/ssh: `-R` of a port on the server's loopback, to which the server's own HTTPS leads. Only
   * the debug log says that the server forwards (`remote forward success for: …`, clientloop.c and ssh.c of
   * https://github.com/openssh/openssh-portable).
   */
  ssh: {
    ...ssh,
    args: [
      ...['-N', ...sshArgs, '-o', 'LogLevel=DEBUG1', '-R', '127.0.0.1:{remotePort}:127.0.0.1:{port}'],
      'ssh://{server}',
    ],
    url: { from: 'name', ready: 'remote forward success for: listen' },
    byHand: 'ssh {server}',
    notSignedIn: 'Permission denied \\(',
    signIn: 'ssh-add',
    stable: 'always',
    cost: 'own-server',
  },
} as const satisfies Readonly<Record<string, TunnelProgram>>;
export type TunnelPreset = keyof typeof tunnelPresets;

export const tunnelPresetNames = Object.keys(tunnelPresets) as TunnelPreset[];

export function presetOf(name: TunnelPreset): TunnelProgram {
  return tunnelPresets[name];
}
