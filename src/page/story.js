// story.js - one message: the verdict in words, what to do next, what is known of it.
import { html, useEffect } from "./ui.js";
import { t, bytes } from "./words.js";
import { isAdmin, say, scope } from "./state.js";
import { get } from "./api.js";
import { lastSearch, link, whole } from "./route.js";
import { filter } from "./question.js";
import { longDay, minute, parts, seconds } from "./time.js";
import { Icon } from "./icons.js";
import { Address, Button, Copy, Failed, Heading, Loading, Notice, Time, Verdict, VERDICTS } from "./parts.js";
import { isGood, toneOf, useAnswer, verdictWord } from "./parts.js";
import { Rows, To, counts, openedAt, placeOf, storyLink } from "./rows.js";
import { Timeline } from "./timeline.js";
import { ticket } from "./ticket.js";

/* Of the messages that bear the id the one that is meant; null: that has to be chosen. */
function chosen(messages, words) {
	let list = messages;
	for (const name of ["at", "from", "to", "line"]) {
		const want = words.get(name);
		if (want === null || list.length < 2)
			continue;
		const of = (m) => ({
			at: m.time, from: m.from || "<>", to: m.recipients[0]?.address, line: String(m.timeline[0]?.evidence.line),
		})[name];
		const fit = list.filter((m) => of(m) === want);
		list = fit.length > 0 ? fit : list;
	}
	return list.length === 1 ? list[0] : null;
}

function question(words) {
	const id = words.get("id");
	if (id !== null)
		return filter("id", id);
	const at = seconds(words.get("at"));
	const list = ["from", "to"].filter((n) => words.get(n)).map((n) => filter(n, words.get(n)));
	if (!Number.isNaN(at))
		list.push(filter("after", minute(at)), filter("before", minute(at + 60)));
	return list.join(" ");
}

function Next({ recipients }) {
	const seen = new Set();
	const list = recipients.flatMap((r) => r.advice).filter((a) => {
		const key = `${a.who} ${a.what}`;
		return !seen.has(key) && seen.add(key);
	});
	if (list.length === 0)
		return null;
	return html`<section class="next"><h2>${t("next")}</h2><ul>${list.map((a, i) => html`<li key=${i}>
		<span class=${`who who-${a.who}`}>${t(`who-${a.who}`)}</span>
			<bdi>${a.what}</bdi></li>`)}</ul></section>`;
}

function Passes({ text }) {
	return text && html`<p class="passes"><strong>${t("passes")}</strong> <bdi>${text}</bdi></p>`;
}

/* The head of a story with one recipient says all that there is to say; with several it counts. */
function Head({ m }) {
	const r = m.recipients;
	const one = r.length === 1 ? r[0] : null;
	const day = parts(m.time, "log");
	const title = r.length > 1 && m.verdict === "mixed" ? t("mixed-of", { n: r.length }) : verdictWord(m.verdict);
	return html`<header class=${`verdict-card tone-${toneOf(m.verdict)}`}>
		<div class="verdict-badge"><${Icon} name=${(VERDICTS[m.verdict] ?? VERDICTS.unknown).icon} /></div>
		<div class="verdict-text"><${Heading}>${title}<//>
			<p class="verdict-who"><${Address} value=${m.from} /> <${Icon} name="relayed" />
				<span class="out"> ${t("to")} </span><${To} recipients=${r} /></p>
			<p class="verdict-when">${day && longDay(day.date)}, <${Time} at=${m.time} zoned /></p>
			${one ? html`<p class="verdict-said"><bdi>${one.summary}</bdi></p>
				<p class="verdict-why"><bdi>${one.explanation}</bdi></p><${Passes} text=${one.passes} />`
				: html`<p class="verdict-said">${r.length > 0 ? counts(r) : ""}</p>`}
		</div></header>`;
}

