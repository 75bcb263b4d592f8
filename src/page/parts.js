// parts.js - the pieces that views are made of.
import { html, useEffect, useRef, useState } from "./ui.js";
import { t } from "./words.js";
import { say, zone } from "./state.js";
import { both, parts } from "./time.js";
import { link } from "./route.js";
import { Icon } from "./icons.js";

/* What each verdict looks like: never by colour alone. */
export const VERDICTS = {
	delivered: { tone: "good", icon: "delivered" },
	forwarded: { tone: "moved", icon: "forwarded" },
	relayed: { tone: "moved", icon: "relayed" },
	waiting: { tone: "wait", icon: "waiting" },
	refused: { tone: "bad", icon: "refusedv" },
	"refused-temporarily": { tone: "later", icon: "later" },
	returned: { tone: "back", icon: "returned" },
	discarded: { tone: "none", icon: "discarded" },
	abandoned: { tone: "none", icon: "abandoned" },
	unknown: { tone: "none", icon: "unknown" },
	mixed: { tone: "mixed", icon: "mixed" },
};

export function toneOf(verdict) {
	return (VERDICTS[verdict] ?? VERDICTS.unknown).tone;
}

/* It has arrived, here or where it was sent on to. */
export function isGood(verdict) {
	return ["good", "moved"].includes(toneOf(verdict));
}

export function verdictWord(verdict) {
	return t(`verdict-${verdict in VERDICTS ? verdict : "unknown"}`);
}

export function Verdict({ verdict, big }) {
	const look = VERDICTS[verdict] ?? VERDICTS.unknown;
	return html`<span class=${`verdict tone-${look.tone}${big ? " big" : ""}`}>
		<${Icon} name=${look.icon} />${verdictWord(verdict)}</span>`;
}

/* A moment in the zone that the reader chose; both zones when pointed at. */
export function Time({ at, day = false, zoned = false }) {
	const p = parts(at, zone.use());
	if (p === null)
		return html`<span>${at ?? ""}</span>`;
	const words = [day ? p.date : "", p.clock, zoned ? p.zone : ""].filter((x) => x !== "").join(" ");
	return html`<time datetime=${at} title=${both(at)}>${words}</time>`;
}

/* An address of a log: in a direction of its own, so that no mark in it turns what stands around it. */
export function Address({ value }) {
	return html`<bdi class="address">${value === null ? t("no-address") : value === "" ? "<>" : value}</bdi>`;
}

export function Notice({ kind = "info", title, children, action }) {
	const icon = kind === "info" ? "info" : "warning";
	return html`<div class=${`notice notice-${kind}`} role=${kind === "error" ? "alert" : undefined}>
		<${Icon} name=${icon} /><div>
			${title && html`<p class="notice-title">${title}</p>`}
			<div>${children}</div>
			${action && html`<p class="notice-action">${action}</p>`}
		</div></div>`;
}

export function Failed({ error, again }) {
	return html`<${Notice} kind="error" title=${t("failed")}
		action=${again && html`<${Button} onClick=${again}>${t("again")}<//>`}>${error.message}<//>`;
}

export function Loading({ lines = 6, label = t("loading") }) {
	return html`<div class="loading" role="status"><span class="out">${label}</span>
		${Array.from({ length: lines }, (_, i) => html`
			<div key=${i} class="bone" aria-hidden="true"></div>`)}</div>`;
}

export function Button({ kind = "plain", icon, children, ...more }) {
	return html`<button type="button" class=${`button ${kind}`} ...${more}>
		${icon && html`<${Icon} name=${icon} />`}<span>${children}</span></button>`;
}

/* Copies a text; says so where it stands and to screen readers. */
export function Copy({ text, children, icon = "copy", kind }) {
	const [done, set] = useState(null);
	useEffect(() => {
		if (done === null)
			return undefined;
		const timer = setTimeout(() => set(null), 2000);
		return () => clearTimeout(timer);
	}, [done]);
	const copy = async () => {
		const ok = await copyText(typeof text === "function" ? text() : text);
		set(t(ok ? "copied" : "not-copied"));
		say(t(ok ? "copied" : "not-copied"));
	};
	return html`<${Button} kind=${kind} icon=${done ? "delivered" : icon} onClick=${copy}>${done ?? children}<//>`;
}

async function copyText(text) {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		return copyOld(text);
	}
}

