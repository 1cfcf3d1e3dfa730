import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { problemOf, type ImportKind } from '../../scripts/arrows.ts';

const create = 'extension/instance-form';

describe('the arrows between the rooms', () => {
  const allowed: readonly (readonly [from: string, to: string, how: ImportKind])[] = [
    ['relay/log/store.ts', 'protocol/history.ts', 'static'],
    ['cli/commands/listen.ts', 'relay/index.ts', 'static'],
    ['check/messages.ts', 'normalizer/normalize.ts', 'static'],
    ['relay/sending/lane.ts', 'relay/log/store.ts', 'static'],
    ['relay/clients/handlers.ts', 'relay/configuration.ts', 'type'],
    ['relay/relay.ts', 'relay/clients/control.ts', 'static'],
    ['check/run.ts', 'common/retry-verdict.ts', 'static'],
    ['cli/commands/check.ts', 'check/suite.ts', 'dynamic'],
    ['extension/event-tree/events-view.ts', 'extension/session/session.ts', 'static'],
    ['extension/event-tree/events-view.ts', 'extension/events/event-node.ts', 'static'],
    ['extension/event-actions/resend.ts', 'extension/event-documents/json-text.ts', 'static'],
    ['extension/session/session.ts', 'protocol/status.ts', 'type'],
    ['extension/session/session.ts', 'extension/deferred.ts', 'dynamic'],
    ['extension/deferred.ts', 'protocol/relay-client.ts', 'static'],
    ['open-connectors/instance-creation.ts', 'oauth/authorize.ts', 'type'],
    ['cli/vendors/authorization.ts', 'oauth/loopback.ts', 'static'],
    ['extension/instances/read-instance.ts', 'open-connectors/instance-log.ts', 'static'],
    ['extension/composition.ts', 'extension/event-actions/send-lens.ts', 'static'],
    ['pages/form/page.ts', `${create}/messages.ts`, 'type'],
    ['extension/check/check-panels.ts', 'extension/check/engine.ts', 'dynamic'],
    ['extension/check/engine.ts', 'check/run.ts', 'static'],
  ];
  for (const [from, to, how] of allowed)
    it(`lead from ${from} to ${to} (${how})`, () => assert.equal(problemOf(from, to, how), null));

  const refused: typeof allowed = [
    ['common/masking.ts', 'protocol/errors.ts', 'static'],
    ['relay/log/store.ts', 'extension/extension.ts', 'type'],
    ['cli/commands/listen.ts', 'relay/log/store.ts', 'static'],
    ['cli/commands/listen.ts', 'relay/relay.ts', 'dynamic'],
    ['check/run.ts', 'relay/index.ts', 'static'],
    ['relay/log/store.ts', 'relay/sending/lane.ts', 'type'],
    ['relay/sending/lane.ts', 'relay/gate/gate.ts', 'type'],
    ['normalizer/normalize.ts', 'relay/log/store.ts', 'type'],
    ['check/run.ts', 'relay/log/store.ts', 'type'],
    ['relay/relay.ts', 'check/run.ts', 'dynamic'],
    ['extension/session/session.ts', 'check/run.ts', 'static'],
    ['oauth/authorize.ts', 'open-connectors/api.ts', 'type'],
    ['campaign-monitor/api.ts', 'oauth/authorize.ts', 'type'],
    ['extension/session/session.ts', 'relay/relay.ts', 'dynamic'],
    ['extension/ui/error-words.ts', 'extension/oauth/browser-authorization.ts', 'type'],
    ['extension/public-url/urls.ts', `${create}/fields.ts`, 'dynamic'],
    ['extension/webhooks/webhooks.ts', `${create}/form-panel.ts`, 'type'],
    ['extension/events/chosen.ts', 'extension/event-documents/content.ts', 'static'],
    ['extension/event-tree/event-list.ts', 'extension/event-actions/resend.ts', 'static'],
    ['extension/session/session.ts', 'extension/deferred.ts', 'static'],
    ['extension/session/session.ts', 'protocol/relay-client.ts', 'static'],
    ['extension/check/check-panels.ts', 'extension/check/engine.ts', 'static'],
    ['extension/event-actions/create-test.ts', 'extension/check/engine.ts', 'type'],
    ['pages/form/page.ts', `${create}/form-panel.ts`, 'type'],
    ['pages/form/page.ts', 'protocol/history.ts', 'type'],
  ];
  for (const [from, to, how] of refused)
    it(`do not lead from ${from} to ${to} (${how})`, () => assert.equal(typeof problemOf(from, to, how), 'string'));
});

/** Which files of src/ each imports, types included. */
function imports(): ReadonlyMap<string, readonly string[]> {
  const files = globSync('src/**/*.ts');
  return new Map(
    files.map((file) => {
      const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'), true, true);
      const own = importedFiles.filter(({ fileName }) => fileName.startsWith('.'));
      return [file, own.map(({ fileName }) => join(dirname(file), fileName))];
    }),
  );
}

/** A way from a file back to itself; null where there is none. */
function circleIn(graph: ReadonlyMap<string, readonly string[]>): readonly string[] | null {
  const done = new Set<string>();
  const find = (file: string, way: readonly string[]): readonly string[] | null => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (done.has(file)) return null;
    for (const to of graph.get(file) ?? []) {
      const found = find(to, [...way, file]);
      if (found !== null) return found;
    }
    done.add(file);
    return null;
  };
  for (const file of graph.keys()) {
    const found = find(file, []);
    if (found !== null) return found;
  }
  return null;
}

describe('the files of src', () => {
  it('import each other in no circle, types included', () => {
    const graph = imports();
    assert.ok(graph.size > 400);
    assert.equal(circleIn(graph), null);
    const [from, [to]] = [...graph].find(([, all]) => all.length > 0) as [string, [string]];
    assert.notEqual(circleIn(new Map([...graph, [to, [from]]])), null);
  });

  it('stand in folders that can be read at a glance: at most 25 in each', () => {
    const folders = globSync('src/**/*.ts').map((file) => dirname(file));
    const crowded = folders.filter((folder) => folders.filter((each) => each === folder).length > 25);
    assert.deepEqual(crowded, []);
  });
});
