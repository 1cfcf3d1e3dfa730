import { setTimeout as wait } from 'node:timers/promises';

const ms = Number(process.env.MAIL_MS ?? 3000);

/** The mail server sleeps until the first mail: then it takes four times as long. */
let waking;

/** Greets a new contact by mail. It only says so: there is no mail server here. */
export async function greet(name, address) {
  waking ??= wait(3 * ms);
  await waking;
  await wait(ms);
  console.log(`greeted ${name} <${address}>`);
}
