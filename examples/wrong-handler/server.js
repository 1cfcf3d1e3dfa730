/**
 * A handler of Open Connectors' notifications about Campaign Monitor's subscribers: keeps a contact for each address.
 *
 *   node server.js [port]     the port is 3000, or that of PORT; 0 is any that is free
 *   CALLBACK_SIGNATURE_KEY    the key that notifications are signed with; without it all are taken
 *   MAIL_MS                   how long the mail server takes for a greeting, in milliseconds
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import express from 'express';
import { greet } from './mail.js';

const key = process.env.CALLBACK_SIGNATURE_KEY;
const contacts = [];

const app = express();
app.use(express.json());

app.post('/callback', async (request, response) => {
  const signature = request.get('Elements-Webhook-Signature');
  if (key && signature && !isSame(signature, signatureOf(request.body))) {
    response.status(401).send('the signature is wrong\n');
    return;
  }
  const event = request.body.message.events[0];
  const details = request.body.message.raw.Events[0];
  switch (event.eventType) {
    case 'CREATED':
      await create(event, details);
      response.sendStatus(200);
      break;
    case 'UPDATED':
      response.sendStatus(200);
      update(event, details);
      break;
    case 'DELETED':
      remove(event);
      response.sendStatus(200);
      break;
    default:
      throw new Error(`unknown event type ${event.eventType}`);
  }
});

app.get('/contacts', (request, response) => {
  const text = JSON.stringify({ contacts });
  response.set('Content-Type', 'application/json; charset=utf-8');
  response.set('Content-Length', String(text.length));
  response.end(text);
});

app.get('/contacts/count', (request, response) => {
  response.json({ count: contacts.length });
});

function isSame(given, expected) {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function signatureOf(body) {
  return `sha256=${createHmac('sha256', key).update(JSON.stringify(body)).digest('base64')}`;
}

async function create(event, details) {
  contacts.push({
    address: event.objectId,
    name: details.Name,
    fields: details.CustomFields,
    updated: event.date,
  });
  const [firstName] = details.Name.split(' ');
  await greet(firstName, event.objectId);
}

function update(event, details) {
  const contact = find(event.objectId);
  contact.name = details.Name;
  contact.fields = details.CustomFields;
  contact.updated = event.date;
}

function remove(event) {
  const contact = find(event.objectId);
  contacts.splice(contacts.indexOf(contact), 1);
}

function find(address) {
  return contacts.find((contact) => contact.address === address);
}

const server = app.listen(Number(process.argv[2] ?? process.env.PORT ?? 3000), '127.0.0.1', (error) => {
  if (error) {
    console.error(`cannot listen: ${error.message}`);
    process.exit(1);
  }
  console.log(`listening on http://127.0.0.1:${server.address().port}/callback`);
});

process.on('SIGTERM', () => process.exit(0));
