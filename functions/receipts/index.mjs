/** Renders the receipt that a customer gets by mail, as HTML and as plain text. */
import { readFileSync } from "node:fs";
import Mustache from "mustache";
import { receiptOf } from "./receipt.mjs";

const template = (name) => readFileSync(new URL(`./templates/${name}`, import.meta.url), "utf8");
const HTML = template("receipt.html");
const TEXT = template("receipt.txt");

/** Lambda's entry point: `{order, customer, lines: [{title, quantity, price_cents}]}`. */
export async function handler(event) {
  const receipt = receiptOf(event);
  console.log(JSON.stringify({ level: "info", message: "receipt rendered", order: receipt.order, lines: receipt.lines.length }));
  return {
    subject: `Your order ${receipt.order}`,
    total: receipt.total,
    html: Mustache.render(HTML, receipt),
    // Plain text has no markup to protect, so nothing is escaped.
    text: Mustache.render(TEXT, receipt, {}, { escape: String }),
  };
}
