// overview.js - how much mail came, what became of it and why, how long it took, who wrote most.
import { html, useState } from "./ui.js";
import { t, bytes, count, known, upper } from "./words.js";
import { scope, zone } from "./state.js";
import { get } from "./api.js";
import { go, link } from "./route.js";
import { filter, narrowed } from "./question.js";
import { millis, minute, parts, seconds, shortDay } from "./time.js";
import { Choice, Failed, Heading, Loading, Notice, Told, Verdict, toneOf, useAnswer } from "./parts.js";
import { More, Question, Table } from "./parts.js";
import { Changed, Said, Unusual } from "./change.js";
import { Bars } from "./plot.js";
import { Searched } from "./nothing.js";
import { Zone } from "./rows.js";

const TILES = ["messages", "recipients", "taken", "refused", "put off, not seen again", "returned"];
const PERCENTILES = [["p50_ms", "P50"], ["p90_ms", "P90"], ["p99_ms", "P99"]];
const DAY = 86400;
const PERIODS = {
	day: () => "on:today",
	week: () => 'on:"last week"',
	month: () => filter("after", minute(Date.now() / 1000 - 30 * DAY).slice(0, 10)),
	all: () => "",
	range: (words) => narrowed("", words.get("from") ? filter("after", words.get("from")) : "",
		words.get("to") ? filter("before", dateAfter(words.get("to"), 1)) : ""),
};

function dateAfter(date, days) {
	const at = Date.parse(date) + days * DAY * 1000;
	return Number.isNaN(at) ? date : new Date(at).toISOString().slice(0, 10);
}

const STACK = [["taken", "good-fill"], ["put_off", "later-fill"], ["refused", "bad-fill"], ["returned", "back-fill"],
	["other", "none-fill"]];
const LISTS = [["senders", "sender", "from"], ["recipients", "recipient", "to"], ["sender_domains", "domain", "from"],
	["recipient_domains", "domain", "to"], ["clients", "address", "ip"], ["logins", "login", "login"],
	["ports", "port", "port"]];
const MOST_BARS = 24 * 10;
const YEAR = 330; // days: from here on a date needs its year

/* Several rows are one, where a bar for each would be thinner than a line. */
function thinned(rows) {
	const size = Math.ceil(rows.length / MOST_BARS);
	const sums = ["messages", ...STACK.map(([key]) => key)];
	const made = [];
	rows.forEach((r, i) => {
		if (i % size === 0)
			made.push({ begin: r.begin, ...Object.fromEntries(sums.map((k) => [k, 0])) });
		for (const k of sums)
			made[made.length - 1][k] += r[k];
	});
	return { rows: made, size };
}

/* The hours, or the days (dates of the log's zone) where those are too many; each with the question for its time, until
 * the next one begins. */
function volumeOf(tables) {
	const hours = tables.hours?.rows ?? [];
	const days = tables.days?.rows ?? [];
	const daily = days.length > 1 && (hours.length === 0 || hours.length > MOST_BARS);
	const { rows, size } = thinned(daily ? days : hours);
	const at = (r) => daily ? r.begin : minute(seconds(r.begin));
	const end = (r) => daily ? dateAfter(r.begin, size) : minute(seconds(r.begin) + 3600);
	const until = (i) => i + 1 < rows.length ? at(rows[i + 1]) : end(rows[i]);
	return { daily, long: daily && days.length > YEAR,
		rows: rows.map((r, i) => ({ ...r, time: narrowed(filter("after", at(r)), filter("before", until(i))) })) };
}

