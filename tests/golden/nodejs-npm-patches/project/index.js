exports.handler = async () => ({ ms: require("ms")(172800000), thing: require("thing"), lib: require("lib") });
