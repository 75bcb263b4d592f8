// rows.js - messages as rows, by day: time, from, to, verdict, one sentence.
import { html } from "./ui.js";
import { t, bytes } from "./words.js";
import { rows, zone } from "./state.js";
import { differs, longDay, parts, readersZone } from "./time.js";
import { link } from "./route.js";
import { toggle } from "./question.js";
import { Icon } from "./icons.js";
import { Address, Choice, Time, Verdict, isGood, toneOf, verdictWord } from "./parts.js";

/* The place of a message: an id that only it has, and where several share one, what tells it apart. */
export function placeOf(m) {
	const ids = m.ids ?? {};
	const words = { at: m.time };
	if (ids.qp)
		words.id = `qp ${ids.qp}`;
	else if (ids.queue)
		words.id = ids.queue;
	else if (ids.connection)
		words.id = `connection ${ids.connection}`;
	else if (ids.deliveries?.length > 0)
		words.id = `delivery ${ids.deliveries[0]}`;
	if (!ids.qp) {
		words.from = m.from === "" ? "<>" : m.from;
		words.to = m.recipients[0]?.address;
	}
	words.line = m.timeline[0]?.evidence.line;
	return words;
}

const opened = new Map(); // places of rows that were shown -> their messages

export function openedAt(to) {
	return opened.get(to);
}

export function storyLink(m) {
	const to = link("story", placeOf(m));
	if (opened.size > 2000)
		opened.clear();
	opened.set(to, m);
	return to;
}

/* "2 delivered, 1 refused" */
export function counts(recipients) {
	const n = new Map();
	for (const x of recipients)
		n.set(x.verdict, (n.get(x.verdict) ?? 0) + 1);
	return [...n].map(([v, k]) => t("so-many", { n: k, verdict: verdictWord(v).toLowerCase() })).join(", ");
}

/* One sentence for a message: of its only recipient, or how many fared how. */
export function sentence(m) {
	const r = m.recipients;
	if (r.length === 0)
		return t("no-recipient");
	const first = r.find((x) => x.verdict === m.verdict) ?? r.find((x) => !isGood(x.verdict)) ?? r[0];
	const words = first.summary.replace(/^(Delivered|Forwarded|Refused|Returned|Discarded): /, "");
	const plain = words[0].toUpperCase() + words.slice(1);
	if (r.length === 1 || m.verdict !== "mixed")
		return plain;
	return `${counts(r)}. ${plain}`;
}

export function To({ recipients }) {
	if (recipients.length === 0)
		return html`<span class="faint">${t("nobody")}</span>`;
	return html`<${Address} value=${recipients[0].address} />${recipients.length > 1
		&& html`<span class="faint"> ${t("and-more", { n: recipients.length - 1 })}</span>`}`;
}

/* fresh: how often it changed while the reader looked on; extra: what stands below it. */
export function Row({ m, fresh, extra }) {
	return html`<li class=${fresh ? "fresh" : undefined}>
		<a class=${`row edge-${toneOf(m.verdict)}`} href=${storyLink(m)}>
		<span class="row-time"><${Time} at=${m.time} /></span>
		<span class="row-verdict"><${Verdict} verdict=${m.verdict} /></span>
		<span class="row-who"><span class="out">${t("from")} </span><span class="row-from">
			<${Address} value=${m.from} /></span>
			<span class="row-arrow"><${Icon} name="relayed" /><span class="out"> ${t("to")} </span></span>
			<span class="row-to"><${To} recipients=${m.recipients} /></span></span>
		<span class="row-said"><bdi>${sentence(m)}</bdi></span>
		<span class="row-size">${m.size === null ? "" : bytes(m.size)}</span>
	</a>${extra}</li>`;
}

export function Rows({ messages }) {
	const dense = rows.use() === "dense";
	const where = zone.use();
	const days = [];
	for (const m of messages) {
		const date = parts(m.time, where)?.date ?? "";
		if (days.length === 0 || days[days.length - 1].date !== date)
			days.push({ date, list: [] });
		days[days.length - 1].list.push(m);
	}
	return days.map((d, i) => html`<section key=${`${d.date} ${i}`} class=${`day${dense ? " dense" : ""}`}>
		<h2 class="day-name">${d.date === "" ? t("no-time") : longDay(d.date)}</h2>
		<ol class="rows">${d.list.map((m, k) => html`<${Row} key=${k} m=${m} />`)}</ol></section>`);
}

/* Which zone the times are in, and the other one. */
export function Zone({ at }) {
	const where = zone.use();
	if (!differs(at))
		return html`<span class="faint">${t("times-in", { zone: parts(at, "log")?.zone ?? "" })}</span>`;
	return html`<${Choice} name="zone-here" label=${t("times")} value=${where} onChange=${(v) => zone.set(v)}
		options=${[["log", t("zone-log-is", { zone: parts(at, "log").zone })],
			["mine", t("zone-mine", { zone: readersZone })]]} />`;
}

/* What is above the rows: how many, the reasons to narrow by, the zone. */
export function Tools({ title, messages, reasons = [], of, q }) {
	return html`<div class="tools"><h2>${title}</h2><${Zone} at=${messages[0]?.time} /></div>
		${q !== "" && reasons.length > 1 && html`<ul class="chips reasons" aria-label=${t("by-reason")}>
			${of !== undefined && html`<li class="faint">${t("of-newest", { n: of })}</li>`}
			${reasons.slice(0, 6).map((r) => {
				const word = r.reason.replace(/^[a-z ]+: /, ""); // without who says it
				return html`<li key=${r.reason}>
					<a class="chip" href=${link("search", { q: toggle(q, "reason", r.ask) })}>
					<bdi>${word}</bdi><span class="chip-n">${r.count}</span></a></li>`;
			})}</ul>`}`;
}
