/** The baseline: bare Express with `express.json()`, which answers 200 and stores nothing. */
import express from 'express';
import type { AddressInfo } from 'node:net';

const app = express();
app.use(express.json({ limit: '5mb' }));
app.post('/hook', (_request, response) => {
  response.status(200).end();
});
const server = app.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ type: 'ready', url: `http://127.0.0.1:${port}/hook` })}\n`);
});
server.keepAliveTimeout = 60_000;
