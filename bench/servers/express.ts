/**
 * The baseline: bare Express with `express.json()`, which answers 200 and stores nothing. With the argument `empty` the
 * answer has no body, which spares Express some work.
 */
import express from 'express';
import type { AddressInfo } from 'node:net';

const empty = process.argv[2] === 'empty';
const app = express();
app.use(express.json());
app.post('/hook', (_request, response) => {
  if (empty) response.status(200).end();
  else response.sendStatus(200);
});
const server = app.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ type: 'ready', url: `http://127.0.0.1:${port}/hook` })}\n`);
});
server.keepAliveTimeout = 60_000;
