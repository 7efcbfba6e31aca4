/** What a receipt shows: checks an order and adds it up. */
const MAX_LINES = 50;

/** A request that cannot become a receipt; the message says which field is wrong and what is allowed. */
export class ReceiptError extends Error {
  name = "ReceiptError";
}

/** An amount for people: 1234 cents are "12.34". */
export function euros(cents) {
  return `${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;
}

function text(value, field) {
  if (typeof value !== "string" || value.trim() === "" || value.length > 200) {
    throw new ReceiptError(`${field}: allowed is a text of 1 to 200 characters`);
  }
  return value.trim();
}

function integer(value, field, minimum, maximum) {
  if (!Number.isSafeInteger(value) || value < minimum || value > maximum) {
    throw new ReceiptError(`${field}: allowed is a whole number of ${minimum} to ${maximum}`);
  }
  return value;
}

/** What the templates show, from an event; throws ReceiptError for a wrong one. */
export function receiptOf(event) {
  const lines = event?.lines;
  if (!Array.isArray(lines) || lines.length < 1 || lines.length > MAX_LINES) {
    throw new ReceiptError(`lines: allowed is a list of 1 to ${MAX_LINES} lines`);
  }
  const items = lines.map((line, index) => {
    const quantity = integer(line?.quantity, `lines[${index}].quantity`, 1, 99);
    const price = integer(line?.price_cents, `lines[${index}].price_cents`, 0, 10_000_000);
    return { title: text(line?.title, `lines[${index}].title`), quantity, cents: quantity * price };
  });
  return {
    order: text(event.order, "order"),
    customer: text(event.customer, "customer"),
    lines: items.map(({ title, quantity, cents }) => ({ title, quantity, amount: euros(cents) })),
    total: euros(items.reduce((sum, { cents }) => sum + cents, 0)),
  };
}
