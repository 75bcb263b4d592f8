// shell.js - what stands around every view: the bar with the views, the account, the foot.
import { html, useEffect, useRef, useState } from "./ui.js";
import { t } from "./words.js";
import { isAdmin, me, said } from "./state.js";
import { go, link } from "./route.js";
import { Icon, Logo } from "./icons.js";
import { Account } from "./account.js";

const VIEWS = [
	{ view: "search", icon: "search" },
	{ view: "refused", icon: "refused" },
	{ view: "overview", icon: "overview" },
	{ view: "live", icon: "live" },
	{ view: "queue", icon: "queue" },
	{ view: "explain", icon: "explain" },
];

/* The views of a role, in its order of use. */
function viewsOf(who) {
	const order = isAdmin(who) ? ["search", "overview", "live", "queue", "refused", "explain"]
		: ["search", "refused", "overview", "live", "queue", "explain"];
	const seen = who.role === "mailbox" ? order.filter((v) => v !== "queue") : order;
	return seen.map((v) => VIEWS.find((x) => x.view === v));
}

function Views({ who, view }) {
	const at = { story: "search" }[view] ?? view;
	return html`<nav class="views" aria-label=${t("views")}>
		${viewsOf(who).map((v) => html`
			<a key=${v.view} href=${link(v.view)} aria-current=${v.view === at ? "page" : undefined}>
			<${Icon} name=${v.icon} /><span>${t(`view-${v.view}`)}</span></a>`)}</nav>`;
}

/* "/" goes to the question, from everywhere. */
function useSlash(who) {
	useEffect(() => {
		const press = (e) => {
			const typing = e.target.closest?.("input, textarea, select, [contenteditable], dialog");
			if (e.key !== "/" || e.ctrlKey || e.metaKey || e.altKey || typing || who.role === "nobody")
				return;
			e.preventDefault();
			const box = document.getElementById("question");
			if (box === null)
				go(link("search"));
			else
				box.select();
			(box ?? { focus() {} }).focus();
			if (box === null)
				waitFor("question");
		};
		addEventListener("keydown", press);
		return () => removeEventListener("keydown", press);
	}, [who.role]);
}

function waitFor(id, turns = 20) {
	requestAnimationFrame(() => {
		const box = document.getElementById(id);
		if (box !== null)
			box.focus();
		else if (turns > 0)
			waitFor(id, turns - 1);
	});
}

function Said() {
	return html`<div class="out" role="status" aria-live="polite">${said.use()}</div>`;
}

/* The focus goes to the heading of a new view; not at the first one, where it would take the reader's place. */
function useFocus(view) {
	const first = useRef(true);
	useEffect(() => {
		if (first.current) {
			first.current = false;
			return;
		}
		scrollTo(0, 0);
		(document.getElementById("heading") ?? document.getElementById("main"))?.focus({ preventScroll: true });
	}, [view]);
}

/* account: the address is that of the panel, which the weekly letter leads to. */
export function Shell({ view, account, children }) {
	const who = me.use();
	const [open, setOpen] = useState(false);
	useSlash(who);
	useFocus(view);
	useEffect(() => setOpen(account), [view, account]);
	return html`
		<a class="skip" href="#main" onClick=${skip}>${t("skip")}</a>
		<header class="top"><div class="top-in">
			<a class="brand" href=${link("search")}><${Logo} />telltale</a>
			${who.role === "nobody" ? html`<span class="views-none"></span>` : html`
				<${Views} who=${who} view=${view} />`}
			${who.role !== "nobody" && html`<${Account} who=${who} open=${open} setOpen=${setOpen} />`}
		</div></header>
		<main id="main" class="page" tabindex="-1">${children}</main>
		<footer class="foot"><span>${who.hostname}</span>
			${who.contact && html`
				<span>${t("contact")} <a href=${`mailto:${who.contact}`}>${who.contact}</a></span>`}
			${who.version && html`<span>Telltale ${who.version}</span>`}</footer>
		<${Said} />`;
}

/* The hash is our route, so the link moves the focus itself. */
function skip(e) {
	e.preventDefault();
	document.getElementById("main").focus();
}