function Volume({ tables, q }) {
	const where = zone.use();
	const { rows, daily, long } = volumeOf(tables);
	if (rows.length === 0)
		return null;
	const title = t(daily ? "volume-days" : "volume-hours");
	const date = (row) => daily ? row.begin : parts(row.begin, where).date;
	const day = (row) => long ? date(row) : shortDay(date(row));
	const clock = (row) => daily ? "" : parts(row.begin, where).clock.slice(0, 5);
	const when = (row) => `${day(row)} ${clock(row)}`.trim();
	const short = (row) => daily || clock(row) === "00:00" ? day(row) : clock(row);
	const series = STACK.filter(([key]) => rows.some((r) => r[key] > 0))
		.map(([key, fill]) => ({ key, fill, label: t(`taken-${key}`) }));
	const told = (row) => series.filter((s) => row[s.key] > 0)
		.map((s) => `${count(row[s.key])} ${s.label.toLowerCase()}`).join(", ");
	const bare = q.replace(/\b(on|after|before|since|until):("[^"]*"|\S+)/g, "").trim();
	const asked = (row) => narrowed(bare, row.time);
	const bars = rows.map((row) => ({ n: row, to: link("search", { q: asked(row) }), name: short(row),
		words: `${when(row)}: ${told(row) || t("plot-none")}` }));
	return html`<section class="card"><div class="tools"><h2>${title}</h2>
			${!daily && html`<${Zone} at=${rows[0].begin} />`}</div>
		<${Bars} bars=${bars} series=${series} label=${title} />
		<details class="as-table"><summary>${t("as-table")}</summary>
			<${Table} label=${title} rows=${rows} columns=${[
				[t("begin"), (r) => html`<${Question} q=${asked(r)}>${when(r)}<//>`],
				[t("col-messages"), (r) => count(r.messages), "num"],
				...series.map((s) => [s.label, (r) => count(r[s.key]), "num"]),
			]} /></details></section>`;
}

function Tiles({ tables }) {
	const n = Object.fromEntries((tables.totals?.rows ?? []).map((r) => [r.what, r.count]));
	const tiles = TILES.filter((k) => n[k] !== undefined);
	return html`<dl class="tiles">${tiles.map((k) => html`<div key=${k} class=${`tile tile-${k.split(/\W/)[0]}`}>
		<dt>${t(`tile-${k}`)}</dt><dd>${count(n[k])}</dd></div>`)}
		${n.bytes !== undefined && html`<div class="tile tile-bytes"><dt>${t("tile-bytes")}</dt>
			<dd>${bytes(n.bytes)}</dd></div>`}</dl>`;
}

function percent(n, of) {
	const p = 100 * n / of;
	return p > 0 && p < 1 ? "< 1" : String(Math.round(p));
}

/* A row is a bar of the length of its number, and leads to its messages. */
function BarList({ rows, most, of }) {
	return html`<ol class="bars">${rows.map((r, i) => html`<li key=${i}><a href=${r.to}>
		<span class="bar-name">${r.name}</span><span class="bar-n">
			${r.visits > 0 && html`<span class="faint">${t("and-visits", { n: r.visits })}</span> `}
			${r.messages > 0 && r.messages !== r.n
				&& html`<span class="faint">${t("in-messages", { n: r.messages })}</span> `}
			${count(r.n)}
			${of > 0 && html` <span class="faint share">${t("percent", { n: percent(r.n, of) })}</span>`}</span>
		<span class="bar-line" aria-hidden="true">
			<i class=${`tone-${r.fill ?? "accent"}`}
			style=${{ width: `${Math.max(1, 100 * r.n / most)}%` }}></i></span></a></li>`)}</ol>`;
}

function Outcomes({ tables, q }) {
	const rows = tables.verdicts?.rows ?? [];
	return rows.length > 0 && html`<section class="card"><h2>${t("outcomes")}</h2>
		<${BarList} most=${Math.max(...rows.map((r) => r.recipients))} of=${rows.reduce((n, r) => n + r.recipients, 0)}
			rows=${rows.map((r) => ({
				name: html`<${Verdict} verdict=${r.verdict} />`,
				n: r.recipients,
				messages: r.messages,
				fill: toneOf(r.verdict),
				to: link("search", { q: narrowed(q, filter("verdict", r.verdict)) }),
			}))} /></section>`;
}

function Reasons({ tables, q }) {
	const table = tables.reasons;
	if (!table || table.rows.length === 0)
		return null;
	return html`<section class="card"><h2>${t("reasons")}</h2>
		<${BarList} most=${Math.max(1, ...table.rows.map((r) => r.recipients))} rows=${table.rows.map((r) => ({
			name: html`<bdi>${r.reason}</bdi>`,
			n: r.recipients,
			messages: r.messages,
			visits: r.visits_without_recipient,
			fill: "bad",
			to: link("search", { q: narrowed(q, filter("reason", r.reason)) }),
		}))} /><${More} n=${table.more} /></section>`;
}

function Latencies({ tables }) {
	const rows = (tables.latencies?.rows ?? []).filter((r) => r.port === "all" || r.port === "" || r.port === null);
	const most = Math.max(1, ...rows.map((r) => r.p99_ms));
	return rows.length > 0 && html`<section class="card"><h2>${t("latencies")}</h2>
		<p class="faint">${t("latencies-why")}</p>
		<${Table} label=${t("latencies")} rows=${rows} columns=${[
			[t("col-what"), (r) => known(`latency-${r.what.split(":")[0]}`, r.what)],
			...PERCENTILES.map(([k, name]) => [name, (r) => millis(r[k]), "num"]),
			[t("col-max"), (r) => millis(r.max_ms), "num"],
			[t("col-picture"), (r) => html`<${Percentiles} r=${r} most=${most} />`, "spark"],
		]} /></section>`;
}

/* P50, P90 and P99 on one line; lengths differ so much that it counts in powers of ten. */
function Percentiles({ r, most }) {
	const at = (ms) => `${100 * Math.log10(1 + ms) / Math.log10(1 + most)}%`;
	const longest = [...PERCENTILES].reverse();
	return html`<span class="percentiles" aria-hidden="true">
		${longest.map(([k]) => html`<i key=${k} class=${k} style=${{ width: at(r[k]) }}></i>`)}</span>`;
}

/* The filter that finds the messages of a row: <root> is that whole address; what has no name has none. */
function filterOf(name, by, value) {
	if (value.startsWith("("))
		return undefined;
	if (name.endsWith("domains"))
		return filter(by, `*@${value}`);
	return filter(by, ["from", "to"].includes(by) && !/[@<]/.test(value) ? `<${value}>` : value);
}

function List({ name, key_, by, table, q }) {
	const most = Math.max(...table.rows.map((r) => r.messages));
	const rows = table.rows.map((r) => {
		const only = filterOf(name, by, r[key_]);
		const to = only && link("search", { q: narrowed(q, only) });
		return { name: html`<bdi>${r[key_]}</bdi>`, n: r.messages, to };
	});
	return html`<section class="card"><h2>${t(`list-${name}`)}</h2><${BarList} most=${most} rows=${rows} />
		<${More} n=${table.more} /></section>`;
}

function Lists({ tables, q }) {
	const made = LISTS.filter(([name]) => tables[name]?.rows.length > 0);
	return html`<div class="grid">${made.map(([name, key, by]) => html`<${List} key=${name} name=${name} key_=${key}
		by=${by} table=${tables[name]} q=${q} />`)}</div>`;
}

function Counted({ data, q }) {
	const { tables } = data;
	return html`${data.said.length > 0 && html`<${Notice}><${Said} lines=${data.said} /><//>`}
		<${Tiles} tables=${tables} /><${Volume} tables=${tables} q=${q} />
		<div class="grid"><${Outcomes} tables=${tables} q=${q} /><${Reasons} tables=${tables} q=${q} /></div>
		<${Latencies} tables=${tables} /><${Lists} tables=${tables} q=${q} />`;
}

/* What may be looked at: where it is asked for, and the view of the answer. */
const SHOWN = { numbers: ["stats", Counted], changed: ["stats/changed", Changed], unusual: ["stats/unusual", Unusual] };

function Answer({ answer, q }) {
	const { data, error, loading, again } = answer;
	if (error?.status === 400)
		return html`<${Notice} title=${t("not-understood")}><${Told} text=${upper(error.message)} /><//>`;
	if (error)
		return html`<${Failed} error=${error} again=${again} />`;
	if (!data)
		return html`<${Loading} lines=${10} />`;
	const [, View] = SHOWN[data.show];
	const none = data.show === "numbers" && !(data.tables.totals?.rows.length > 0);
	return html`<div class=${loading ? "stale" : ""} aria-busy=${loading ? "true" : undefined}>
		${none ? html`<p class="empty">${t("overview-none")}</p>` : html`<${View} data=${data} q=${q} />`}
		<${Searched} searched=${data.searched} relative=${data.question?.relative_to} /></div>`;
}

