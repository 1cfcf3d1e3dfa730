/**
 * The lint rule that holds the arrows between the rooms of src/ (docs/architecture.md, "Rooms and arrows"): who may
 * import whom, by static import, by `await import()` and by type alike.
 */
import { dirname, relative, resolve, sep } from 'node:path';

/** Which rooms of src/ a room may know, beside itself and `common`. */
const known: Readonly<Record<string, readonly string[]>> = {
  common: [],
  oauth: [],
  'campaign-monitor': [],
  'open-connectors': ['oauth'],
  protocol: [],
  normalizer: ['campaign-monitor', 'open-connectors', 'protocol'],
  relay: ['campaign-monitor', 'normalizer', 'open-connectors', 'protocol'],
  export: ['campaign-monitor', 'open-connectors', 'protocol'],
  check: ['campaign-monitor', 'normalizer', 'open-connectors', 'protocol'],
  sandbox: ['campaign-monitor', 'open-connectors', 'protocol'],
  cli: ['campaign-monitor', 'check', 'export', 'oauth', 'open-connectors', 'protocol', 'sandbox'],
  extension: ['campaign-monitor', 'check', 'export', 'oauth', 'open-connectors', 'protocol', 'sandbox'],
  pages: ['extension'],
};
/** The one file by which a room is known that is not known else. */
const doors: Readonly<Record<string, string>> = { cli: 'relay/index.ts' };

/** The rooms within a room: each knows those before it alone. What stands at the top puts them together. */
const roomsWithin: Readonly<Record<string, readonly string[]>> = {
  relay: ['tunnel', 'log', 'sending', 'gate', 'history', 'receiving', 'clients'],
  pages: ['shared', 'form', 'editor', 'table', 'check'],
  extension: [
    'ui',
    'secrets',
    'consents',
    'session',
    'destinations',
    'sending',
    'public-url',
    'status',
    'relay',
    'oauth',
    'sandbox',
    'accounts',
    'webhooks',
    'open-connectors',
    'instances',
    'instance-form',
    'events',
    'event-documents',
    'event-editor',
    'event-tree',
    'event-table',
    'event-actions',
    'rows',
    'check',
    'debug',
  ],
};

/**
 * Files of the extension that are loaded on demand, through deferred.ts, or with the debugger, or that no bundle has: they
 * alone may use what is heavy.
 */
const deferred: ReadonlySet<string> = new Set(
  [
    'debug/breakpoint-set',
    'debug/delivery-session',
    'deferred',
    'check/check-view',
    'check/saved-results',
    'check/check-words',
    'check/engine',
    'check/messages',
    'event-actions/export-items',
    'event-actions/sample-posts',
    'event-actions/test-file',
    'event-documents/content',
    'event-editor/event-view',
    'event-editor/mapping',
    'event-editor/messages',
    'event-editor/reason',
    'event-table/messages',
    'instance-form/fields',
    'instance-form/form-state',
    'instance-form/messages',
    'settings',
  ].map((path) => `extension/${path}.ts`),
);

/** What gathers these, each for its use, and what scripts alone load. */
const onDemand: ReadonlySet<string> = new Set([
  'extension/deferred.ts',
  'extension/check/engine.ts',
  'extension/settings.ts',
]);

/** What brings zod, a vendor or the connection along. */
const heavy = /^(?:protocol|export|sandbox|campaign-monitor|check|open-connectors)\//;
/** Of these rooms what brings none of that. */
const light: ReadonlySet<string> = new Set([
  'campaign-monitor/event-types.ts',
  'campaign-monitor/registration.ts',
  'open-connectors/instance-facts.ts',
  'open-connectors/instance-log.ts',
  'protocol/advice.ts',
  'protocol/attempts.ts',
  'protocol/channel-file.ts',
  'protocol/event-filter.ts',
  'protocol/event-row.ts',
  'protocol/message-size.ts',
  'protocol/resend-on-save.ts',
  'protocol/tunnel-words.ts',
]);

