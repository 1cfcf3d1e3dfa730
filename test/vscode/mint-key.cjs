/**
 * Loaded into VS Code's server before it starts: the half of a key by which the page encrypts what extensions keep in
 * SecretStorage. code-server itself answers this one request, before it comes to VS Code's server; without an answer the
 * page keeps secrets in memory alone, and they are gone after a reload.
 */
'use strict';
const { randomBytes } = require('node:crypto');
const { readFileSync, writeFileSync } = require('node:fs');
const { Server } = require('node:http');

/** The half that is kept in a file, made where it is not there. */
function keyIn(file) {
  try {
    writeFileSync(file, randomBytes(32), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  return readFileSync(file);
}

const file = process.env.SECRET_KEY_FILE;
// Processes that the server starts are told of neither.
delete process.env.SECRET_KEY_FILE;
if (file !== undefined) {
  const { emit } = Server.prototype;
  Server.prototype.emit = function (event, ...args) {
    const [request, response] = args;
    if (event !== 'request' || request.method !== 'POST' || request.url !== '/mint-key')
      return emit.call(this, event, ...args);
    // A page of another origin that asks gets an answer that it cannot read.
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' });
    response.end(keyIn(file));
    return true;
  };
}