/* The clipboard is for pages by HTTPS; by HTTP there is the old way. */
function copyOld(text) {
	const area = document.createElement("textarea");
	area.value = text;
	area.className = "out";
	document.body.append(area);
	area.select();
	let ok = false;
	try {
		ok = document.execCommand("copy");
	} catch {}
	area.remove();
	return ok;
}

/* One of a few: radio buttons that look like a switch. */
export function Choice({ name, label, value, options, onChange }) {
	return html`<fieldset class="choice"><legend class="out">${label}</legend>
		${options.map(([key, words]) => html`<label key=${key} class=${key === value ? "chosen" : ""}>
			<input type="radio" name=${name} value=${key} checked=${key === value}
				onChange=${() => onChange(key)} />
			<span>${words}</span></label>`)}</fieldset>`;
}

/* The element does the rest: it holds the focus, Escape closes it, and what is behind cannot be reached. */
export function Dialog({ title, children, onClose }) {
	const at = useRef(null);
	useEffect(() => {
		const before = document.activeElement;
		at.current.showModal();
		return () => before?.isConnected && before.focus();
	}, []);
	const outside = (e) => e.target === at.current && onClose();
	return html`<dialog ref=${at} class="dialog" aria-labelledby="dialog-title" onClose=${onClose}
		onClick=${outside}>
		<div class="dialog-in"><h2 id="dialog-title">${title}</h2>${children}</div></dialog>`;
}

export function Confirm({ title, children, yes, danger, onYes, onClose, busy, error }) {
	return html`<${Dialog} title=${title} onClose=${onClose}>
		<div class="dialog-text">${children}</div>
		${error && html`<p class="wrong" role="alert">${error.message}</p>`}
		<div class="dialog-acts">
			<${Button} onClick=${onClose}>${t("cancel")}<//>
			<${Button} kind=${danger ? "danger" : "main"} onClick=${onYes} disabled=${busy}>${yes}<//>
		</div><//>`;
}

/* The heading of a view takes the focus when the view appears, so that a screen reader begins there. */
export function Heading({ children, hidden }) {
	return html`<h1 id="heading" tabindex="-1" class=${hidden ? "out" : ""}>${children}</h1>`;
}

/* A link to the messages that a question finds. */
export function Question({ q, children }) {
	return html`<a href=${link("search", { q })}>${children}</a>`;
}

const COMMAND = /`?telltale (explain|stats|trace)(?: ([^`.]+))?`?/;
const VIEW_OF = { explain: "explain", stats: "overview", trace: "search" };

/* Sentences of the server name the commands that go on from there: here they are links to the same. */
export function Told({ text }) {
	const m = COMMAND.exec(text);
	if (m === null)
		return html`${text}`;
	const [all, command, q] = m;
	const to = link(VIEW_OF[command], command === "trace" ? { q } : {});
	return html`${text.slice(0, m.index)}<a href=${to}>${q ?? t(`view-${VIEW_OF[command]}`)}</a>
		<${Told} text=${text.slice(m.index + all.length)} />`;
}

/* columns: [heading, cell of a row, "num" where it is a number, "spark" where it is a picture]. On a phone a row is a
 * block, and its cells bear their headings. */
export function Table({ label, columns, rows }) {
	return html`<div class="table-wrap" tabindex="0" role="region" aria-label=${label}><table>
		<thead><tr>${columns.map(([name, , kind], i) => html`
			<th key=${i} scope="col" class=${kind}>${kind === "spark" ? html`<span class="out">${name}</span>` : name}
			</th>`)}</tr></thead>
		<tbody>${rows.map((r, i) => html`<tr key=${i}>${columns.map(([name, cell, kind], k) => k === 0
			? html`<th key=${k} scope="row">${cell(r)}</th>`
			: html`<td key=${k} class=${kind} data-name=${kind === "spark" ? undefined : name}>
				${cell(r)}</td>`)}</tr>`)}
		</tbody></table></div>`;
}

export function More({ n }) {
	return n > 0 && html`<p class="faint more-rows">${t("more-rows", { n })}</p>`;
}

/* What a question to the server is at: { data, error, loading, again }. A newer question ends an older one. */
export function useAnswer(ask, keys) {
	const [answer, set] = useState({ loading: true });
	const [turn, again] = useState(0);
	useEffect(() => {
		const stop = new AbortController();
		set((before) => ({ ...before, loading: true }));
		ask(stop.signal).then(
			(data) => set({ data, loading: false }),
			(error) => error.name !== "AbortError" && set({ error, loading: false }));
		return () => stop.abort();
	}, [...keys, turn]);
	return { ...answer, again: () => again(turn + 1) };
}
