// The setting that .yarnrc.yml holds is known to Yarn by this plugin alone.
const configuration = { shopName: { description: "The shop's name", type: "STRING", default: null } };
module.exports = { name: "plugin-shop", factory: () => ({ default: { configuration } }) };
