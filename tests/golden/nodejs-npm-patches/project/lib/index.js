module.exports = require("mustache").render("{{word}}", { word: "lib" });
