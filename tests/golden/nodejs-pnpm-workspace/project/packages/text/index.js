const mustache = require("mustache");

exports.greeting = (name) => mustache.render("Hello {{name}}", { name });
