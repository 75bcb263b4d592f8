// search.js - one box for the question, and the messages that fit.
import { html, useEffect, useRef, useState } from "./ui.js";
import { t, known, upper } from "./words.js";
import { isAdmin, say, scope } from "./state.js";
import { get } from "./api.js";
import { go, link } from "./route.js";
import { minute, seconds } from "./time.js";
import { chips, compose, filter, has, toggle } from "./question.js";
import { Icon } from "./icons.js";
import { Button, Failed, Heading, Loading, Notice, Told, VERDICTS, verdictWord } from "./parts.js";
import { Rows, Tools } from "./rows.js";
import { Nothing, Searched } from "./nothing.js";

const LATEST = 'on:"last week"'; // of one owner; all mail of a week may be a lot
const BACK = [900, 3600, 6 * 3600, 86400, 7 * 86400]; // s: so far back the latest of all mail is looked for
const EVER = 86400; // s since 1970: no log is older
const ENOUGH = 20; // messages
const PAGE = 50;
const QUICK = 300; // ms: a server that answers so fast is asked while the reader types
const PAUSE = 220;
const kept = new Map(); // answers of this visit: the back button shows them at once
let lastTook = Infinity;

function remember(key, data) {
	kept.delete(key);
	kept.set(key, data);
	if (kept.size > 20)
		kept.delete(kept.keys().next().value);
}

/* The newest mail of all: a little of the past, and more while that holds little and is quick to read. Where it holds
 * none, whatever there is. */
async function latest(limit, stop) {
	let end = Date.now() / 1000;
	let data;
	for (const back of BACK) {
		const ask = () => get("trace", { q: filter("after", minute(end - back)), limit }, stop);
		const began = performance.now();
		data = await ask();
		const newest = seconds(data.searched.to);
		if (data.found === 0 && newest < end - back) { // old logs
			end = newest;
			data = await ask();
		}
		if (data.found >= ENOUGH || (data.found > 0 && performance.now() - began > QUICK))
			break;
	}
	if (data.found === 0)
		return get("trace", { q: filter("after", minute(EVER)), limit }, stop);
	return data;
}

function messages(q, limit, whose, who, stop) {
	if (q === "" && isAdmin(who) && whose === "")
		return latest(limit, stop);
	return get("trace", { q: q || LATEST, limit, scope: whose }, stop);
}

/* The answer to a question: at once what is known of it, then what the server says now. */
function useMessages(q, limit, who) {
	const whose = scope.use();
	const key = JSON.stringify([q, limit, whose]);
	const [answer, set] = useState({ key, data: kept.get(key) });
	const [turn, again] = useState(0);
	useEffect(() => {
		const stop = new AbortController();
		const began = performance.now();
		set((before) => ({ key, data: kept.get(key) ?? before.data, loading: true, stale: !kept.has(key) }));
		messages(q, limit, whose, who, stop.signal).then((data) => {
			lastTook = performance.now() - began;
			remember(key, data);
			set({ key, data });
		}, (error) => error.name !== "AbortError" && set({ key, error }));
		return () => stop.abort();
	}, [key, turn]);
	return { ...answer, again: () => again(turn + 1) };
}

function Box({ q, hint }) {
	const [text, set] = useState(q);
	const timer = useRef(null);
	const shown = useRef(q);
	useEffect(() => {
		if (q !== shown.current)
			set(q);
		shown.current = q;
	}, [q]);
	useEffect(() => () => clearTimeout(timer.current), []);
	const ask = (words, instead) => {
		clearTimeout(timer.current);
		shown.current = words.trim();
		go(link("search", { q: words.trim() }), { instead });
	};
	const typed = (e) => {
		const words = e.target.value;
		set(words);
		clearTimeout(timer.current);
		if (lastTook < QUICK && (words.trim().length > 2 || words.trim() === ""))
			timer.current = setTimeout(() => ask(words, true), PAUSE);
	};
	const submit = (e) => {
		e.preventDefault();
		ask(text, false);
	};
	return html`<form class="box" role="search" onSubmit=${submit}>
		<label for="question" class="out">${t("question")}</label>
		<${Icon} name="search" />
		<input id="question" type="search" value=${text} onInput=${typed} placeholder=${hint}
			autocomplete="off" autocapitalize="off" spellcheck=${false} enterkeyhint="search" maxlength="4000" />
		<kbd class="slash" aria-hidden="true">/</kbd>
		<button type="submit" class="button main">${t("ask")}</button>
	</form>`;
}

