// vendor.mjs [--check] - lay what the page uses of others' work into src/page/vendor, from node_modules (npm ci).
//
// Nothing is built: files are as their authors publish them, but for the names that they import each other by
// (a browser knows no packages). --check compares and changes nothing.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const modules = path.join(here, "node_modules");
const target = path.join(here, "../../src/page/vendor");

const FILES = [
	{ to: "preact.js", from: "preact/dist/preact.module.js" },
	{ to: "hooks.js", from: "preact/hooks/dist/hooks.module.js", names: { preact: "./preact.js" } },
	{ to: "htm.js", from: "htm/dist/htm.module.js" },
];
const PACKAGES = ["preact", "htm"];

function read(name) {
	return fs.readFileSync(path.join(modules, name), "utf8");
}

function file({ from, names = {} }) {
	let text = read(from).replace(/\n?\/\/# sourceMappingURL=.*\n?/, "");
	for (const [name, to] of Object.entries(names))
		text = text.replaceAll(`from"${name}"`, `from"${to}"`);
	return text.trimEnd() + "\n";
}

function licences() {
	return PACKAGES.map((name) => {
		const { version, license } = JSON.parse(read(`${name}/package.json`));
		return `${name} ${version} (${license})\n\n${read(`${name}/LICENSE`).trim()}\n`;
	}).join("\n" + "-".repeat(72) + "\n\n");
}

const made = new Map(FILES.map((f) => [f.to, file(f)]));
made.set("LICENCES.txt", licences());
const wrong = [...made].filter(([name, text]) => {
	const at = path.join(target, name);
	return !fs.existsSync(at) || fs.readFileSync(at, "utf8") !== text;
});
if (process.argv.includes("--check")) {
	for (const [name] of wrong)
		console.error(`src/page/vendor/${name} is not what node test/page/vendor.mjs makes of the lock file`);
	process.exit(wrong.length > 0 ? 1 : 0);
}
fs.mkdirSync(target, { recursive: true });
for (const [name, text] of wrong)
	fs.writeFileSync(path.join(target, name), text);
