// change.js - since when mail is refused and what is different since; who sends far more than usual.
import { html } from "./ui.js";
import { t, count, known } from "./words.js";
import { filter, narrowed } from "./question.js";
import { minute, seconds } from "./time.js";
import { More, Question, Table, Time, Told } from "./parts.js";

function Sheet({ title, columns, rows, more }) {
	return html`<section class="card"><h2>${title}</h2><${Table} label=${title} rows=${rows}
		columns=${columns.map(([name, cell, kind]) => [t(name), cell, kind])} /><${More} n=${more} /></section>`;
}


export function Said({ lines }) {
	return lines.map((s, i) => html`<p key=${i}><${Told} text=${s} /></p>`);
}

function orNone(n) {
	return n === null ? "-" : count(n);
}

function share(n, of) {
	return of > 0 ? t("n-of", { n: count(n), of: count(of) }) : "-";
}

function DifferenceTable({ table }) {
	return html`<${Sheet} title=${t("differences")} rows=${table.rows} columns=${[
		["col-of-mail", (r) => r.what],
		["col-before", (r) => share(r.before, r.before_of), "num"],
		["col-since", (r) => share(r.since, r.since_of), "num"],
	]} />`;
}

function ReasonTable({ table, q }) {
	return html`<${Sheet} title=${t("reasons")} rows=${table.rows} more=${table.more} columns=${[
		["col-reason", (r) => html`<${Question} q=${narrowed(q, filter("reason", r.reason))}><bdi>${r.reason}</bdi><//>
			<span class="hint">${r.meaning}</span>`],
		["col-before", (r) => orNone(r.before), "num"],
		["col-since", (r) => count(r.since), "num"],
		["col-first", (r) => html`<${Time} at=${r.first} day />`],
	]} />`;
}

function ClientTable({ table, q }) {
	return html`<${Sheet} title=${t("list-clients")} rows=${table.rows} more=${table.more} columns=${[
		["col-address", (r) => html`
			<${Question} q=${narrowed(q, filter("ip", r.address))}><bdi>${r.address}</bdi><//>`],
		["col-before", (r) => orNone(r.before), "num"],
		["col-since", (r) => count(r.since), "num"],
		["col-since-refused", (r) => count(r.since_refused), "num"],
		["col-first", (r) => html`<${Time} at=${r.first} day />`],
	]} />`;
}

const CHANGED = [["differences", DifferenceTable], ["reasons", ReasonTable], ["clients", ClientTable]];

export function Changed({ data, q }) {
	const made = CHANGED.filter(([name]) => data.tables[name]?.rows.length > 0);
	return html`<section class="card"><h2>${t("show-changed")}</h2><${Said} lines=${data.said} /></section>
		${made.map(([name, View]) => html`<${View} key=${name} table=${data.tables[name]} q=${q} />`)}`;
}

/* The messages of these hours. */
function burst(r) {
	const begin = seconds(r.begin);
	return [filter(r.kind === "login" ? "login" : "from", r.who), filter("after", minute(begin)),
		filter("before", minute(begin + r.hours * 3600))].join(" ");
}

export function Unusual({ data }) {
	const { rows, more } = data.tables.unusual;
	if (rows.length === 0)
		return html`<section class="card"><h2>${t(data.said.length > 0 ? "show-unusual" : "unusual-none")}</h2>
			<${Said} lines=${data.said} /><p>${t("unusual-rule")}</p></section>`;
	return html`<section class="card"><h2>${t("show-unusual")}</h2><${Said} lines=${data.said} />
			<p class="faint">${t("unusual-rule")}</p></section>
		<${Sheet} title=${t("bursts")} rows=${rows} more=${more} columns=${[
			["col-who", (r) => html`<${Question} q=${burst(r)}><bdi>${r.who}</bdi><//>
				<span class="hint">${known(`kind-of-${r.kind}`, r.kind)}</span>`],
			["begin", (r) => html`<${Time} at=${r.begin} day />`],
			["tile-recipients", (r) => count(r.recipients), "num"],
			["col-usual", (r) => orNone(r.usual), "num"],
			["col-new-networks", (r) => orNone(r.new_networks), "num"],
			["col-first-odd", (r) => r.first_odd && html`<${Time} at=${r.first_odd} day />
				${" "}${r.id ? html`<${Question} q=${r.id}><bdi>${r.first_odd_address}</bdi><//>`
					: html`<bdi>${r.first_odd_address}</bdi>`}`],
		]} />`;
}
