/** Stands in for VS Code's native watchdog, which nothing compiles here: ends an extension host whose server has gone. */
const { setInterval } = require('node:timers');

module.exports = {
  start(pid) {
    setInterval(() => {
      try {
        process.kill(pid, 0);
      } catch {
        process.exit(87);
      }
    }, 1000).unref();
  },
  exit(code) {
    process.exit(code);
  },
};
