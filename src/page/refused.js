// refused.js - what was refused for this mailbox or domain, why, and the way to let a sender in.
import { html, useEffect, useRef, useState } from "./ui.js";
import { t } from "./words.js";
import { isAdmin, say, scope, zone } from "./state.js";
import { get } from "./api.js";
import { go, link } from "./route.js";
import { longDay, parts } from "./time.js";
import { filter } from "./question.js";
import { Address, Button, Choice, Failed, Heading, Loading, Time, Verdict, useAnswer } from "./parts.js";
import { Allow, Allowed, domainOf, isOn, useLists } from "./allow.js";

/* What an allow can do about it, where there is a list: lists are the answers of api/allow by their scope. Without a
   scope an administrator has none: he is led to the domain's. */
function Act({ row, onAllow, whose, lists }) {
	const domain = domainOf(row.recipient ?? "").toLowerCase();
	const list = lists.get(whose ?? domain);
	if (!row.allow || !list)
		return null;
	if (list.rows.some((a) => isOn(a.sender, row.from)))
		return html`<span class="faint">${t("allow-already")}</span>`;
	if (whose === null)
		return html`<a href=${link("refused", { scope: domain, id: row.id })}>${t("allow-choose", { domain })}</a>`;
	return html`<${Button} icon="allow" onClick=${() => onAllow(row)}
		aria-label=${t("allow-label", { sender: row.from })}>${t("allow-sender")}<//>`;
}

/* What comes first is why; the number of the answer, and what to do about it, is for who wants to know more. */
function More({ row }) {
	const end = row.sentence.indexOf(". ");
	const rest = end < 0 ? "" : row.sentence.slice(end + 2);
	return html`<p><bdi>${end < 0 ? row.sentence : row.sentence.slice(0, end + 1)}</bdi></p>
		<details class="fold"><summary>${t("refused-more")}</summary>
			<ul>${row.advice.map((a, i) => html`<li key=${i}>
				<span class=${`who who-${a.who}`}>${t(`who-${a.who}`)}</span> <bdi>${a.what}</bdi></li>`)}</ul>
			${rest && html`<p class="faint"><bdi>${rest}</bdi></p>`}
			${row.reply && html`<p class="faint mono"><bdi>${row.reply}</bdi></p>`}</details>`;
}

function Row({ row, ...rest }) {
	const story = row.id && link("search", { q: filter("id", `connection ${row.id}`) });
	return html`<li class="refused-row"><div class="refused-when"><${Time} at=${row.time} /></div>
		<div class="refused-what"><p class="refused-who"><${Verdict} verdict=${row.verdict} />${" "}
				${row.from === "" ? html`<span>${t("no-sender")}</span>` : html`<${Address} value=${row.from} />`}
				${" "}<span class="faint">${t("to")}</span> <${Address} value=${row.recipient} /></p>
			<${More} row=${row} />
			<p class="faint refused-facts">${row.name && html`<bdi>${row.name}</bdi>`}<bdi>${row.client}</bdi>
				${story && html`<a href=${story}>${t("refused-story")}</a>`}
				${row.why && html`<a href=${row.why}>${t("refused-why")}</a>`}</p></div>
		<div class="refused-act"><${Act} row=${row} ...${rest} /></div></li>`;
}

function List({ rows, ...rest }) {
	const where = zone.use();
	const days = Map.groupBy(rows, (r) => parts(r.time, where)?.date ?? "");
	return [...days].map(([date, list]) => html`<section key=${date} class="day">
		<h2 class="day-name">${date === "" ? t("no-time") : longDay(date)}</h2>
		<ol class="rows">${list.map((row, i) => html`
			<${Row} key=${i} row=${row} ...${rest} />`)}</ol></section>`);
}

function Answer({ answer, lists, ...rest }) {
	const { data, again } = answer;
	const error = answer.error ?? lists.error;
	if (error)
		return html`<${Failed} error=${error} again=${again} />`;
	if (!data || !lists.data)
		return html`<${Loading} />`;
	if (data.rows.length === 0)
		return html`<p class="empty">${t("refused-none")}</p>`;
	return html`<${List} rows=${data.rows} lists=${lists.data} ...${rest} />
		${data.limited && html`<p class="faint more-rows">${t("refused-limited")}</p>`}`;
}

export function Refused({ route, who }) {
	const seen = scope.use();
	const whose = isAdmin(who) && seen === "" ? null : seen; // null: of all, who have no common list
	const [days, setDays] = useState("7");
	const [which, setWhich] = useState("all");
	const [asked, ask] = useState(null);
	const question = { scope: whose, days, allow: which === "lifts" };
	const answer = useAnswer((stop) => get("refused", question, stop), [whose, days, which]);
	const { data } = answer;
	const lists = useLists(whose, data?.rows);
	const wanted = route.words.get("id"); // of a connection: the way here was by its story
	const opened = useRef(null); // asked for once: rows that come later do not open again what was closed
	useEffect(() => {
		const row = data?.rows.find((r) => String(r.id) === wanted && r.allow) ?? null;
		if (wanted === opened.current || (wanted !== null && row === null))
			return;
		opened.current = wanted;
		ask(row);
	}, [data, wanted]);
	const close = () => {
		ask(null);
		if (wanted)
			go(link("refused"), { instead: true });
	};
	const done = (what) => {
		close();
		lists.again();
		say(t("allow-done", { sender: what }));
	};
	const list = whose === null ? null : lists.data?.get(whose);
	return html`<div class="tools"><${Heading}>${t(`refused-title-${who.role}`)}<//>
			<div class="choices"><${Choice} name="which" label=${t("refused-which")} value=${which} onChange=${setWhich}
				options=${["all", "lifts"].map((w) => [w, t(`refused-${w}`)])} />
			<${Choice} name="days" label=${t("refused-days")} value=${days} onChange=${setDays}
				options=${["1", "7", "30"].map((n) => [n, t("days", { n: Number(n) })])} /></div></div>
		<p class="lead">${t("refused-lead")}${whose !== null && html` ${t("refused-masks")}`}</p>
		${list && html`<${Allowed} data=${list} changed=${lists.again} />`}
		<${Answer} answer=${answer} onAllow=${ask} whose=${whose} lists=${lists} />
		${asked && list && html`<${Allow} row=${asked} whose=${list.scope} onClose=${close}
			onDone=${done} />`}`;
}
