/**
 * A handler of Open Connectors' notifications about Campaign Monitor's subscribers: keeps a contact for each address.
 *
 *   node server.js [port]     the port is 3000, or that of PORT; 0 is any that is free
 *   CALLBACK_SIGNATURE_KEY    the key that notifications are signed with; without it all are taken
 *   MAIL_MS                   how long the mail server takes for a greeting, in milliseconds
 */
import { setTimeout } from 'node:timers';
import express from 'express';
import { Contacts } from './contacts.js';
import { Greetings } from './greetings.js';
import { changesOf, NotANotification, readNotification } from './notification.js';
import { isSigned } from './signature.js';

/** A delivery of 5 MB comes whole with each of its notifications. */
const largestBody = '16mb';

/** What is under way when this ends has so long to be answered, in milliseconds. */
const endingMs = 3000;

/** So many notifications are known again when they come once more. */
const mostRemembered = 10_000;

const key = process.env.CALLBACK_SIGNATURE_KEY;
const contacts = new Contacts();
const greetings = new Greetings(Number(process.env.MAIL_MS ?? 3000));
const done = new Set();

const app = express();
app.disable('x-powered-by');

// The bytes as they came: what is signed is these, whatever they are read as.
app.post('/callback', express.raw({ type: () => true, limit: largestBody }), (request, response) => {
  const body = request.body ?? new Uint8Array();
  if (key !== undefined && !isSigned(body, request.get('Elements-Webhook-Signature'), key)) {
    response.status(401).send('the signature is missing, or wrong\n');
    return;
  }
  const notification = readNotification(body);
  if (notification.eventId !== null && done.has(notification.eventId)) {
    response.status(200).send('was taken before\n');
    return;
  }
  const changes = changesOf(notification);
  for (const change of changes) contacts.apply(change);
  if (notification.eventId !== null) remember(notification.eventId);
  const ignored = notification.events.length - changes.length;
  response.status(200).send(`took ${changes.length} event(s), ignored ${ignored}\n`);
  // A mail server takes its time, and nobody waits for it here.
  for (const contact of contacts.takeNew()) greetings.add(contact);
});

app.get('/contacts', (request, response) => {
  response.json({ contacts: contacts.list() });
});

app.get('/contacts/count', (request, response) => {
  response.json({ count: contacts.list().length });
});

// Express knows an error handler by its four parameters.
app.use((error, request, response, _next) => {
  const status = error instanceof NotANotification ? 400 : (error.status ?? 500);
  console.error(`${request.method} ${request.path}: ${error.message}`);
  // A connection that was cut has nobody to answer.
  if (!response.headersSent && !request.socket.destroyed) response.status(status).send(`${error.message}\n`);
});

function remember(eventId) {
  done.add(eventId);
  if (done.size > mostRemembered) done.delete(done.values().next().value);
}

const server = app.listen(Number(process.argv[2] ?? process.env.PORT ?? 3000), '127.0.0.1', (error) => {
  if (error) {
    console.error(`cannot listen: ${error.message}`);
    process.exit(1);
  }
  console.log(`listening on http://127.0.0.1:${server.address().port}/callback`);
});

process.on('SIGTERM', () => {
  greetings.close();
  server.close();
  setTimeout(() => server.closeAllConnections(), endingMs).unref();
});
