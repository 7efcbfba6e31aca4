module.exports = { older: require("ms/package.json").version, number: require("is-number/package.json").version, place: __dirname };
