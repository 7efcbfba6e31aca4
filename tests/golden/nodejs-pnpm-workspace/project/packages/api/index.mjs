import { createRequire } from "node:module";
import { versions } from "@acme/shared";

const require = createRequire(import.meta.url);

export const handler = async (event) => ({ ...versions(event.name), api: require("ms/package.json").version });
