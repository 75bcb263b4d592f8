// explain.js - paste a line, a code or a whole bounce: what it means, whether it is final, who must act.
import { html, useEffect, useRef, useState } from "./ui.js";
import { t, known } from "./words.js";
import { say } from "./state.js";
import { post } from "./api.js";
import { go, link } from "./route.js";
import { filter } from "./question.js";
import { span } from "./time.js";
import { Address, Failed, Heading, Notice, Time } from "./parts.js";

const IN_LINK = 600; // a longer text is not put into the address
const EXAMPLES = ["DENIED_RDNS_MISSING", "550 5.1.1 user unknown", "did_0+0+1/", "421 4.7.0 Try again later",
	"250 ok 1615286631 qp 15309"];

function Final({ value }) {
	const key = value === null ? "open" : value ? "yes" : "no";
	return html`
		<span
		class=${`verdict tone-${{ open: "none", yes: "bad", no: "later" }[key]}`}>${t(`final-${key}`)}</span>`;
}

function Value({ name, value }) {
	const text = String(value);
	if (name === "passes")
		return html`<bdi>${text}</bdi>`;
	if (["qp", "connection", "delivery"].includes(name))
		return html`<a href=${link("search", { q: filter("id", `${name} ${text}`) })}>${text}</a>`;
	return /@/.test(text) && !/\s/.test(text) ? html`<a href=${link("search", { q: filter("any", text) })}>
		<bdi>${text}</bdi></a>` : html`<bdi>${text}</bdi>`;
}

function Fields({ fields }) {
	const list = Object.entries(fields ?? {});
	if (list.length === 0)
		return null;
	return html`<section class="card"><h2>${t("its-parts")}</h2>
		<dl class="pairs">${list.map(([name, value]) => html`<div key=${name}>
		<dt>${known(`field-${name}`, name.replace(/_/g, " "))}</dt><dd>
			<${Value} name=${name} value=${value} /></dd></div>`)}</dl></section>`;
}

function Who({ who, advice }) {
	return advice && html`<section class="next"><h2>${t("next")}</h2><ul>
		<li><span class=${`who who-${who}`}>${t(`who-${who}`)}</span><bdi>${advice}</bdi></li></ul></section>`;
}

function Recipient({ r }) {
	return html`<div class="explained">
		<p><strong><${Address} value=${r.address} /></strong> <${Final} value=${r.final} /></p>
		<p><bdi>${r.meaning}</bdi></p>
		${r.reply && html`<p class="mono faint"><bdi>${r.host ? `${r.host}: ` : ""}${r.reply}</bdi></p>`}
		<${Who} who=${r.who} advice=${r.advice} /></div>`;
}

function Recipients({ list, more }) {
	return list?.length > 0 && html`<section class="card">
		<h2>${t("recipients", { n: list.length + (more ?? 0) })}</h2>
		${list.map((r, i) => html`<${Recipient} key=${i} r=${r} />`)}</section>`;
}

function Hop({ h }) {
	const from = h.from ?? h.ip ?? t("hop-here");
	return html`<li>
		<p><strong><bdi>${from}</bdi></strong> ${t("to")} <strong><bdi>${h.by ?? "?"}</bdi></strong></p>
		<p class="faint hop-facts">${h.time && html`<${Time} at=${h.time} day zoned />`}
			${h.delay > 0 && html`<span>${t("after", { span: span(h.delay) })}</span>`}
			<span>${t(h.encrypted ? "hop-encrypted" : "hop-clear")}</span>
			${h.id && html`<bdi class="mono">${h.id}</bdi>`}</p></li>`;
}

function Hops({ hops, odd }) {
	return html`${hops?.length > 0 && html`<section class="card"><h2>${t("hops")}</h2>
			<ol class="hops">${hops.map((h, i) => html`<${Hop} key=${i} h=${h} />`)}</ol></section>`}
		${odd?.length > 0 && html`<${Notice} kind="warning" title=${t("odd")}>
			<ul class="bullets">${odd.map((o, i) => html`<li key=${i}><bdi>${o}</bdi></li>`)}</ul><//>`}`;
}

function Explained({ x }) {
	if (x.kind === "unknown")
		return html`<${Notice} title=${t("explain-unknown")}>${x.advice}<//>`;
	return html`<section class="card explained-head">
		<p class="kind">${known(`kind-${x.kind}`, x.kind.replace(/-/g, " "))} <${Final} value=${x.final} /></p>
			<p class="verdict-said"><bdi>${x.meaning}</bdi></p></section>
		<${Who} who=${x.who} advice=${x.advice} />
			<${Recipients} list=${x.recipients} more=${x.more_recipients} />
		<${Hops} hops=${x.hops} odd=${x.odd} /><${Fields} fields=${x.fields} />`;
}

export function Explain({ route }) {
	const asked = route.words.get("text") ?? "";
	const [text, set] = useState(asked);
	const [answer, setAnswer] = useState({});
	const stop = useRef(null);
	useEffect(() => {
		if (asked !== "")
			set(asked);
	}, [asked]);
	useEffect(() => {
		stop.current?.abort();
		if (text.trim() === "") {
			setAnswer({});
			return undefined;
		}
		const own = new AbortController();
		stop.current = own;
		const timer = setTimeout(() => {
			if (text.length <= IN_LINK)
				go(link("explain", { text }), { instead: true });
			post("explain", { text }, own.signal).then((data) => {
				setAnswer({ data });
				say(data.meaning);
			}, (error) => error.name !== "AbortError" && setAnswer({ error }));
		}, 200);
		return () => clearTimeout(timer);
	}, [text]);
	return html`<${Heading}>${t("explain-title")}<//><p class="lead">${t("explain-lead")}</p>
		<label class="out" for="explain">${t("explain-label")}</label>
		<textarea id="explain" class="field" rows="6" spellcheck=${false} placeholder=${t("explain-hint")}
			maxlength="1000000"
			value=${text} onInput=${(e) => set(e.target.value)}></textarea>
		${text === "" && html`<p class="examples">${t("for-example")} ${EXAMPLES.map((x) => html`
			<a key=${x} href=${link("explain", { text: x })}>${x}</a>`)}</p>`}
		<div class="explain-out">${answer.error && html`
			<${Failed} error=${answer.error} />`}${answer.data && html`
			<${Explained} x=${answer.data} />`}</div>`;
}
