/**
 * The load of (a) and (b) where wrk is not installed: `node bench/autocannon.ts URL FIRST-NUMBER SECONDS CONNECTIONS`
 * posts as `sustained.lua` does, and prints the same line. A process of its own, which costs about as much as a server.
 */
import autocannon from 'autocannon';
import { sustainedBody } from './sample.ts';

const [url, first, seconds, connections] = process.argv.slice(2);
if (url === undefined || first === undefined || seconds === undefined || connections === undefined) {
  throw new Error('which URL, first number, seconds and connections?');
}
let number = Number(first);
const before = process.cpuUsage();
const result = await autocannon({
  url,
  method: 'POST',
  connections: Number(connections),
  duration: Number(seconds),
  timeout: 30,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  requests: [{ setupRequest: (request) => ({ ...request, body: sustainedBody(number++) }) }],
});
const { user, system } = process.cpuUsage(before);
const line = {
  requests: result['2xx'] + result.non2xx,
  seconds: result.duration,
  p50Ms: result.latency.p50,
  p99Ms: result.latency.p99,
  processorMs: (user + system) / 1000,
  failed: result.non2xx + result.errors + result.timeouts,
};
process.stdout.write(`${JSON.stringify(line)}\n`);
