const isNumber = require("is-number");
const { greeting } = require("@acme/text");

exports.handler = async (event) => ({ greeting: greeting(event.name), number: isNumber("7"), worker: require("ms/package.json").version });
