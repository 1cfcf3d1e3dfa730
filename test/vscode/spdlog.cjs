/**
 * Stands in for VS Code's native logger, which nothing compiles here: without it every log channel of an extension
 * would stay empty. The interface of the package @vscode/spdlog, as far as VS Code calls it; files are not rotated.
 */
const { appendFileSync, mkdirSync } = require('node:fs');
const { dirname } = require('node:path');

const levels = ['trace', 'debug', 'info', 'warning', 'error', 'critical'];

class Logger {
  #file;
  #level = 2;
  #plain = false;

  constructor(_type, _name, file) {
    this.#file = file;
  }
  #write(level, text) {
    if (level < this.#level) return;
    const time = new Date().toISOString().slice(0, 23).replace('T', ' ');
    appendFileSync(this.#file, this.#plain ? text : `${time} [${levels[level]}] ${text}\n`);
  }
  trace(text) {
    this.#write(0, text);
  }
  debug(text) {
    this.#write(1, text);
  }
  info(text) {
    this.#write(2, text);
  }
  warn(text) {
    this.#write(3, text);
  }
  error(text) {
    this.#write(4, text);
  }
  critical(text) {
    this.#write(5, text);
  }
  getLevel() {
    return this.#level;
  }
  setLevel(level) {
    this.#level = level;
  }
  setPattern() {}
  clearFormatters() {
    this.#plain = true;
  }
  flush() {}
  drop() {}
}

async function createLogger(name, file) {
  mkdirSync(dirname(file), { recursive: true });
  return new Logger('rotating', name, file);
}

// One by one: VS Code imports this from an ES module, which sees only names that are written so.
module.exports.version = 0;
module.exports.setLevel = () => {};
module.exports.setFlushOn = () => {};
module.exports.Logger = Logger;
module.exports.createRotatingLogger = createLogger;
module.exports.createAsyncRotatingLogger = createLogger;