/** What a page, which runs in a webview, may know of the extension: what both say to each other. */
const toldToPages = /\/(?:messages|page-state)\.ts$/;

/** How a file is imported. */
export type ImportKind = 'static' | 'type' | 'dynamic';

const oneWay = 'Rooms may import each other in one direction only: see docs/architecture.md, "Rooms and arrows".';

/**
 * What is wrong with an import.
 * @param from the importing file, and `to` the imported one, both below src/
 * @returns null where nothing is
 */
export function problemOf(from: string, to: string, how: ImportKind): string | null {
  const [room, target] = [topOf(from), topOf(to)];
  const isKnown = room === target || target === 'common' || known[room]?.includes(target) !== false;
  if (!isKnown && target in known && doors[room] !== to) return oneWay;
  if (room === 'pages' && target === 'extension' && !toldToPages.test(to)) {
    return 'A page may import only the messages of its room in the extension.';
  }
  if (room === target) {
    const [own, other] = [placeOf(from), placeOf(to)];
    if (own !== -1 && other > own) return oneWay;
  }
  if (room !== 'extension') return null;
  if (onDemand.has(to) && how === 'static') return 'Only with `await import()`.';
  if (how !== 'type' && !deferred.has(from) && heavy.test(to) && !light.has(to)) {
    return 'Large: use `await import()` in deferred.ts (docs/architecture.md, "What is loaded when").';
  }
  return null;
}

function topOf(path: string): string {
  return path.split('/')[0] ?? '';
}

/** Which of the rooms within its room a file stands in; -1 at the top, and where the plan names none. */
function placeOf(path: string): number {
  const [room = '', ...folders] = path.split('/').slice(0, -1);
  return folders.length === 0 ? -1 : (roomsWithin[room]?.indexOf(folders.slice(0, 2).join('/')) ?? -1);
}

/** What the linter gives a rule. */
interface RuleContext {
  readonly cwd: string;
  readonly filename: string;
  report(problem: { readonly node: object; readonly message: string }): void;
}

interface ImportNode {
  readonly source: { readonly value?: unknown } | null;
  readonly importKind?: string;
  readonly exportKind?: string;
  readonly specifiers?: readonly { readonly importKind?: string; readonly exportKind?: string }[];
}

const arrows = {
  create(context: RuleContext): Record<string, (node: ImportNode) => void> {
    const src = resolve(context.cwd, 'src') + sep;
    if (!context.filename.startsWith(src)) return {};
    const from = relative(src, context.filename).split(sep).join('/');
    if (topOf(from) in roomsWithin && from.split('/').length > 2 && placeOf(from) === -1) {
      const message = 'This room is not in the plan: scripts/arrows.ts.';
      return { Program: (node) => context.report({ node, message }) };
    }
    const check = (node: ImportNode, how: ImportKind): void => {
      const path = node.source?.value;
      if (typeof path !== 'string' || !path.startsWith('.')) return;
      const to = relative(src, resolve(dirname(context.filename), path))
        .split(sep)
        .join('/');
      const message = problemOf(from, to, how);
      if (message !== null) context.report({ node, message });
    };
    const kindOf = ({ importKind, exportKind, specifiers = [] }: ImportNode): ImportKind => {
      const areTypes =
        specifiers.length > 0 && specifiers.every((each) => (each.importKind ?? each.exportKind) === 'type');
      return (importKind ?? exportKind) === 'type' || areTypes ? 'type' : 'static';
    };
    const whole = (node: ImportNode): void => check(node, kindOf(node));
    return {
      ImportDeclaration: whole,
      ExportNamedDeclaration: whole,
      ExportAllDeclaration: whole,
      ImportExpression: (node) => check(node, 'dynamic'),
    };
  },
};
export default { meta: { name: 'house' }, rules: { arrows } };
