// question.js - the text of a question, cut into words and filters and put together again.

/* from:"a b" and bare words, as the server cuts them. */
function words(text) {
	return text.match(/(?:[^\s"]+|"[^"]*"?)+/g) ?? [];
}

function quoted(value) {
	return /\s/.test(value) && !value.includes('"') ? `"${value}"` : value;
}

export function filter(name, value) {
	return `${name}:${quoted(value)}`;
}

/* The question, and these filters too. */
export function narrowed(q, ...filters) {
	return [q, ...filters].filter((x) => x !== "").join(" ");
}

const FILTERS = ["from", "to", "any", "ip", "id", "verdict", "reason", "login", "port", "text",
	"on", "after", "before"];

/* The filters of an answer's question, one chip each: [{ name, value }]. */
export function chips(asked) {
	const out = [];
	for (const name of FILTERS)
		for (const value of [asked?.[name] ?? []].flat())
			out.push({ name, value });
	return out;
}

/* The question of these chips. */
export function compose(list) {
	return list.map((c) => filter(c.name, c.value)).join(" ");
}

export function has(text, name, value) {
	return words(text).includes(filter(name, value));
}

/* With that filter instead of others of its name; without it, if it stands there already. */
export function toggle(text, name, value) {
	const rest = words(text).filter((w) => !w.startsWith(`${name}:`));
	const was = has(text, name, value);
	return (was ? rest : [...rest, filter(name, value)]).join(" ");
}
