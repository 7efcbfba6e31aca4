export { handler } from "./generated/orders.js";
