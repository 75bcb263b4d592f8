// state.js - what the whole page knows: who asks, whose mail is shown, and how the reader likes it.
import { useEffect, useState } from "./ui.js";

/* A value that components watch. */
export class Value {
	constructor(value) {
		this.value = value;
		this.watchers = new Set();
	}

	set(value) {
		if (value === this.value)
			return;
		this.value = value;
		for (const watcher of [...this.watchers])
			watcher(value);
	}

	use() {
		const [value, set] = useState(this.value);
		useEffect(() => {
			set(this.value);
			this.watchers.add(set);
			return () => this.watchers.delete(set);
		}, []);
		return value;
	}
}

/* One that this browser remembers; where it may not store anything, it is forgotten. */
class Kept extends Value {
	constructor(name, otherwise, store = localStorage) {
		let value = null;
		try {
			value = store.getItem(`telltale-${name}`);
		} catch {}
		super(value ?? otherwise);
		this.name = name;
		this.store = store;
	}

	set(value) {
		try {
			this.store.setItem(`telltale-${this.name}`, value);
		} catch {}
		super.set(value);
	}
}

class Me extends Value {
	/* The server no longer knows this session. */
	ended() {
		if (this.value !== null && this.value.role !== "nobody")
			this.set({ ...this.value, role: "nobody", mailbox: null, domains: [], token: "" });
	}
}

export const me = new Me(null);
export const scope = new Kept("scope", "", sessionStorage); // whose mail, where one may choose; "": the session's own
export const zone = new Kept("zone", "log"); // log, mine
export const theme = new Kept("theme", "auto"); // auto, light, dark
export const rows = new Kept("rows", "wide"); // wide, dense
export const said = new Value(""); // told to screen readers

export function say(text) {
	said.set("");
	setTimeout(() => said.set(text), 50);
}

export function isAdmin(who) {
	return who?.role === "administrator";
}

function paint(value) {
	if (value === "auto")
		delete document.documentElement.dataset.theme;
	else
		document.documentElement.dataset.theme = value;
}
paint(theme.value);
theme.watchers.add(paint);
