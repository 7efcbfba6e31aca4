import { createRequire } from "node:module";
import text from "@acme/text";

const require = createRequire(import.meta.url);

export function versions(name: string): { greeting: string; shared: string } {
  return { greeting: text.greeting(name), shared: require("ms/package.json").version };
}
