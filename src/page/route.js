// route.js - where we are: #/search?q=from:a@b. Names of views, and words that go with them; the back button works.
import { Value } from "./state.js";

export function link(view, words = {}) {
	const query = new URLSearchParams();
	for (const [name, value] of Object.entries(words))
		if (value !== undefined && value !== null && value !== "")
			query.set(name, value);
	const text = query.toString();
	return `#/${view}${text === "" ? "" : `?${text}`}`;
}

function read() {
	const text = location.hash.replace(/^#\/?/, "");
	const at = text.indexOf("?");
	const path = at < 0 ? text : text.slice(0, at);
	const [view, ...rest] = path.split("/").map(plain);
	return { view: view || "search", rest, words: new URLSearchParams(at < 0 ? "" : text.slice(at + 1)) };
}

function plain(text) {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

/* A new entry for the back button, or the same one with other words. */
export function go(to, { instead = false } = {}) {
	if (to === location.hash)
		return;
	if (instead) {
		history.replaceState(history.state, "", to);
		dispatchEvent(new HashChangeEvent("hashchange"));
	} else {
		location.hash = to;
	}
}

/* The address may change before the first view has begun to listen: what is here is noted outside of all views. */
const here = new Value(read());
addEventListener("hashchange", () => here.set(read()));

export function useRoute() {
	return here.use();
}

/* The address of this page with that place in it, to give to others. */
export function whole(to) {
	return location.href.replace(/#.*$/, "") + to;
}

/* Where the reader searched last, to go back to. */
let last = link("search");
function note() {
	if (here.value.view === "search")
		last = location.hash || link("search");
}
note();
here.watchers.add(note);

export function lastSearch() {
	return last;
}
