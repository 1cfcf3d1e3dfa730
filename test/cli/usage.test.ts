import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandsOf, createProgram } from '../../src/cli/program.ts';
import { run, runProcess, Workplace, type Ended } from './harness.ts';

/** Command lines that are wrong, and what standard error must name. */
const wrong: [args: string, named: RegExp][] = [
  ['', /Usage: cm-relay/],
  ['lisen', /unknown command 'lisen'[^]*listen/],
  ['help lisen', /unknown command 'lisen'[^]*cm-relay help/],
  ['help instances crate', /unknown command 'crate'[^]*cm-relay help instances/],
  ['--nonsense', /--nonsense/],
  ['listen --nonsense', /--nonsense/],
  ['listen surplus', /'surplus'[^]*callback[^]*a port \(3000\)/],
  ['listen 70000', /'70000'[^]*a port \(3000\)/],
  ['listen example.org/callback', /'example\.org\/callback'[^]*http:\/\/ or https:\/\//],
  ['listen --insecure', /--insecure requires a callback/],
  ['listen --header X-Tenant:7', /--header requires a callback/],
  ['listen 3000 --header nonsense', /--header[^]*such as "X-Tenant: 7"/],
  ['listen 3000 --header Authorization:x', /--header[^]*credential[^]*--config/],
  ['listen 3000 --header Content-Length:3', /--header[^]*relay sets this header itself/],
  ['listen 3000 --header host:x', /--header[^]*relay sets this header itself/],
  ['listen 3000 --header Connection:close', /--header[^]*relay sets this header itself/],
  ['listen 3000 --header Transfer-Encoding:chunked', /--header[^]*relay sets this header itself/],
  ['listen --filter state:none', /--filter[^]*state:none[^]*failed/],
  ['listen --output loud', /--output[^]*interactive, compact, quiet/],
  ['listen --output quiet --json', /use either --json or --output, not both/],
  ['listen --data-dir', /--data-dir/],
  ['listen --data-dir EMPTY', /--data-dir[^]*expected a folder/],
  ['events --data-dir EMPTY', /--data-dir[^]*expected a folder/],
  ['listen --config EMPTY', /--config[^]*expected a file/],
  ['listen --signature-key-env EMPTY', /--signature-key-env[^]*variable name/],
  ['listen --verify-key-env EMPTY', /--verify-key-env[^]*variable name/],
  ['export e1 --as curl --out EMPTY', /--out[^]*expected a file/],
  ['listen --tunnel http://hooks.example.org', /--tunnel[^]*https:\/\/, or with http:\/\/ on this machine/],
  ['listen --config FOLDER/unencrypted.json', /--config: tunnel\.url is not encrypted[^]*https:/],
  ['listen --config FOLDER/broken.json', /--config[^]*not valid JSON[^]*Fix the file/],
  ['listen --config FOLDER', /--config[^]*EISDIR[^]*The path is a folder/],
  ['listen --config FOLDER/broken.json/x', /--config[^]*ENOTDIR[^]*Part of the path is a file/],
  ['listen --forward-to', /--forward-to/],
  ['listen --forward-to ftp://localhost/', /--forward-to/],
  ['listen --forward-to http://user:pw@localhost/', /--forward-to[^]*password[^]*the --config file/],
  [
    'listen 3000 --tunnel https://u:pw@hooks.example.org',
    /--tunnel[^]*password in the URL would be stored; leave it out/,
  ],
  ['listen 3000 --tunnel localtunnel --tunnel-host https://u:pw@a.example', /--tunnel-host[^]*leave it out/],
  ['check http://user:pw@localhost/', /password[^]*the --config file/],
  ['check 3000 --probe http://user:pw@localhost/', /--probe[^]*leave it out/],
  ['resend e1 --to http://user:pw@localhost/', /--to[^]*leave it out/],
  ['check nowhere', /nowhere[^]*a port \(3000\)/],
  ['listen --port', /--port/],
  ['listen --port x', /--port[^]*whole number/],
  ['listen --port 70000', /--port/],
  ['listen --port -1', /--port/],
  ['listen --tunnel', /--tunnel/],
  ['listen --forward-to nowhere', /--forward-to[^]*http:\/\//],
  ['listen --tunnel frp', /--tunnel[^]*localtunnel/],
  ['listen --tunnel-host x', /--tunnel-host/],
  ['listen --tunnel-host https://tunnel.example.org', /--tunnel-host requires --tunnel localtunnel/],
  ['listen --tunnel localtunnel --tunnel-allow https://x.example', /--tunnel-allow[^]*a lowercase host/],
  ['listen --tunnel localtunnel --subdomain UPPER', /--subdomain/],
  ['listen --tunnel none --subdomain mine', /--subdomain requires --tunnel localtunnel/],
  ['listen --signature-key-env', /--signature-key-env/],
  ['listen --signature-key-env CM_RELAY_TEST_UNSET', /--signature-key-env CM_RELAY_TEST_UNSET/],
  ['listen --verify-key-env CM_RELAY_TEST_UNSET', /--verify-key-env CM_RELAY_TEST_UNSET/],
  ['listen --retry slow', /--retry[^]*cloud-elements/],
  ['listen --time-zone Mars/Olympus', /--time-zone[^]*IANA/],
  ['listen --concurrency 0', /--concurrency/],
  ['listen --concurrency 1.5', /--concurrency/],
  ['listen --retain 0', /--retain/],
  ['listen --retain many', /--retain/],
  ['listen --config FOLDER/missing.json', /--config[^]*ENOENT[^]*Check that the file exists/],
  ['listen --config FOLDER/unknown-key.json', /--config[^]*color/],
  ['trigger', /missing required argument 'type': subscribe, update, deactivate\n/],
  ['trigger bounce', /error: 'bounce' is not valid for <type>: expected one of subscribe, update, deactivate\n/],
  ['trigger subscribe --count 0', /error: --count <n>: '0' is not valid: must be 1 or more\n/],
  ['trigger subscribe --count x', /--count/],
  ['trigger subscribe --batch 1001', /--batch/],
  ['trigger subscribe --list', /error: --list <id> needs a value\n/],
  ['trigger subscribe --email nobody', /--email/],
  ['trigger subscribe --seed x', /--seed/],
  ['trigger subscribe --format csv', /error: --format <format>: 'csv' is not valid: expected one of json, xml\n/],
  ['events --limit 0', /--limit/],
  ['events --filter', /--filter/],
  ['events surplus', /too many arguments for 'events': expected none, got 1\n/],
  ['show', /missing required argument 'id': ID from cm-relay events\n/],
  ['show x12', /error: 'x12' is not valid for <id>: expected [^\n]*d7, e12, or n9\n/],
  ['show e0', /'e0'/],
  ['show e1 --raw --attempts', /--raw or --attempts/],
  ['show e1 --raw --json', /--raw[^]*--json/],
  ['show e1 --notification --json', /--notification[^]*--json/],
  ['debug pause surplus', /too many arguments/],
  ['debug step x12', /'x12'[^]*d7, e12, or n9/],
  ['debug break', /Usage: cm-relay debug break/],
  ['debug break stop', /unknown command 'stop'/],
  ['debug break add --at nowhere', /--at[^]*failed-attempt/],
  ['debug break add --all', /unknown option '--all'/],
  ['debug break list --at event', /unknown option '--at'/],
  ['debug break list b1', /too many arguments/],
  ['debug break remove', /give IDs or --all/],
  ['debug break remove x1', /'x1'[^]*such as b1/],
  ['debug break remove b1 --all', /IDs or --all/],
  ['stop --held maybe', /--held[^]*keep, release, discard/],
  ['webhooks', /Usage: cm-relay webhooks/],
  ['webhooks create', /unknown command 'create'/],
  ['webhooks list --url https://example.org', /unknown option '--url'/],
  ['webhooks register --yes', /unknown option '--yes'/],
  ['export e1', /missing required option '--as <format>': curl, http, har, json, fixture\n/],
  ['webhooks register', /--list or --client/],
  ['webhooks register abc --list a1', /too many arguments/],
  ['webhooks register --list ../clients', /--list/],
  ['webhooks register --list a1 --url nowhere', /--url[^]*https:/],
  ['webhooks register --list a1 --events bounce', /--events[^]*subscribe,update,deactivate/],
  ['webhooks register --list a1 --format csv', /--format[^]*json, xml/],
  ['webhooks list --host http://api.createsend.com', /--host[^]*https:/],
  ['webhooks remove --yes', /--yes requires webhook IDs/],
  ['webhooks remove abc --old', /--old or webhook IDs/],
  ['webhooks list', /CAMPAIGN_MONITOR_API_KEY/],
  ['url nowhere', /'nowhere'[^]*campaign-monitor, open-connectors/],
  ['url --timeout x', /--timeout[^]*whole number/],
  ['wait --count 0', /--count/],
  ['wait --timeout -1', /--timeout/],
  ['wait --since yesterday', /--since[^]*start, now, a time span such as 2h/],
  ['wait surplus', /too many arguments/],
  ['retry surplus', /too many arguments/],
  ['play FOLDER/one.cm-recording.jsonl --signature-key-env PATH', /--signature-key-env PATH has no effect/],
  ['sandbox subscribe', /missing required option '--list <id>'/],
  ['sandbox subscribe --list a1 --host http://127.0.0.1:9', /missing required argument 'address'/],
  ['sandbox subscribe nobody --list a1 --host http://127.0.0.1:9', /'nobody'[^]*email address/],
  ['sandbox subscribe jane@example.org --host http://127.0.0.1:9', /--list/],
  ['sandbox subscribe jane@example.org --list a1', /--host/],
  ['sandbox subscribe jane@example.org --list ../a --host http://127.0.0.1:9', /--list/],
  ['sandbox subscribe jane@example.org --list a1 --host https://api.createsend.com', /only in the sandbox/],
  ['sandbox subscribe jane@example.org --list a1 --host http://127.0.0.1:9', /CAMPAIGN_MONITOR_API_KEY/],
  ['instances', /Usage: cm-relay instances/],
  ['instances make', /unknown command 'make'/],
  ['instances list --host http://example.org', /--host[^]*https/],
  ['instances list', /OPEN_CONNECTORS_USER_SECRET is not set/],
  ['instances show', /missing required argument 'instance'/],
  ['instances show 1 --curl --json', /--curl or --json/],
  ['instances events maybe 1', /'maybe'[^]*on, off/],
  ['instances events on', /missing required argument 'instance'/],
  ['instances delete 1', /--yes/],
  ['instances create --signature-key-env', /--signature-key-env/],
  ['instances create --name x --no-events --api-timeout 1', /--api-timeout/],
  ['sandbox --detach --port x', /--port/],
  ['sandbox --port 9000 stop', /--port must follow the command: cm-relay sandbox stop --port/],
  ['sandbox --json subscribe a@example.org --list a1', /--json must follow the command: cm-relay sandbox subscribe/],
  ['sandbox --detach stop', /--detach must follow the command/],
  ['resend e1 --timeout 5', /--timeout requires --wait/],
  ['resend e1 --wait --timeout 0', /--timeout/],
  ['resend', /IDs, --failed, or --filter/],
  ['resend 12', /'12'/],
  ['resend e1 --failed', /IDs and --failed/],
  ['resend --failed --filter x', /--failed and --filter/],
  ['resend e1 --watch --wait', /--watch[^]*--wait/],
  ['resend d1 --watch', /--watch requires the ID of one event/],
  ['resend e1 e2 --watch', /--watch requires the ID of one event/],
  ['resend e1 --to nowhere', /--to[^]*a port \(3000\)/],
  ['play FOLDER/empty.cm-recording.jsonl', /this recording is empty\n {2}To create a recording, run cm-relay record\./],
  ['play FOLDER/one.cm-recording.jsonl nowhere', /nowhere[^]*a port \(3000\)/],
  ['debug discard', /IDs or --waiting/],
  ['debug discard e1 --waiting', /IDs or --waiting/],
  ['debug discard x', /'x'/],
  ['export e1', /--as/],
  ['export e1 --as pdf', /--as[^]*fixture/],
  ['export --as curl', /IDs or --filter/],
  ['export e1 --filter x --as curl', /IDs or --filter/],
  ['export e1 --as fixture --with-secrets', /--with-secrets/],
  ['instances body --list', /--list/],
  ['instances body --list 4fe1', /--list 4fe1[^]*32 hex digits/],
  [`instances body --list ${'a'.repeat(32)} --list ${'A'.repeat(32)}`, /--list[^]*twice/],
  ['instances body --callback-url nowhere', /--callback-url[^]*https:\/\//],
  ['instances body --callback-url ftp://example.org/', /--callback-url/],
  ['instances body --callback-url https://example.org/#part', /--callback-url[^]*#/],
  ['instances body --oauth-callback-url javascript:alert(1)', /--oauth-callback-url/],
  ['instances body --host example.org', /--host requires --curl/],
  ['instances body --with-secrets', /--with-secrets requires --curl/],
  ['instances body --curl --host http://example.org', /--host[^]*https/],
  ['instances body surplus', /too many arguments/],
  ['sandbox --port x', /--port/],
  ['sandbox restart', /too many arguments/],
  ['sandbox stop --port x', /--port[^]*examples of sandbox stop/],
  ['sandbox stop --detach', /unknown option '--detach'/],
  ['stop --now', /--now/],
];

describe('the command line of cm-relay', function () {
  this.timeout(180_000);
  let folder: string;

  const runHere = (words: readonly string[]): Promise<Ended> => run(words, { CM_RELAY_DATA_DIR: join(folder, 'data') });

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'cm-relay-usage-'));
    writeFileSync(join(folder, 'unknown-key.json'), '{"color":"red"}');
    writeFileSync(join(folder, 'empty.cm-recording.jsonl'), '{"recording":"cm-relay","version":1}\n');
    writeFileSync(join(folder, 'broken.json'), '{"retry":"sap",}');
    writeFileSync(join(folder, 'unencrypted.json'), '{"tunnel":{"kind":"fixed","url":"http://hooks.example.org/"}}');
  });

  after(() => rmSync(folder, { recursive: true }));

  for (const [args, named] of wrong) {
    it(`exits with 2 on bad usage and names it: ${args === '' ? 'nothing' : args}`, async () => {
      const words = args.split(' ').filter((word) => word !== '');
      const result = await runHere(words.map((word) => (word === 'EMPTY' ? '' : word.replace('FOLDER', folder))));
      assert.deepEqual([result.code, result.out], [2, ''], result.err);
      assert.match(result.err, named);
    });
  }

  for (const line of [
    'show FORGED',
    'listen --FORGED',
    'listen --tunnel FORGED',
    'FORGED',
    'listen --config FORGED',
    'check 3000 --only FORGED',
    'scenario FORGED',
    'stop --data-dir FOLDER/FORGED',
    'resend e1 --data-dir FOLDER/FORGED',
    'check 3000 --report json=FOLDER/FORGED/x',
    'debug break add --data-dir FOLDER/FORGED',
  ]) {
    it(`shows a line feed in an argument as an escape: ${line}`, async () => {
      const words = line
        .split(' ')
        .map((word) => word.replace('FORGED', 'e1\n  error: forged').replace('FOLDER', folder));
      const { code, err } = await runHere(words);
      assert.match(err, /e1\\x0a {2}error: forged/);
      assert.doesNotMatch(err, /^ *error: forged/m);
      assert.equal(code, line.startsWith('stop') ? 0 : /resend|report|break/.test(line) ? 1 : 2, err);
    });
  }

  it('exits with 2 on a filter that cannot be read, whether a relay runs or not', async () => {
    const place = new Workplace();
    const listening = place.listen();
    await listening.ready();
    const commands = [
      'events --filter state:none',
      'export --as curl --filter state:none',
      'resend --filter state:none',
    ];
    for (const command of commands) {
      const { code, err } = await run([...command.split(' '), '--data-dir', place.dataDir]);
      assert.equal(code, 2, err);
      assert.match(err, /--filter: .*state:none/);
    }
    assert.equal(await listening.end(), 0);
    for (const command of commands.slice(0, 2)) {
      const { code, err } = await run([...command.split(' '), '--data-dir', place.dataDir]);
      assert.equal(code, 2, err);
      assert.match(err, /--filter: .*state:none/);
    }
    await place.close();
  });

  it('breaks its help between words on a terminal of 40 columns', () => {
    for (const command of createProgram().commands.flatMap((each) => [each, ...each.commands])) {
      const help = command.configureOutput({ getOutHelpWidth: () => 40 }).helpInformation();
      for (const line of help.split('\n')) {
        // A command line and a term stand as they are.
        if (!/^ {2}\S|^Usage:/.test(line)) assert.ok(line.length <= 40 || /^ *\S+$/.test(line), line);
      }
    }
  });

  it('prints its version and help to standard output', async () => {
    const version = await run(['--version']);
    assert.match(version.out, /^\d+\.\d+\.\d+\n$/);
    assert.equal(version.code, 0);
    const help = await run(['--help']);
    assert.equal(help.code, 0);
    assert.match(help.out, /cm-relay listen 3000\/callback/);
    assert.match(help.out, /--data-dir <folder>/);
    for (const words of [['listen'], ['instances'], ['instances', 'create'], ['debug', 'break', 'add']]) {
      assert.deepEqual(await run(['help', ...words]), await run([...words, '--help']));
    }
  });

  it('says no password back that was typed into a URL, well or badly', async () => {
    const typed = [
      'http://user:s3cret@host/',
      'user:s3cret@localhost:3000',
      'https://user:s3/c#ret@host/',
      'http://h:99999/?token=s3cret',
    ];
    const places: ((url: string) => string[])[] = [
      (url) => ['listen', '--forward-to', url],
      (url) => ['listen', `--forward-to=${url}`],
      (url) => ['listen', url],
      (url) => ['listen', '--tunnel', url],
      (url) => ['listen', '--tunnel', 'localtunnel', '--tunnel-host', url],
      (url) => ['check', url],
      (url) => ['resend', 'e1', '--to', url],
      (url) => ['listen', 'x', url],
      (url) => ['show', url],
      (url) => [url],
      (url) => [`--${url}`],
    ];
    // Each URL at one place, and one at each place.
    const [first, ...others] = places;
    const lines = [...typed.map((url) => first?.(url) ?? []), ...others.map((place) => place(typed[1] ?? ''))];
    for (const line of lines) {
      const { code, out, err } = await runHere(line);
      assert.notEqual(code, 0, `${line.join(' ')}: ${out}`);
      assert.doesNotMatch(out + err, /s3cret|c#ret/, line.join(' '));
    }
  });

  const program = createProgram();
  const all = commandsOf(program).filter(({ words }) => words.length > 0);
  for (const { words, command } of all) {
    it(`teaches ${words.join(' ')}: what it does, its flags, examples, what comes next`, async () => {
      const { code, out } = await run([...words, '--help']);
      assert.equal(code, 0);
      // What any command takes is said once, by the program's help.
      assert.doesNotMatch(out, /--(?:trust-)?data-dir <?folder/);
      assert.match(out, /Examples?:\n(?: {2}.*cm-relay .*\n){2,}/);
      for (const option of command.options) assert.ok(out.includes(option.long ?? ''), option.flags);
      assert.ok(/^Next: /m.test(out) || command.name() === 'export');
    });
  }

  it('is documented flag by flag', () => {
    const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
    for (const { words, command } of all) {
      const section = new RegExp(`^## \`cm-relay ${words[0]}\`[^]*?(?=^## )`, 'm').exec(`${page}\n## `)?.[0];
      assert.ok(section, words.join(' '));
      for (const word of words.slice(1)) assert.ok(section.includes(`\`${word}`), words.join(' '));
      for (const option of command.options) {
        assert.ok(section.includes(`\`${option.long}`), `${words.join(' ')} ${option.flags}`);
      }
    }
  });
});

describe('what a command line says back', function () {
  this.timeout(120_000);
  const odd = '\u001b]0;x\u0007\u009b2J\u202ex';
  const folder = mkdtempSync(join(tmpdir(), 'cm-relay-odd-'));
  after(() => rmSync(folder, { recursive: true }));

  const lines: readonly string[][] = [
    [odd],
    [`--${odd}`],
    ['events', `--${odd}`],
    ['events', odd],
    ['events', '--data-dir', join(folder, odd)],
    ['events', '--data-dir', folder, '--filter', odd],
    ['show', odd],
    ['trigger', odd],
    ['listen', '--port', odd],
    ['listen', '--config', join(folder, odd)],
    ['listen', '--forward-to', odd],
    ['listen', '--signature-key-env', odd],
    ['stop', '--data-dir', join(folder, odd)],
    ['check', odd],
    ['check', `http://127.0.0.1:9/${odd}`, '--only', odd],
    ['check', 'http://127.0.0.1:9/', '--probe-command', `exit 3; ${odd}`],
    ['check', 'http://127.0.0.1:9/', '--report', odd],
    ['scenario', join(folder, odd)],
    ['scenario', join(folder, odd), '--to', odd],
    ['play', join(folder, odd)],
    ['export', 'e1', '--as', odd],
    ['instances', 'body', '--name', odd],
    ['instances', 'body', '--callback-url', odd],
    ['help', odd],
  ];
  for (const line of lines) {
    const shown = line.map((each) => JSON.stringify(each.replace(folder, 'FOLDER').replaceAll(odd, 'ODD')));
    it(`drives no terminal: ${shown.join(' ')}`, async () => {
      const { out, err } = await run(line);
      // eslint-disable-next-line no-control-regex -- these are what drives one
      assert.doesNotMatch(out + err, /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
    });
  }

  it('nor in what it writes of scenarios, by their names and their files', async () => {
    const file = join(folder, `${odd.replaceAll('/', '')}.cm-scenario.json`);
    const scenarios = [
      { name: odd, why: odd, steps: [{ name: odd, send: { sample: 'Subscribe' }, expect: { status: 201 } }] },
    ];
    writeFileSync(file, JSON.stringify({ destination: { url: 'http://127.0.0.1:9/' }, scenarios }));
    for (const more of [[], ['--json'], ['--report', 'json=/dev/stdout'], ['--report', 'junit=/dev/stdout']]) {
      const { code, out, err } = await (more.length === 2 ? runProcess : run)(['scenario', file, ...more]);
      assert.equal(code, 1, err);
      // eslint-disable-next-line no-control-regex -- these are what drives a terminal
      assert.doesNotMatch(out + err, /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
    }
  });
});