function Recipient({ r, open }) {
	return html`<details class=${`recipient edge-${toneOf(r.verdict)}`} open=${open}>
		<summary><${Verdict} verdict=${r.verdict} /><span class="recipient-who">
			<${Address} value=${r.address} /></span>
			<span class="recipient-said"><bdi>${r.summary}</bdi></span></summary>
		<div class="recipient-in"><p><bdi>${r.explanation}</bdi></p><${Passes} text=${r.passes} />
			<${Next} recipients=${[r]} /></div></details>`;
}

function Recipients({ m }) {
	if (m.recipients.length < 2)
		return html`<${Next} recipients=${m.recipients} />`;
	const good = (r) => isGood(r.verdict);
	const order = [...m.recipients].sort((a, b) => good(a) - good(b));
	const bad = order.filter((r) => !good(r)).length;
	return html`<section class="card"><h2>${t("recipients", { n: m.recipients.length })}</h2>
		${order.map((r, i) => html`<${Recipient} key=${i} r=${r} open=${!good(r) && bad <= 3} />`)}</section>`;
}

function Fact({ name, children }) {
	return html`<div><dt>${t(`fact-${name}`)}</dt><dd>${children}</dd></div>`;
}

function few(list, most) {
	return list.slice(0, most).join(", ") + (list.length > most ? " …" : "");
}

function Facts({ m }) {
	const c = m.client ?? {};
	const ids = m.ids;
	const search = (name, value, words) => html`<a href=${link("search", { q: filter(name, value) })}>
		<bdi>${words ?? value}</bdi></a>`;
	return html`<section class="card facts"><h2>${t("facts")}</h2><dl>
		<${Fact} name="from">${m.from ? search("from", m.from) : html`<${Address} value=${m.from} />`}<//>
		${m.size !== null && html`<${Fact} name="size">${bytes(m.size)}<//>`}
		${c.ip && html`<${Fact} name="client">${search("ip", c.ip)}${c.rdns && html`<br />
			<bdi class="faint">${c.rdns}</bdi>`}<//>`}
		${c.auth && html`<${Fact} name="login"><bdi>${c.auth}</bdi><//>`}
		<${Fact} name="encryption">${c.encryption ? html`<bdi>${c.encryption}</bdi>` : t("none-known")}<//>
		${ids.connection && html`
			<${Fact} name="connection">${search("id", `connection ${ids.connection}`, ids.connection)}<//>`}
		${ids.qp && html`<${Fact} name="qp">${search("id", `qp ${ids.qp}`, ids.qp)}<//>`}
		${ids.queue && html`<${Fact} name="queue-id">${search("id", ids.queue)}<//>`}
		${ids.message_id && html`<${Fact} name="message-id"><bdi class="mono">${ids.message_id}</bdi><//>`}
		${ids.host && html`<${Fact} name="host"><bdi>${ids.host}</bdi> ${ids.server}<//>`}
		${ids.deliveries.length > 0 && html`<${Fact} name="deliveries">${few(ids.deliveries, 12)}<//>`}
		<${Fact} name="confidence"><strong>${t(`confidence-${m.confidence}`)}</strong><br />
			<span class="faint">${t(`confidence-${m.confidence}-why`)}</span><//>
	</dl></section>`;
}

function Relative({ c }) {
	return html`<li><span class="faint">${t(`kin-${c.relation ?? "origin"}`)}</span><${Verdict} verdict=${c.verdict} />
		<a href=${link("story", { id: c.qp ? `qp ${c.qp}` : c.queue })}><bdi>${few(c.recipients, 3)}</bdi></a></li>`;
}

function Hop({ h }) {
	return html`<li><span class="faint">${t("kin-hop")}</span><${Verdict} verdict=${h.verdict} />
		<a href=${link("story", { id: h.qp ? `qp ${h.qp}` : h.queue })}><bdi>${h.host || t("this-server")}</bdi></a>
		<${Time} at=${h.time} day /></li>`;
}

/* Messages that came out of this one or that it came out of, and the servers it went through. */
function Kin({ m }) {
	const others = m.chain.filter((c) => c.qp !== m.ids.qp || c.queue !== m.ids.queue);
	if (others.length === 0 && m.hops.length === 0)
		return null;
	return html`<section class="card"><h2>${t("kin")}</h2><ul class="kin">
		${others.map((c, i) => html`<${Relative} key=${i} c=${c} />`)}
		${m.hops.map((h, i) => html`<${Hop} key=${`hop ${i}`} h=${h} />`)}</ul></section>`;
}

function save(m) {
	const url = URL.createObjectURL(new Blob([JSON.stringify(m, null, 2)], { type: "application/json" }));
	const a = document.createElement("a");
	a.href = url;
	a.download = `message-${m.ids.qp ?? m.ids.queue ?? m.ids.connection ?? "story"}.json`.replace(/[^\w.-]/g, "_");
	a.click();
	setTimeout(() => URL.revokeObjectURL(url), 10000);
	say(t("saved"));
}

/* On paper nothing can be unfolded. */
function printAll() {
	for (const d of document.querySelectorAll(".story details:not([open])"))
		d.open = true;
	print();
}

function Acts({ m, here }) {
	return html`<div class="acts no-print">
		<${Copy} icon="link" text=${here}>${t("copy-link")}<//>
		<${Copy} icon="copy" text=${() => ticket(m, here)}>${t("copy-ticket")}<//>
		<${Button} icon="print" onClick=${printAll}>${t("print")}<//>
		<${Button} icon="download" onClick=${() => save(m)}>${t("download")}<//></div>`;
}

