/**
 * What a developer writes who wants the relay's promise, that a 200 means "on disk": Express with `express.json()`, and
 * one insert a request into SQLite with `synchronous=FULL`. The argument names the database's file.
 */
import express from 'express';
import type { AddressInfo } from 'node:net';
import { DatabaseSync } from 'node:sqlite';

const database = new DatabaseSync(process.argv[2] ?? '');
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
database.exec('CREATE TABLE IF NOT EXISTS deliveries (id INTEGER PRIMARY KEY, body TEXT NOT NULL)');
const insert = database.prepare('INSERT INTO deliveries (body) VALUES (?)');
const app = express();
app.use(express.json());
app.post('/hook', (request, response) => {
  insert.run(JSON.stringify(request.body));
  response.sendStatus(200);
});
const server = app.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ type: 'ready', url: `http://127.0.0.1:${port}/hook` })}\n`);
});
server.keepAliveTimeout = 60_000;