function Chips({ asked }) {
	const list = chips(asked);
	if (list.length === 0)
		return null;
	return html`<ul class="chips" aria-label=${t("filters")}>${list.map((c, i) => html`
		<li key=${i} class="chip set">
		<span class="chip-name">${known(`filter-${c.name}`, c.name)}</span>
		<bdi>${c.name === "verdict" && c.value in VERDICTS ? verdictWord(c.value) : c.value}</bdi>
		<a class="chip-drop" href=${link("search", { q: compose(list.filter((_, k) => k !== i)) })}
			aria-label=${t("drop-filter", { name: known(`filter-${c.name}`, c.name), value: c.value })}>
			<${Icon} name="close" /></a></li>`)}</ul>`;
}

const OFFERED = [["verdict", "refused"], ["verdict", "waiting"], ["verdict", "delivered"], ["on", "today"],
	["on", "yesterday"]];

function Offers({ q }) {
	const rest = OFFERED.filter(([name, value]) => !has(q, name, value));
	return html`<ul class="chips offers" aria-label=${t("narrow")}>${rest.map(([name, value]) => html`
		<li key=${value}>
		<a class="chip" href=${link("search", { q: toggle(q, name, value) })}>
			${name === "verdict" ? verdictWord(value) : t(`day-${value}`)}</a></li>`)}</ul>`;
}

function Examples({ who }) {
	const mailbox = who.mailbox || "anna@example.com";
	const domain = who.domains[0] ?? mailbox.split("@")[1];
	const list = who.role === "mailbox"
		? [t("example-from"), t("example-mine-refused"), t("example-sent", { mailbox })]
		: [t("example-refused", { domain }), "verdict:waiting", "ip:203.0.113.0/24", "id:15309"];
	return html`<p class="examples">${t("for-example")}
		${list.map((q) => html`<a key=${q} href=${link("search", { q })}>${q}</a>`)}</p>`;
}

/* Words that are no question may stand in a log line, or be what somebody wants explained. */
function NotUnderstood({ q, error }) {
	const ways = html`<a href=${link("search", { q: filter("text", q.replaceAll('"', "")) })}>${t("ask-as-text")}</a>
		${" · "}<a href=${link("explain", { text: q })}>${t("ask-explain")}</a>`;
	return html`<${Notice} title=${t("not-understood")} action=${ways}>
		<${Told} text=${upper(error.message)} /><//>`;
}

function Answer({ q, answer, limit, setLimit, who }) {
	const { data, error, loading } = answer;
	useEffect(() => {
		if (data && !loading && q !== "")
			say(t("found", { n: data.found }));
	}, [data, loading]);
	if (error)
		return error.status === 400 ? html`<${NotUnderstood} q=${q} error=${error} />`
			: html`<${Failed} error=${error} again=${answer.again} />`;
	if (!data)
		return html`<${Loading} lines=${8} />`;
	if (data.found === 0)
		return q === "" ? html`<${Notice}>${t("none-yet")}<//><${Searched} searched=${data.searched} />`
			: html`<${Nothing} data=${data} />`;
	const more = data.found - data.messages.length;
	return html`<div class=${answer.stale ? "stale" : ""} aria-busy=${loading ? "true" : undefined}>
		<${Tools} title=${q === "" ? t("latest") : t("found", { n: data.found })} messages=${data.messages}
			reasons=${isAdmin(who) || who.role === "domain" ? data.reasons : []} of=${data.reasons_of} q=${q} />
		<${Rows} messages=${data.messages} />
		${more > 0 && html`<p class="more">${t("shown", { shown: data.messages.length, found: data.found })}
			<${Button} onClick=${() => setLimit(limit * 4)}>${t("show-more")}<//></p>`}
		<${Searched} searched=${data.searched} relative=${data.question?.relative_to} />
	</div>`;
}

export function Search({ route, who }) {
	const q = (route.words.get("q") ?? "").trim();
	const [limit, setLimit] = useState(PAGE);
	useEffect(() => setLimit(PAGE), [q]);
	const answer = useMessages(q, limit, who);
	return html`<section class=${q === "" ? "hero" : "asked"}>
		<${Heading} hidden=${q !== ""}>${t("what-happened")}<//>
		${q === "" && html`<p class="lead">${t(`lead-${who.role}`)}</p>`}
		<${Box} q=${q} hint=${t(who.role === "mailbox" ? "question-hint-mine" : "question-hint")} />
		${q === "" ? html`<${Examples} who=${who} />`
			: html`<div class="filters">${answer.data && html`<${Chips} asked=${answer.data.question} />
				<${Offers} q=${q} />`}</div>`}
	</section>
	<${Answer} q=${q} answer=${answer} limit=${limit} setLimit=${setLimit} who=${who} />`;
}