/* From one day to another, the last one too. */
function Range({ words, to }) {
	return html`<div class="range">${["from", "to"].map((k) => html`<label key=${k}>${t(`range-${k}`)}
		<input class="field" type="date" value=${words.get(k) ?? ""}
			onChange=${(e) => to({ [k]: e.target.value })} /></label>`)}</div>`;
}

export function Overview({ route }) {
	const whose = scope.use();
	const { words } = route;
	const asked = words.get("q") ?? "";
	const period = words.get("in") in PERIODS ? words.get("in") : "week";
	const show = words.get("show") in SHOWN ? words.get("show") : "numbers";
	const q = narrowed(asked, PERIODS[period](words));
	const [text, setText] = useState(asked);
	const told = async (stop) => ({ ...await get(SHOWN[show][0], { q, top: 10, scope: whose }, stop), show });
	const answer = useAnswer(told, [show, q, whose]);
	const to = (more) => go(link("overview", { ...Object.fromEntries(words), ...more }));
	const ask = (e) => {
		e.preventDefault();
		to({ q: text.trim() });
	};
	return html`<div class="tools"><${Heading}>${t("overview-title")}<//>
			<${Choice} name="show" label=${t("show")} value=${show} onChange=${(v) => to({ show: v })}
				options=${Object.keys(SHOWN).map((k) => [k, t(`show-${k}`)])} /></div>
		<div class="tools"><${Choice} name="period" label=${t("period")} value=${period}
				onChange=${(v) => to({ in: v })}
				options=${Object.keys(PERIODS).map((k) => [k, t(`period-${k}`)])} />
			${period === "range" && html`<${Range} words=${words} to=${to} />`}</div>
		<form class="bar" onSubmit=${ask}><label class="out" for="question">${t("overview-filter")}</label>
			<input id="question" class="field" type="search" value=${text} placeholder=${t("overview-hint")}
				autocomplete="off" spellcheck=${false} onInput=${(e) => setText(e.target.value)} />
			<button class="button" type="submit">${t("overview-ask")}</button></form>
		<${Answer} answer=${answer} q=${q} />`;
}
