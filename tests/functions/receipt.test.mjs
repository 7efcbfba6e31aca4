import assert from "node:assert/strict";
import { test } from "node:test";
import { euros, ReceiptError, receiptOf } from "../../functions/receipts/receipt.mjs";

const order = () => ({
  order: "A-1042",
  customer: " Ada ",
  lines: [
    { title: "Mug", quantity: 2, price_cents: 1600 },
    { title: "Filters", quantity: 1, price_cents: 690 },
  ],
});

test("amounts have two digits of cents", () => {
  assert.deepEqual([0, 5, 1234].map(euros), ["0.00", "0.05", "12.34"]);
});

test("a receipt adds up its lines", () => {
  assert.deepEqual(receiptOf(order()), {
    order: "A-1042",
    customer: "Ada",
    lines: [
      { title: "Mug", quantity: 2, amount: "32.00" },
      { title: "Filters", quantity: 1, amount: "6.90" },
    ],
    total: "38.90",
  });
});

for (const [name, change, message] of [
  ["no event", () => null, /^lines: allowed is a list of 1 to 50 lines$/],
  ["no lines", (event) => ({ ...event, lines: [] }), /^lines: /],
  ["no line", (event) => ({ ...event, lines: [null] }), /^lines\[0\]\.quantity: allowed is a whole number of 1 to 99$/],
  ["half a piece", (event) => ({ ...event, lines: [{ ...event.lines[0], quantity: 0.5 }] }), /^lines\[0\]\.quantity: /],
  ["text for a price", (event) => ({ ...event, lines: [{ ...event.lines[0], price_cents: "1600" }] }), /^lines\[0\]\.price_cents: /],
  ["no title", (event) => ({ ...event, lines: [{ ...event.lines[0], title: " " }] }), /^lines\[0\]\.title: /],
  ["no order", (event) => ({ ...event, order: undefined }), /^order: allowed is a text of 1 to 200 characters$/],
]) {
  test(`${name} is refused`, () => {
    assert.throws(() => receiptOf(change(order())), (error) => error instanceof ReceiptError && message.test(error.message));
  });
}
