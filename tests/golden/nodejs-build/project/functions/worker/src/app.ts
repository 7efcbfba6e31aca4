declare const require: (name: string) => (text: string) => number;
const ms = require("ms");

export const handler = async (event: { text: string }): Promise<number> => ms(event.text);
