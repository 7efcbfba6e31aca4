exports.handler = async () => ({ ms: require("ms/package.json").version, ...require("@acme/text") });
