/** The baseline of forwarding: http-proxy with a keep-alive agent to the URL given as an argument. */
import { Agent, createServer } from 'node:http';
import httpProxy from 'http-proxy';
import type { AddressInfo } from 'node:net';

const proxy = httpProxy.createProxyServer({
  target: process.argv[2],
  agent: new Agent({ keepAlive: true }),
  ignorePath: true,
});
proxy.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
const server = createServer((request, response) => proxy.web(request, response));
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ type: 'ready', url: `http://127.0.0.1:${port}/` })}\n`);
});
