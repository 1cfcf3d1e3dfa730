/** A callback for notifications from Open Connectors: keeps when each contact last changed. */
import { createServer } from 'node:http';

const contacts = new Map();

function apply({ eventType, objectId, date }) {
  switch (eventType) {
    case 'CREATED':
    case 'UPDATED':
      contacts.set(objectId, date);
      break;
    case 'DEACTIVATED':
      contacts.delete(objectId);
      break;
    default:
      throw new Error(`unknown event type ${eventType}`);
  }
}

const server = createServer(async (request, response) => {
  try {
    const body = Buffer.concat(await request.toArray()).toString();
    const { events } = JSON.parse(body).message;
    events.forEach(apply);
    response.end(`took ${events.length} event(s)\n`);
  } catch (error) {
    response.writeHead(500).end(`${error.message}\n`);
  }
});

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}/callback`);
});
