/**
 * The restore protocol of Lambda's SnapStart, which AWS's client for Node.js leaves to the code.
 *
 * The client imports the handler's module before it asks for the first invocation, so a module that waits at its end
 * speaks the protocol in the right place. Only ES modules can wait there: *.mjs, or "type": "module" in package.json.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-custom.html
 */
import { request } from "node:http";

const before = [];
const after = [];

/** Run a hook before the snapshot is taken; the last one that was registered runs first. */
export function beforeSnapshot(hook) {
  before.unshift(hook);
}

/** Run a hook in each environment that is restored from the snapshot, before its first invocation; the first one runs first. */
export function afterRestore(hook) {
  after.push(hook);
}

/** Let Lambda take the snapshot here: `await restored()` is the last statement of the handler's module. */
export async function restored() {
  if (process.env.AWS_LAMBDA_INITIALIZATION_TYPE !== "snap-start") {
    return;
  }
  await run(before, "init/error", "Runtime.BeforeSnapshotError");
  // Blocks; the answer comes after a restore, which may be weeks later.
  const status = await call("GET", "restore/next");
  if (status !== 200) {
    // Without a restore there is nothing to serve; the client reports what its import of this module throws.
    throw new Error(`the Runtime API answered ${status} to restore/next`);
  }
  await run(after, "restore/error", "Runtime.AfterRestoreError");
}

async function run(hooks, path, type) {
  try {
    for (const hook of hooks) {
      await hook();
    }
  } catch (error) {
    console.error(error);
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    const body = JSON.stringify({ errorMessage: message, errorType: name, stackTrace: String(stack).split("\n") });
    await call("POST", path, body, { "Lambda-Runtime-Function-Error-Type": type }).catch(console.error);
    process.exit(1);
  }
}

/** The status of a call. Its connection is its own and has no time-out: fetch gives up after minutes, and shares connections. */
function call(method, path, body = "", headers = {}) {
  return new Promise((resolve, reject) => {
    const url = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/${path}`;
    const sent = request(url, { method, headers: { "Content-Length": Buffer.byteLength(body), ...headers }, agent: false }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode));
      answer.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
