import { setTimeout as wait } from 'node:timers/promises';

const ms = Number(process.env.MAIL_MS ?? 3000);

/** The mail server sleeps while nobody needs it, and takes four times as long for its first mail. */
let isAwake = false;

/** Greets a new contact by mail. It only says so: there is no mail server here. */
export async function greet(name, address) {
  await wait(isAwake ? ms : 4 * ms);
  isAwake = true;
  console.log(`greeted ${name} <${address}>`);
}
