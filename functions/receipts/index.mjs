/** Renders the receipt that a customer gets by mail, as HTML and as plain text. */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import Mustache from "mustache";
import { receiptOf } from "./receipt.mjs";
import { afterRestore, beforeSnapshot, restored } from "./snapstart.mjs";

const template = (name) => readFileSync(new URL(`./templates/${name}`, import.meta.url), "utf8");
const HTML = template("receipt.html");
const TEXT = template("receipt.txt");

/** An id of this environment, from the kernel, whose generator Lambda seeds anew after a restore; that of a program goes on from the snapshot. */
function freshId() {
  const bytes = Buffer.alloc(8);
  const file = openSync("/dev/urandom");
  readSync(file, bytes);
  closeSync(file);
  return bytes.toString("hex");
}

let environment = freshId();

// Mustache keeps the templates that it has parsed: the snapshot has them, and no first invocation waits for them.
beforeSnapshot(() => [HTML, TEXT].forEach((text) => Mustache.parse(text)));
afterRestore(() => {
  environment = freshId();
});

/** Lambda's entry point: `{order, customer, lines: [{title, quantity, price_cents}]}`. */
export async function handler(event) {
  const receipt = receiptOf(event);
  console.log(JSON.stringify({ level: "info", message: "receipt rendered", environment, order: receipt.order, lines: receipt.lines.length }));
  return {
    subject: `Your order ${receipt.order}`,
    total: receipt.total,
    html: Mustache.render(HTML, receipt),
    // Plain text has no markup to protect, so nothing is escaped.
    text: Mustache.render(TEXT, receipt, {}, { escape: String }),
  };
}

await restored();
