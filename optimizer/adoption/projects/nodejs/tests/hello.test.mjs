// The function without a container: node --test
import assert from "node:assert/strict";
import test from "node:test";

import { handler } from "../functions/hello/index.mjs";

test("greets whom the event names", async () => {
  assert.deepEqual(await handler({ name: "Ada" }), { message: "Hello, Ada" });
});

test("greets the world where the event names nobody", async () => {
  assert.deepEqual(await handler({}), { message: "Hello, world" });
});
