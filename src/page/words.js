// words.js - texts by their key: t("found", { n: 3 }).
//
// A text with a number in it may have two forms, { one, other }; n chooses. {name} is replaced; numbers are written in
// the reader's manner.
import texts from "./texts.js";

const LANGUAGE = "en";
const plural = new Intl.PluralRules(LANGUAGE);
const number = new Intl.NumberFormat(LANGUAGE);

export function count(n) {
	return number.format(n);
}

export function t(key, values = {}) {
	let text = texts[key];
	if (text === undefined) {
		console.error(`no text for ${key}`);
		return key;
	}
	if (typeof text !== "string")
		text = text[plural.select(values.n)] ?? text.other;
	return text.replace(/\{(\w+)\}/g, (_, name) => {
		const value = values[name];
		return typeof value === "number" ? count(value) : String(value ?? "");
	});
}

/* A text that exists, or another one. */
export function known(key, otherwise) {
	return key in texts ? t(key) : otherwise;
}

export function bytes(n) {
	if (n < 1000)
		return t("bytes", { n });
	const units = ["kB", "MB", "GB", "TB"];
	let i = -1;
	do {
		n /= 1000;
		i++;
	} while (n >= 999.5 && i + 1 < units.length);
	return `${n < 10 ? n.toFixed(1) : Math.round(n)} ${units[i]}`;
}

export function upper(text) {
	return text === "" ? text : text[0].toUpperCase() + text.slice(1);
}