function Story({ m, who }) {
	const here = whole(link("story", { ...placeOf(m), scope: scope.value }));
	const lifts = m.from && m.ids.connection && m.recipients.some((r) => r.lifts);
	useEffect(() => {
		document.title = `${verdictWord(m.verdict)}: ${m.from ?? ""} · Telltale`;
	}, [m]);
	return html`<article class="story">
		<div class="story-top no-print"><a class="back" href=${lastSearch()}>
			<${Icon} name="back" />${t("back")}</a><${Acts} m=${m} here=${here} /></div>
		<div class="story-in"><div class="story-main">
			<${Head} m=${m} />
			${m.warnings.length > 0 && html`<${Notice} kind="warning" title=${t("warnings")}>
				<ul class="bullets">${m.warnings.map((w, i) =>
				html`<li key=${i}><bdi>${w}</bdi></li>`)}</ul><//>`}
			<${Recipients} m=${m} />
			${lifts && (!isAdmin(who) || scope.value !== "") && html`<p class="story-allow no-print">
				<a class="button" href=${link("refused", { id: m.ids.connection })}>
				<${Icon} name="allow" /><span>${t("allow-sender")}</span></a></p>`}
			<${Timeline} m=${m} />
		</div><aside class="story-side"><${Facts} m=${m} /><${Kin} m=${m} /></aside></div></article>`;
}

export function StoryView({ route, who }) {
	const whose = scope.use();
	const q = question(route.words);
	const known = openedAt(location.hash);
	const ask = (stop) => get("trace", { q, limit: 100, scope: whose }, stop);
	const { data, error, again } = useAnswer(ask, [q, whose]);
	if (error && !known)
		return html`<${Failed} error=${error} again=${again} />`;
	const m = data ? chosen(data.messages, route.words) : known;
	if (m)
		return html`<${Story} m=${m} who=${who} />`;
	if (!data)
		return html`<${Loading} lines=${10} />`;
	if (data.messages.length === 0)
		return html`<${Heading}>${t("no-story")}<//><p>${t("no-story-why")}</p><p>
			<a href=${link("search")}>${t("to-search")}</a></p>`;
	data.messages.forEach(storyLink);
	return html`<${Heading}>${t("several", { n: data.found })}<//><p>${t("several-why")}</p>
		<${Rows} messages=${data.messages} />`;
}
