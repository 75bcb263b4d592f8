// nothing.js - the honest no: what was searched, what stands near it, what to ask the sender for.
import { html } from "./ui.js";
import { isAdmin, me } from "./state.js";
import { t, bytes, known } from "./words.js";
import { link } from "./route.js";
import { chips, compose, filter } from "./question.js";
import { parts } from "./time.js";
import { Icon } from "./icons.js";
import { Address, Time, Verdict } from "./parts.js";

/* How many letters must change to make one of the other. */
function distance(a, b) {
	let row = Array.from({ length: b.length + 1 }, (_, i) => i);
	for (let i = 1; i <= a.length; i++) {
		const next = [i];
		for (let k = 1; k <= b.length; k++)
			next[k] = Math.min(next[k - 1] + 1, row[k] + 1, row[k - 1] + (a[i - 1] === b[k - 1] ? 0 : 1));
		row = next;
	}
	return row[b.length];
}

/* The question with the near address in place of the one that it is nearest to. */
function corrected(asked, near) {
	const list = chips(asked);
	let best = -1;
	let least = Infinity;
	list.forEach((c, i) => {
		const fits = ["from", "to", "any"].includes(c.name);
		const d = fits ? distance(c.value.slice(0, 200), near.slice(0, 200)) : Infinity;
		if (d < least)
			[least, best] = [d, i];
	});
	if (best < 0)
		return `any:${near}`;
	return compose(list.map((c, i) => i === best ? { name: c.name, value: near } : c));
}

function Near({ data }) {
	if (data.nearest.length === 0)
		return null;
	return html`<section class="card"><h2>${t("near")}</h2><p>${t("near-why")}</p>
		<ul class="chips">${data.nearest.map((n) => html`<li key=${n}>
			<a class="chip strong" href=${link("search", { q: corrected(data.question, n) })}>
			<${Icon} name="search" /><bdi>${n}</bdi></a></li>`)}</ul></section>`;
}

function Parts({ data }) {
	const list = chips(data.question);
	if (list.length < 2)
		return null;
	return html`<section class="card"><h2>${t("one-by-one")}</h2><p>${t("one-by-one-why")}</p>
		<ul class="chips">${list.map((c, i) => html`<li key=${i}>
			<a class="chip" href=${link("search", { q: compose([c]) })}>
			<span class="chip-name">${known(`filter-${c.name}`, c.name)}</span>
				<bdi>${c.value}</bdi></a></li>`)}</ul></section>`;
}

function Call({ c }) {
	const q = c.connection ? filter("id", `connection ${c.connection}`) : filter("ip", c.ip);
	return html`<li class="call"><a href=${link("search", { q })}><${Time} at=${c.time} day /></a>
		<${Address} value=${c.ip} />${c.rdns && html`<bdi class="faint">${c.rdns}</bdi>`}
		<${Verdict} verdict=${c.verdict} /></li>`;
}

function Calls({ calls }) {
	return calls.length > 0 && html`<section class="card"><h2>${t("calls")}</h2><p>${t("calls-why")}</p>
		<ul class="plain-list">${calls.map((c, i) => html`<${Call} key=${i} c=${c} />`)}</ul></section>`;
}

function Files({ list }) {
	return html`<ul class="plain-list mono">${list.map((f) => html`<li key=${f}><bdi>${f}</bdi></li>`)}</ul>`;
}

export function Searched({ searched, relative }) {
	if (!searched)
		return null;
	const total = searched.details?.reduce((n, f) => n + (f.bytes ?? 0), 0) ?? 0;
	const unread = searched.unreadable;
	return html`<details class="searched"><summary>
			<span>${t("searched", { n: searched.files.length, lines: searched.lines })}</span>
			${searched.from && html`<span>${t("searched-from")} <${Time} at=${searched.from} day />
				${" "}${t("until")} <${Time} at=${searched.to} day /></span>`}
			${unread > 0 && html`<strong>${t("unreadable", { n: unread })}</strong>`}</summary>
		${!isAdmin(me.value) && html`<p>${t("searched-masked")}</p>`}
		${relative && html`<p>${t(relative === "now" ? "relative-now" : "relative-logs")}</p>`}
		${total > 0 && html`<p>${t("searched-bytes", { bytes: bytes(total) })}</p>`}
		<${Files} list=${searched.files} />
		${searched.skipped.length > 0 && html`<p>${t("skipped")}</p><${Files} list=${searched.skipped} />`}
	</details>`;
}

/* Does the time asked for lie where there are logs at all? */
function covered({ question, searched, erased }) {
	if (!searched.from)
		return "no-logs";
	const since = question.since ?? "";
	const until = question.until ?? "";
	const ms = (iso) => Date.parse(iso);
	if ((until !== "" && ms(until) <= ms(searched.from)) || (since !== "" && ms(since) > ms(searched.to)))
		return "outside-logs";
	return erased ? "not-found-erased" : "not-found-why";
}

export function Nothing({ data }) {
	const from = parts(data.searched.from, "log");
	return html`<div class="nothing"><h2>${t("not-found")}</h2>
		${data.erased?.map((x) => html`<p key=${x.address}>${t("erased", { address: x.address, day: x.on })}</p>`)}
		<p>${t(covered(data))}</p>
		${from && html`<p class="faint">${t("logs-begin")} <${Time} at=${data.searched.from} day zoned />,
			${" "}${t("logs-end")} <${Time} at=${data.searched.to} day zoned />.</p>`}</div>
		<${Near} data=${data} /><${Parts} data=${data} /><${Calls} calls=${data.connections} />
		<section class="card"><h2>${t("ask-sender")}</h2><ul class="bullets">
			<li>${t("ask-sender-address")}</li><li>${t("ask-sender-time")}</li>
				<li>${t("ask-sender-bounce")}</li></ul>
			<p><a href=${link("explain")}>${t("paste-bounce")}</a></p></section>
		<${Searched} searched=${data.searched} relative=${data.question?.relative_to} />`;
}
