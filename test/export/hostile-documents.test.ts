import assert from 'node:assert/strict';
import fc from 'fast-check';
import { toCurl } from '../../src/export/curl.ts';
import { toFixture } from '../../src/export/fixture.ts';
import { toHar } from '../../src/export/har.ts';
import { toHttp } from '../../src/export/http.ts';
import type { ExportItem, ExportOptions } from '../../src/export/item.ts';
import { toJson } from '../../src/export/json.ts';
import { hostileDelivery, hostileJson } from './hostile-json.ts';
import { item, notification, options, whole } from './sample.ts';

type Format = (items: Iterable<ExportItem>, options: ExportOptions) => AsyncIterable<string>;

/** Each with what it may become: characters for a byte of the body, of which there are two. */
const formats: [name: string, format: Format, growth: number][] = [
  ['curl', toCurl, 6],
  ['http', toHttp, 6],
  // A control character is six characters in JSON.
  ['har', toHar, 14],
  ['json', toJson, 14],
  ['fixture', toFixture, 6],
];

describe('Exports of documents of hostile shape', function () {
  this.timeout(240_000);

  for (const [name, format, growth] of formats) {
    it(`are bounded as ${name}, and read back where they are JSON`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.oneof(hostileDelivery, hostileJson), async (text) => {
          const body = Buffer.from(text);
          const exported = await whole(
            format([item({ body, notifications: [notification('http://127.0.0.1/', body)] })], options),
          );
          assert.ok(exported.length <= growth * body.length + 80_000, `${exported.length} of ${body.length}`);
          if (format !== toCurl && format !== toHttp) JSON.parse(exported);
        }),
        { numRuns: 25 },
      );
    });

    if (format === toHar || format === toJson || format === toFixture) {
      it(`drive no terminal and reorder no line as ${name}, and mean the same`, async () => {
        const odd = '\u001b[2J \u007f \u009b2J \u0085 \u202e \u2066 \u2028 \u{e0001} ü📚';
        const body = Buffer.from(JSON.stringify({ Events: [{ Type: odd }], [odd]: odd }));
        const exported = await whole(
          format(
            [item({ body, headers: [['x-a', odd]], notifications: [notification('http://127.0.0.1/', body)] })],
            options,
          ),
        );
        assert.doesNotMatch(exported, /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        if (format !== toFixture)
          assert.ok(JSON.stringify(JSON.parse(exported)).includes(JSON.stringify(odd).slice(1, -1)));
      });
    }

    it(`hold any bytes as ${name}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: 'binary' }), fc.uint8Array(), async (text, bytes) => {
          for (const body of [Buffer.from(text), Buffer.from(bytes)]) {
            const exported = await whole(
              format([item({ body, notifications: [notification('http://127.0.0.1/', body)] })], options),
            );
            if (format === toJson) assert.deepEqual(bodiesOf(exported), [body, body]);
            else if (format !== toCurl && format !== toHttp) JSON.parse(exported);
          }
        }),
      );
    });
  }
});

/** The bodies in an export as JSON. */
function bodiesOf(exported: string): Buffer[] {
  type Body = { text: string } | { base64: string };
  const [delivery] = JSON.parse(exported) as { body: Body; notifications: { body: Body }[] }[];
  assert.ok(delivery);
  return [delivery.body, ...delivery.notifications.map(({ body }) => body)].map((body) =>
    'text' in body ? Buffer.from(body.text) : Buffer.from(body.base64, 'base64'),
  );
}
